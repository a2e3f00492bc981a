#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_account_info
short_description: Read whose token is used, and the organizations and SSH keys of the user
version_added: 1.0.0
description:
  - Returns who O(api_token) belongs to. Of a user also the organizations that the token can see, and the SSH keys.
  - Makes three requests at most. O(fields) and O(expand) are about the organizations.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.reading
"""

EXAMPLES = r"""
- name: Who am I
  community.balena.balena_account_info:
  register: me

- name: Stop unless the token belongs to the right organization
  community.balena.balena_account_info:
    query: "contains(account.organizations[].handle, 'acme')"
  register: of_acme
  failed_when: not of_acme.result
"""

RETURN = r"""
account:
  description:
    - Who the token belongs to. The type is V(user), V(application) or V(device).
    - An application has a slug, a device a uuid, a user a name and an e-mail address.
  returned: success, without O(query)
  type: dict
  sample:
    type: user
    id: 2
    actor: 2
    username: admin
    email: admin@example.com
    slug: null
    uuid: null
    organizations:
      - {id: 1, name: Acme, handle: acme}
    ssh_keys:
      - {id: 4, title: laptop, public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKr1 admin@example.com}
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: true
"""

from ..module_utils.domain.keys.account_info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import READ_MORE, Options

OPTIONS = Options(
    argument_spec={
        **READ_MORE,
    },
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
