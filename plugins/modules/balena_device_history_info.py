#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_device_history_info
short_description: Read what happened to balena devices
version_added: 2.0.0
description:
  - Returns what happened to devices in a period, and who did it. Devices were registered, moved, pinned to another
    release, updated or removed.
  - Only balenaCloud keeps a history of devices. An openBalena server does not.
  - Without O(devices) and other options that choose among devices, the history of O(application) includes devices that
    have left it or have been removed. It takes a constant number of requests. Devices that are named or chosen take one
    request for each 50 of them.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.devices
  - community.balena.reading.query
options:
  since:
    description:
      - The beginning of the period, as a date and time in ISO 8601; UTC if it has no zone.
      - Without it, the period begins seven days before its end.
    type: str
  until:
    description: The end of the period, as a date and time in ISO 8601; UTC if it has no zone. Without it, now.
    type: str
notes:
  - A device that has been removed can be named in O(devices) by its whole uuid.
  - A device that went to an application that the token may not see looks as if it was removed, and one that came from
    there as if it was registered.
seealso:
  - module: community.balena.balena_device_info
  - module: community.balena.balena_device_log_info
"""

EXAMPLES = r"""
- name: What happened to the fleet in the last seven days
  community.balena.balena_device_history_info:
    application: acme/kiosk
  register: week

- name: Who gave devices another release to run in January
  community.balena.balena_device_history_info:
    application: acme/kiosk
    since: "2026-01-01"
    until: "2026-02-01"
    query: "history[?what == 'changed' && after.target_release].{who: by.name, device: name, when: at}"

- name: Who removed a device
  community.balena.balena_device_history_info:
    devices: [7cf02a687b74206f92cb455969cf8e98]
    since: "2026-01-01"
    query: "history[?what == 'removed'].by"
"""

RETURN = r"""
history:
  description: What happened, in the order of time.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    uuid:
      description: The device's uuid.
      type: str
    name:
      description: What the device is called now; null if it has been removed.
      type: str
    at:
      description: When it happened.
      type: str
    by:
      description:
        - Who did it; null if the server does not say. C(id) is the id of the actor.
        - C(type) is V(user) for a person, also one who used an API key of theirs. It is V(application) for somebody or
          something with a provisioning key of an application, and V(device) for a device itself. C(name) is the user
          name, the slug or the uuid.
        - Both are null if the token may not see who it was.
      type: dict
    what:
      description: V(registered), V(changed) or V(removed).
      type: str
    before:
      description:
        - What was until then, as far as it changed. All that was known, if the device was removed.
        - C(application) changes when a device is moved, C(target_release) when it is pinned or its fleet gets another
          release, C(release) when it runs another one. C(target_supervisor) is the supervisor's release that it should
          run. Releases are named by their versions.
      type: dict
    after:
      description: The same as it was then. Empty if the device was removed.
      type: dict
  sample:
    - uuid: 7cf02a687b74206f92cb455969cf8e98
      name: kitchen
      at: "2026-11-21T21:59:27.914Z"
      by: {id: 21, type: user, name: ana}
      what: changed
      before: {target_release: 1.0.0}
      after: {target_release: 1.1.0}
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [{who: ana, device: kitchen, when: "2026-01-21T21:59:27.914Z"}]
"""

from ..module_utils.domain.devices.history_info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import DEVICE_SELECTOR, QUERY, Options

OPTIONS = Options(
    argument_spec={**DEVICE_SELECTOR, **QUERY, "since": {"type": "str"}, "until": {"type": "str"}},
    never_empty=("since", "until"),
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
