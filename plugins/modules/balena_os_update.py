#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_os_update
short_description: Declare which balenaOS devices should run
version_added: 1.0.0
description:
  - Updates balenaOS on devices of one or several applications and device types.
  - Before anything is started, all devices are checked. The version must exist for the device type, fit the variant
    (production or development), and be newer; there are no downgrades, also to a version with extended support that is
    made of an older one. If one device cannot get it, none does.
  - Online devices are updated at once. As many updates start at the same time as O(max_connections) says.
  - An update takes minutes and ends with a reboot. With O(wait), the task goes on until the devices are back.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.accounts
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
  - community.balena.devices
  - community.balena.forecast
  - community.balena.plan_files
  - community.balena.plan_files.signers
  - community.balena.record
  - community.balena.waiting
  - community.balena.waiting.failures
  - community.balena.waiting.patience
  - community.balena.waiting.soak
options:
  version:
    description:
      - The version, such as V(6.0.41), for old versions with or without the variant (V(2.50.1+rev1.prod)); a range of
        versions such as V(^6.0) or V(6.x), of which the highest is taken; V(latest); or V(recommended), which is the
        latest without known issues.
      - A device that runs a newer version than V(latest) or V(recommended) stays as it is.
      - A device that runs the version, and has another one queued, gets the version as its target, which takes that
        back.
      - Write a version in quotes.
    type: str
    required: true
  os_type:
    description: Whether a range, V(latest) and V(recommended) mean regular versions or those with extended support.
    type: str
    choices: [default, esr]
    default: default
  supervisor_version:
    description:
      - Also the supervisor that the devices should have, as
        O(community.balena.balena_supervisor_update#module:version). Its target is set in the same plan, before updates
        start. Devices that are skipped keep theirs.
      - O(wait) waits for balenaOS alone.
    type: str
  method:
    description:
      - How online devices are updated.
      - V(action) lets balenaCloud's device actions service do it at once. An openBalena server has no such service.
      - V(target) sets the target OS of all devices, which those with a new enough supervisor follow by themselves.
    type: str
    choices: [action, target]
    default: action
  offline:
    description:
      - What to do about offline devices with O(method=action).
      - V(fail) starts no update at all if a device is offline that needs one.
      - V(skip) leaves them as they are.
      - V(queue) sets their target OS, which they follow when they are back. They are not waited for.
    type: str
    choices: [fail, skip, queue]
    default: fail
"""

EXAMPLES = r"""
- name: A site gets the recommended version
  community.balena.balena_os_update:
    application: acme/kiosk
    with_tags:
      site: berlin
    version: recommended
    offline: queue

- name: One device gets an exact version, and the task waits for it
  community.balena.balena_os_update:
    devices: [window-1]
    application: acme/kiosk
    version: "6.0.41"
    wait: true
    wait_timeout: 3600
    poll_interval: "{{ poll_interval | default(30) }}"

- name: The OS and the supervisor of a site, pinned together
  community.balena.balena_os_update:
    application: acme/kiosk
    with_tags:
      site: berlin
    version: recommended
    supervisor_version: latest
    method: target

- name: A tenth of the fleet follows a target, at most twenty devices
  community.balena.balena_os_update:
    application: acme/kiosk
    limit: 10%
    version: ^6.0
    method: target
    max_changes: 20
"""

RETURN = r"""
outcome:
  description: What came of the task, and what is to be done now.
  returned: always, but for options that are wrong
  type: dict
  contains:
    state:
      description:
        - V(passed); V(failed) because of the devices; V(unseen) when the server could not be asked at the end; V(begun)
          without O(wait); in check mode V(foreseen); V(incomplete) when not all could be started.
      type: str
    verdict:
      description:
        - What is to be done. V(end), nothing. V(give_up), since devices have failed. V(try_again), since something
          else has.
      type: str
    sentence:
      description: What came of the task; where it failed, why.
      type: str
    next_wave:
      description: Null, since the task knows no waves.
      type: int
  sample:
    state: passed
    verdict: end
    sentence: "[##################..] 18 of 20 done, 2 failed, 0 pending"
    next_wave: null
devices:
  description:
    - The devices, and what becomes of each.
    - RV(devices[].action) is V(up_to_date), V(update) (started by this task), V(updating) (under way before),
      V(queue) (the target is set by this task), V(queued) (it was set before), or V(skipped).
  returned: success
  type: list
  elements: dict
  contains:
    uuid:
      description: The device's uuid.
      type: str
    name:
      description: The device's name.
      type: str
    device_type:
      description: Slug of its device type.
      type: str
    os_version:
      description: The version that it reported before the task, with its variant.
      type: str
    target:
      description: The version that it should run.
      type: str
    action:
      description: What becomes of it.
      type: str
    supervisor:
      description: The supervisor that it should have; with O(supervisor_version), unless the device is skipped.
      type: str
  sample:
    - uuid: 7cf02a687b74206f92cb455969cf8e98
      name: window-1
      device_type: raspberrypi4-64
      os_version: 5.3.27+prod
      target: 6.0.41
      action: update
waited:
  description: Who runs the version by now, who does not yet, and whose update failed, with reasons.
  returned: with O(wait), not in check mode
  type: dict
  sample:
    done: [7cf02a687b74206f92cb455969cf8e98]
    pending:
      - uuid: 25c4bf6cbcef35b4ba9be8e6a4a4a56e
        reason: in_progress
    failed: []
passed:
  description: Whether enough devices have arrived and, with O(soak), stayed well.
  returned: with O(wait), not in check mode
  type: bool
  sample: true
unseen:
  description:
    - Whether it is not known how it went, since the server could not be asked at the end. Then RV(passed) is false,
      which says nothing about the devices.
  returned: with O(wait), not in check mode
  type: bool
  sample: false
line:
  description: How it went, in one line.
  returned: with O(wait), not in check mode
  type: str
  sample: "[##################..] 18 of 20 done, 2 failed, 0 pending"
changes:
  description: How many updates were, or in check mode would be, started or queued.
  returned: always
  type: dict
  sample: {create: 0, update: 12, delete: 0}
forecast:
  description:
    - What the plan costs the devices, in check mode or where a limit such as O(max_restarts) is given; only when
      something changes. Devices that are offline pay when they are back.
    - C(devices) is how many notice anything, C(offline) how many of them are offline now. C(restarts) is how many
      containers start anew, C(services) how many of each service. C(reboots) and C(download_bytes) are sums over all
      devices. C(download_unknown) is how many devices download something whose size the API does not know.
  returned: in check mode, or with a limit, when something changes
  type: dict
  sample:
    {devices: 12, offline: 1, restarts: 24, services: {api: 12, web: 12}, reboots: 0, download_bytes: 0,
     download_unknown: 0}
diff:
  description: What changes, before and after. Updates that are started stand under C(os_update).
  returned: always
  type: dict
  sample:
    before: {os_update: {berlin-sign-01 (7cf02a6): {os_version: 5.3.27+prod}}}
    after: {os_update: {berlin-sign-01 (7cf02a6): {os_version: 6.0.41}}}
record:
  description:
    - The record with this step added, of which M(community.balena.balena_report) makes reports. Without O(wave) it
      gets the waves in which something has to be done.
    - C(state) is V(running) as long as further steps may follow, else V(failed) or V(stopped). C(waves) are as
      P(community.balena.wave_account#lookup) makes them. C(todo) are the numbers of the waves in which something
      has to be done, C(ready) the devices that need nothing.
  returned: with O(record), but for options that are wrong
  type: dict
  sample: {state: running, waves: [], empty_waves: [], todo: [1, 3], ready: [], problem: ""}
failed_items:
  description: The updates that could not be started, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: update
      resource: os_update
      key: [7cf02a687b74206f92cb455969cf8e98]
      title: update os_update berlin-sign-01 (7cf02a6)
      error: "The API refused POST /v1/7cf02a687b74206f92cb455969cf8e98/resinhup (500): failed"
"""

from ..module_utils.domain.host_os.outcome import outcome
from ..module_utils.domain.host_os.updates import plan
from ..module_utils.module import run_module
from ..module_utils.options import (
    ACCOUNTS,
    DEVICE_SELECTOR,
    FAILURES,
    FORECAST,
    PLAN_FILES,
    RECORD,
    SOAK,
    WAITING,
    Options,
)

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **WAITING,
        **FAILURES,
        **SOAK,
        **FORECAST,
        **PLAN_FILES,
        **ACCOUNTS,
        **RECORD,
        "version": {"type": "str", "required": True},
        "os_type": {"type": "str", "choices": ["default", "esr"], "default": "default"},
        "supervisor_version": {"type": "str"},
        "method": {"type": "str", "choices": ["action", "target"], "default": "action"},
        "offline": {"type": "str", "choices": ["fail", "skip", "queue"], "default": "fail"},
    },
    outcome=outcome,
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
