#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_organization_info
short_description: Read organizations of balenaCloud with their members, invitations and teams
version_added: 2.0.0
description:
  - Returns the organizations that the token can see, with the roles of their members, those who are invited, and
    their teams with members and applications. Makes five requests at most.
  - Only on balenaCloud.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.reading.query
options:
  organization:
    description: Handle of one organization.
    type: str
"""

EXAMPLES = r"""
- name: Who may do what
  community.balena.balena_organization_info:
  register: access

- name: Who has not accepted the invitation to an organization yet
  community.balena.balena_organization_info:
    organization: acme
    query: keys(organizations[0].pending)
  register: invited
"""

RETURN = r"""
organizations:
  description: The organizations, by handle.
  returned: success, without O(query)
  type: list
  elements: dict
  sample:
    - id: 7
      handle: acme
      name: Acme
      application_count: 2
      members: {admin: administrator, ana: member}
      pending: {ben@example.com: member}
      teams:
        - {id: 3, name: night shift, members: [ana], access: {acme/kiosk: observer}}
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [ben@example.com]
"""

from ..module_utils.domain.access.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import QUERY, Options

OPTIONS = Options(argument_spec={"organization": {"type": "str"}, **QUERY})


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
