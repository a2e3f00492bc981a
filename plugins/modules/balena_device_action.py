#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_device_action
short_description: Tell balena devices to do something at once
version_added: 1.0.0
description:
  - Reboots devices, shuts them down, restarts their containers, starts, stops and restarts services, empties their
    data volumes, and lets them blink, answer a ping, or look for updates.
  - This module is B(not idempotent). It declares nothing; each run does the action again.
  - All devices are told at the same time, at most O(max_connections) of them at once. That one device fails does not
    keep the others from being told; the task fails in the end, and says what became of each.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
  - community.balena.devices
attributes:
  idempotent:
    support: none
    details: Each run does the action again.
options:
  action:
    description:
      - What to do.
      - V(reboot) and V(shutdown) are for the device itself. After a V(shutdown) only its power switch brings it back.
      - V(restart) restarts all containers of the device; V(restart_service), V(start_service) and V(stop_service) are
        for one O(service). A stopped service starts again when the device restarts.
      - V(purge) empties the data volumes of the containers.
      - V(update) lets the device look for its target release and configuration now.
      - V(blink) lets the device identify itself by a light, and V(ping) checks that it answers. They are never
        reported as a change.
    type: str
    choices: [blink, ping, purge, reboot, restart, restart_service, shutdown, start_service, stop_service, update]
    required: true
  service:
    description: Name of the service, with V(restart_service), V(start_service) and V(stop_service).
    type: str
  force:
    description: Override update locks, with V(reboot), V(shutdown) and V(update).
    type: bool
    default: false
  offline:
    description:
      - What to do about offline devices.
      - V(fail) tells no device anything if one of them is offline.
      - V(skip) leaves them out.
    type: str
    choices: [fail, skip]
    default: fail
"""

EXAMPLES = r"""
- name: Reboot a device, whatever its containers do
  community.balena.balena_device_action:
    devices: [kitchen]
    application: acme/kiosk
    action: reboot
    force: true

- name: Restart one service on all devices of a site that are online
  community.balena.balena_device_action:
    application: acme/kiosk
    with_tags:
      site: berlin
    action: restart_service
    service: web
    offline: skip

- name: Which devices answer
  community.balena.balena_device_action:
    application: acme/kiosk
    action: ping
    offline: skip
  register: pinged
"""

RETURN = r"""
devices:
  description:
    - What became of each device, or in check mode is expected of it. The RV(devices[].outcome) is V(done), V(failed),
      V(skipped) (it is offline) or V(not_tried) (after an error that every device would have met).
  returned: when the options are right, also when devices failed
  type: list
  elements: dict
  contains:
    id:
      description: Id of the device.
      type: int
    uuid:
      description: Its uuid.
      type: str
    name:
      description: Its name.
      type: str
    outcome:
      description: What became of it.
      type: str
    message:
      description: Why, unless it is done.
      type: str
  sample:
    - id: 2001
      uuid: 7cf02a687b74206f92cb455969cf8e98
      name: kitchen
      outcome: done
      message: null
changes:
  description: How many devices did the action, or in check mode would do it, as C(update).
  returned: always
  type: dict
  sample: {create: 0, update: 1, delete: 0}
diff:
  description: What the devices were told.
  returned: always
  type: dict
  sample:
    before: {device_action: {berlin-sign-01 (7cf02a6): {}}}
    after: {device_action: {berlin-sign-01 (7cf02a6): {action: reboot}}}
failed_items:
  description: The devices that failed, and why.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: update
      resource: device_action
      key: [7cf02a687b74206f92cb455969cf8e98]
      title: update device_action berlin-sign-01 (7cf02a6)
      error: "the device's containers hold the update lock; force: true overrides it"
"""

from ..module_utils.domain.devices.actions import ACTIONS, plan
from ..module_utils.module import run_module
from ..module_utils.options import DEVICE_SELECTOR, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        "action": {"type": "str", "required": True, "choices": list(ACTIONS)},
        "service": {"type": "str"},
        "force": {"type": "bool", "default": False},
        "offline": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
    },
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
