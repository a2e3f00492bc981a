#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_device_log_info
short_description: Read what balena devices logged
version_added: 1.0.0
description:
  - Returns the last lines that the containers and the supervisor of each device wrote. The API keeps about 1000
    lines.
  - The API has no bulk read of logs. So there is one request for each device, at most O(max_connections) at once.
  - Lines may hold what the services print, secrets included. Use C(no_log) where that matters.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.devices
  - community.balena.reading.query
options:
  count:
    description: At most this many lines of each device, the last ones, from 1 to 1000.
    type: int
    default: 100
  since:
    description: Only lines after this date and time in ISO 8601; UTC if it has no zone.
    type: str
  service:
    description: Only lines of this service.
    type: str
"""

EXAMPLES = r"""
- name: What a device said lately
  community.balena.balena_device_log_info:
    devices: [kitchen]
    application: acme/kiosk
    count: 20
  register: log

- name: What a service wrote to its error output, on all devices
  community.balena.balena_device_log_info:
    application: acme/kiosk
    service: web
    since: "2026-01-01"
    query: "logs[].{device: name, errors: lines[?is_error].message}"
"""

RETURN = r"""
logs:
  description: The log of each device, ordered by uuid; its lines in the order in which they came.
  returned: success, without O(query)
  type: list
  elements: dict
  sample:
    - uuid: dc936cb31240db6564e30b516ef3ab28
      name: kitchen
      lines:
        - timestamp: "2026-11-21T21:59:27.914Z"
          message: listening on port 80
          service: web
          is_system: false
          is_error: false
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [{device: kitchen, errors: [connection refused]}]
"""

from ..module_utils.domain.devices.logs_info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import DEVICE_SELECTOR, QUERY, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **QUERY,
        "count": {"type": "int", "default": 100},
        "since": {"type": "str"},
        "service": {"type": "str"},
    },
    never_empty=("since",),
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
