#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_device_info
short_description: Read balena devices
version_added: 1.0.0
description:
  - Returns devices with their identity, fleet, type, state, versions, releases, addresses, place and tags.
  - All devices are read in one request, whatever their number; an application that is named costs one more.
  - Without O(devices) and O(application), all devices that the token can see are meant.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.devices
  - community.balena.reading
options:
  services:
    description: Also return RV(devices[].services), the containers of each device by service.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Where the devices of a site are
  community.balena.balena_device_info:
    application: acme/kiosk
    with_tags:
      site: berlin
  register: berlin

- name: One device with its containers, its memory, and its own variables
  community.balena.balena_device_info:
    devices: [kitchen]
    application: acme/kiosk
    services: true
    fields: [memory_usage, memory_total]
    expand:
      device_environment_variable:
        $select: [name]

- name: Which devices do not run what they should
  community.balena.balena_device_info:
    application: acme/kiosk
    query: "devices[?release_id != target_release_id].name"
  register: behind
"""

RETURN = r"""
devices:
  description:
    - The devices, ordered by uuid. The inventory plugin has the same facts as variables of its hosts.
    - The position is a user's where one has set it, else the one that the API found out; only balenaCloud has one.
    - The facts of the application and its organization are null if the token may not see them.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    services:
      description: The containers of the device by service.
      returned: with O(services)
      type: dict
      sample:
        web:
          status: Running
          download_progress: null
          image: registry2.balena-cloud.com/v2/db5097f5fb0d4c8092435608c602a87b
          image_id: 17
          release_id: 15
          release_commit: e0875b6dcec1b5b07251077e838daae5b7b5a94c
          release_version: 1.2.0
  sample:
    - id: 1
      uuid: dc936cb31240db6564e30b516ef3ab28
      name: kitchen
      note: null
      status: Idle
      overall_status: operational
      overall_progress: null
      api_heartbeat_state: online
      is_online: true
      is_connected_to_vpn: true
      os_version: balenaOS 6.0.41
      os_variant: prod
      supervisor_version: 17.0.3
      last_connectivity_event: "2026-11-21T21:59:52.921Z"
      created_at: "2026-11-21T21:59:52.943Z"
      location: null
      latitude: 52.52415
      longitude: 13.41243
      ip_addresses: [10.0.0.1]
      mac_addresses: ["DC:A6:32:0D:F6:51"]
      public_address: 203.0.113.1
      tags: {role: gateway, site: berlin}
      is_pinned: false
      application: acme/kiosk
      application_id: 6
      application_name: kiosk
      organization: acme
      device_type: raspberrypi4-64
      device_type_name: Raspberry Pi 4 (using 64bit OS)
      cpu_architecture: aarch64
      release_id: 15
      release_commit: e0875b6dcec1b5b07251077e838daae5b7b5a94c
      release_version: 1.2.0
      target_release_id: 15
      target_release_commit: e0875b6dcec1b5b07251077e838daae5b7b5a94c
      target_release_version: 1.2.0
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [kitchen]
"""

from ..module_utils.domain.devices.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import DEVICE_SELECTOR, READ_MORE, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **READ_MORE,
        "services": {"type": "bool", "default": False},
    },
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
