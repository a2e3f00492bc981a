#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_os_version_info
short_description: Read which versions of balenaOS there are
version_added: 1.0.0
description:
  - Returns the versions of balenaOS that devices of some types can be provisioned with or updated to, the highest
    first.
  - Two requests, whatever the number of device types; with O(update_from) one more for each.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.reading
options:
  device_types:
    description: Device types by slug or alias.
    type: list
    elements: str
    required: true
  version:
    description: Only this version, or the versions of a range such as V(^2.100) or V(>=5.0.0).
    type: str
  update_from:
    description: Only versions that a device with this version of balenaOS can be updated to.
    type: str
  os_type:
    description: Only versions for everybody, or only versions with extended support.
    type: str
    choices: [default, esr]
  recommended:
    description: Only the recommended version of each OS type.
    type: bool
    default: false
  drafts:
    description: Also versions that are not final.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: The version that new devices should get
  community.balena.balena_os_version_info:
    device_types: [raspberrypi4-64, nuc]
    recommended: true
  register: recommended

- name: What devices with an old version can be updated to
  community.balena.balena_os_version_info:
    device_types: [raspberrypi4-64]
    update_from: 2.112.12
    version: ">=5.0.0"
    query: "os_versions[].version"
  register: targets
"""

RETURN = r"""
os_versions:
  description: The versions, by device type in the order of O(device_types), the highest first.
  returned: success, without O(query)
  type: list
  elements: dict
  sample:
    - device_type: raspberrypi4-64
      version: 6.0.41
      release_id: 12
      variant: ""
      os_type: default
      line: null
      recommended: true
      known_issues: null
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [6.0.41, 5.3.27]
"""

from ..module_utils.domain.host_os.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import READ_MORE, Options

OPTIONS = Options(
    argument_spec={
        **READ_MORE,
        "device_types": {"type": "list", "elements": "str", "required": True},
        "version": {"type": "str"},
        "update_from": {"type": "str"},
        "os_type": {"type": "str", "choices": ["default", "esr"]},
        "recommended": {"type": "bool", "default": False},
        "drafts": {"type": "bool", "default": False},
    },
    never_empty=("version", "update_from"),
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
