#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_device_type_info
short_description: Read which device types balena knows
version_added: 1.0.0
description:
  - Returns device types, in one request.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.reading
options:
  device_types:
    description: Only these device types, by slug or alias. One that does not exist is an error.
    type: list
    elements: str
  architecture:
    description: Only device types of this CPU architecture, such as V(aarch64).
    type: str
  supported:
    description: Only device types that balenaOS was released for.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Everything that runs containers for 64 bit ARM, and has an OS
  community.balena.balena_device_type_info:
    architecture: aarch64
    supported: true

- name: The slug of a device type by an alias
  community.balena.balena_device_type_info:
    device_types: [nuc]
    query: "device_types[0].slug"
  register: slug
"""

RETURN = r"""
device_types:
  description: The device types, ordered by slug.
  returned: success, without O(query)
  type: list
  elements: dict
  sample:
    - id: 3
      slug: intel-nuc
      name: Intel NUC
      aliases: [nuc]
      architecture: amd64
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: intel-nuc
"""

from ..module_utils.domain.devices.types_info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import READ_MORE, Options

OPTIONS = Options(
    argument_spec={
        **READ_MORE,
        "device_types": {"type": "list", "elements": "str"},
        "architecture": {"type": "str"},
        "supported": {"type": "bool", "default": False},
    },
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
