#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_api_key_info
short_description: Read which API keys there are
version_added: 1.0.0
description:
  - Returns the API keys of the user, of an application (its provisioning keys) or of devices, without their values,
    which the API tells only when a key is made.
  - An openBalena server does not list the keys of applications and devices, even if there are some.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.devices
  - community.balena.reading
options:
  scope:
    description: Whose keys. That of the user of O(api_token), of O(application), or of devices.
    type: str
    choices: [user, application, fleet, device]
    default: user
  name:
    description: Only keys of this name.
    type: str
"""

EXAMPLES = r"""
- name: Which keys I have, and until when they are valid
  community.balena.balena_api_key_info:
    query: "api_keys[].[name, expires]"
  register: keys

- name: The keys with which devices can be provisioned
  community.balena.balena_api_key_info:
    scope: application
    application: acme/kiosk
"""

RETURN = r"""
api_keys:
  description: The keys, by what they belong to, the newest first.
  returned: success, without O(query)
  type: list
  elements: dict
  sample:
    - of: admin
      id: 2
      name: ci
      description: Used by the pipeline
      expires: "2027-01-01T00:00:00.000Z"
      created_at: "2026-11-21T21:58:44.885Z"
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [[ci, "2027-01-01T00:00:00.000Z"]]
"""

from ..module_utils.domain.keys.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import DEVICE_SELECTOR, READ_MORE, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **READ_MORE,
        "scope": {"type": "str", "choices": ["user", "application", "fleet", "device"], "default": "user"},
        "name": {"type": "str"},
    },
    never_empty=("name",),
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
