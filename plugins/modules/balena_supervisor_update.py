#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_supervisor_update
short_description: Declare which supervisor balena devices should have
version_added: 1.0.0
description:
  - Sets the target supervisor of devices; each gets the release for its CPU architecture. Devices fetch it by
    themselves, offline ones when they are back. With O(wait), the task goes on until they report it.
  - Before anything is written, all devices are checked. The supervisor must be 7.0.0 or later and the OS 2.12.0 or
    later, where they are known, and a supervisor is never downgraded.
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
      - The version, such as V(16.7.4); a range of versions such as V(^16.1) or V(16.x), of which the highest is taken;
        V(latest); or V(recommended), which is the latest without known issues.
      - A device that has a newer version than V(latest) or V(recommended) stays as it is.
      - Write a version in quotes.
    type: str
    required: true
  offline:
    description:
      - What to do about offline devices that have another supervisor.
      - V(queue) sets their target, which they follow when they are back. They are not waited for.
      - V(skip) leaves them as they are.
      - V(fail) changes nothing at all if there is one.
    type: str
    choices: [fail, skip, queue]
    default: queue
"""

EXAMPLES = r"""
- name: All devices of a site get the newest supervisor 17
  community.balena.balena_supervisor_update:
    application: acme/kiosk
    with_tags:
      site: berlin
    version: 17.x
    wait: "{{ wait_for_devices | default(false) }}"

- name: At most a tenth of the fleet gets the latest one
  community.balena.balena_supervisor_update:
    application: acme/kiosk
    limit: 10%
    version: latest
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
    - RV(devices[].action) is V(up_to_date), V(update) (the target is set by this task), V(updating) (it was set
      before), V(queue) and V(queued) (the same for a device that is offline), or V(skipped).
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
    supervisor_version:
      description: The version that it reported before the task.
      type: str
    target:
      description: The version that it should have.
      type: str
    action:
      description: What becomes of it.
      type: str
  sample:
    - uuid: 7cf02a687b74206f92cb455969cf8e98
      name: kitchen
      supervisor_version: 16.7.4
      target: 17.0.3
      action: update
waited:
  description: Who has the supervisor by now, and who does not yet, with reasons.
  returned: with O(wait), not in check mode
  type: dict
  sample:
    done: [7cf02a687b74206f92cb455969cf8e98]
    pending:
      - uuid: 25c4bf6cbcef35b4ba9be8e6a4a4a56e
        reason: queued until it is back
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
  description: How many targets were, or in check mode would be, updated.
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
  description: What changes, before and after, by resource.
  returned: always
  type: dict
  sample:
    before: {device: {berlin-sign-01 (7cf02a6): {should_be_managed_by__release: 16.7.4}}}
    after: {device: {berlin-sign-01 (7cf02a6): {should_be_managed_by__release: 17.0.3}}}
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
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: update
      resource: device
      key: [7cf02a687b74206f92cb455969cf8e98]
      title: update device berlin-sign-01 (7cf02a6)
      error: "The API refused PATCH /v7/device (503): the server failed and does not say why"
"""

from ..module_utils.domain.host_os.outcome import outcome
from ..module_utils.domain.host_os.supervisors import plan
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
        "offline": {"type": "str", "choices": ["fail", "skip", "queue"], "default": "queue"},
    },
    outcome=outcome,
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
