#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_rollout
short_description: Roll a release out to the devices of a balena application in waves
version_added: 1.0.0
description:
  - Brings a wave of devices to a release, finishes a rollout, or rolls it back. The role
    P(community.balena.rollout#role) runs a whole rollout with these steps.
  - What is needed to go on, or back, is kept in the API. A tag C(ansible_rollout) of the application says what is
    rolled out and which target most devices had before; devices that had another one, or were offline, have a tag
    C(ansible_rollout_former). Both are written before the devices are changed, and removed at the end, but for what it
    takes to undo the rollout later, see O(undo_within).
  - So a rollout that was interrupted goes on when it is run again, from any controller.
  - One rollout of an application is under way at a time. The tag of the application is written first, and the API
    lets one task alone do that; a task that comes second changes nothing, and says which rollout is under way.
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
  - community.balena.releases
  - community.balena.rollout
  - community.balena.waiting
  - community.balena.waiting.failures
  - community.balena.waiting.patience
  - community.balena.waiting.soak
options:
  release:
    description:
      - The release, as M(community.balena.balena_release_pin) takes it, but for V(track).
      - While its rollout is under way, a range and V(latest) mean the release that it began with.
    type: raw
    required: true
  state:
    description:
      - With V(wave), the devices of the wave O(wave), which is needed then, and of all waves before it have the release
        as their target. Those that follow their application and so have it already are not pinned.
      - With V(finished), all waves are done, and what was remembered is removed, but for what O(undo_within) takes.
      - With V(rolled_back), each device that the rollout has changed has its own former target again, be that a pin or
        its application's. A device that somebody else has pinned meanwhile is left as it is. The release may be one
        that has been invalidated.
      - With V(rolled_back), a rollout that has finished is undone too, within the days of O(undo_within), as long as no
        other one has begun. What somebody has changed since is left alone, and named in RV(left_alone). After that it
        is refused as long as devices or the application have the release as their target, since nothing tells what
        they had before.
    type: str
    choices: [wave, finished, rolled_back]
    default: wave
  phase:
    description:
      - With O(state=wave), does half of it, so that devices can download by day and switch at night.
      - With V(download), the devices get the release as their target and are waited for until they have all of its
        images. They go on running what they run, as long as one of their containers holds the update lock
        (C(/tmp/balena/updates.lock)). Where the configuration overrides the lock, devices get a configuration variable
        that does not.
      - A device that runs the release in spite of that has failed, since its containers hold no lock. It is named, and
        so are those that have no room for the images, or take too long. O(success_percentage) says how many others are
        enough.
      - With V(switch), C(BALENA_SUPERVISOR_OVERRIDE_LOCK) is set on the devices, and they are waited for until they run
        the release. Afterwards they have what they had before, even if some have not switched.
      - What devices had is kept in a tag C(ansible_rollout_lock) of theirs. If the task is interrupted, it is put back
        when it is run again, and with O(state=finished) or O(state=rolled_back).
      - Without it, devices do both, as soon as their containers let them.
    type: str
    choices: [download, switch]
    version_added: 2.0.0
  rollout:
    description:
      - The rollout that this step belongs to, by the C(id) that RV(rollout) of an earlier step has. The step is refused
        if that rollout is not under way any more, because another run has finished it or rolled it back.
      - Without it, a step goes on with the rollout that is under way; if none is, it begins one.
    type: str
  finish:
    description:
      - What becomes of the targets at the end. V(keep_pins) leaves the devices pinned on the release.
      - With V(pin_fleet), the application gets the release as its target, and devices that followed it before do so
        again. That is refused, with O(state=wave) too, when devices that have no part in the rollout would so get the
        release.
      - V(auto) is V(pin_fleet) unless that would be refused or the application tracks its latest release, and then
        V(keep_pins). RV(finish) says which of the two it is.
    type: str
    choices: [auto, keep_pins, pin_fleet]
    default: auto
  undo_within:
    description:
      - For how many days after its end a rollout can still be rolled back. What that takes is kept in the API as long
        as no other rollout begins, in a tag C(ansible_rollout_ended) of the application and in the tags of those
        devices that had something else than most.
      - With V(0), it is forgotten at its end, and no tag is left.
    type: float
    default: 7.0
    version_added: 2.0.0
  offline:
    description:
      - What to do about offline devices with O(wait). They are pinned in any case.
      - V(skip) does not wait for those that were offline before the rollout changed them, nor counts them, as long as
        nothing is heard of them. A device that was online then is waited for, whatever became of it.
      - V(wait) waits for them as for all others.
      - V(fail) counts a device that is offline as failed.
    type: str
    choices: [skip, wait, fail]
    default: skip
  probe:
    description:
      - Asks every device that runs the release over HTTP. It counts as done when it answers as it should.
      - Without O(probe.url), the public URL of the device is asked, which must be enabled.
    type: dict
    suboptions:
      path:
        description: Path below the public URL.
        type: str
        default: /
      url:
        description: Another address, in which C({uuid}) stands for the device.
        type: str
      status:
        description: The HTTP status codes that are fine.
        type: list
        elements: int
        default: [200]
      retries:
        description: A device whose probe goes wrong more often than this in a row has failed.
        type: int
        default: 3
      timeout:
        description: Seconds to wait for an answer.
        type: float
        default: 10.0
  diagnosis:
    description:
      - Diagnoses the devices before they are changed, with what the API knows of their health, and at every look after
        that. A device counts as done only if it is no worse than before. A check is worse if it was good and is not any
        more, or if it was a warning and is bad; what was bad before does not count, nor what is not known.
      - How the devices were is kept in the tag of the application, and in a tag C(ansible_rollout_health) of those that
        were not like most. So a rollout that was interrupted still compares with that.
      - Devices report their figures from time to time. O(soak) gives them that time.
      - A rollout that was begun without it cannot go on with it.
    type: dict
    version_added: 2.0.0
    suboptions:
      checks:
        description:
          - The checks that count, as M(community.balena.balena_diagnosis_info) takes them.
          - Without it all but V(cpu), which is too fickle, and V(release), which is waited for anyway.
        type: list
        elements: str
      thresholds:
        description:
          - From which figures on a check is a warning or bad, as M(community.balena.balena_diagnosis_info) takes them.
        type: dict
      settle:
        description: Seconds for which a device may be worse until it has failed, such as while its services start.
        type: float
        default: 300.0
seealso:
  - module: community.balena.balena_diagnosis_info
  - module: community.balena.balena_rollout_info
  - module: community.balena.balena_release_pin
"""

EXAMPLES = r"""
- name: The first wave of a rollout
  community.balena.balena_rollout:
    application: acme/kiosk
    release: "1.1.0"
    waves: [1, 50%, 100%]
    wave: 1
    wait: true
    wait_timeout: 900
    success_percentage: 90
  register: first_wave

- name: All others, of which one in ten may fail
  community.balena.balena_rollout:
    application: acme/kiosk
    release: "1.1.0"
    waves: [1, 50%, 100%]
    wave: 3
    max_failure_percentage: 10
    min_devices: 5

- name: Download to all devices, as long as their containers hold the update lock
  community.balena.balena_rollout:
    application: acme/kiosk
    release: "1.1.0"
    waves: [1, 50%, 100%]
    wave: 3
    phase: download

- name: The rollout is complete, and the fleet follows
  community.balena.balena_rollout:
    application: acme/kiosk
    release: "1.1.0"
    waves: [1, 50%, 100%]
    state: finished
    finish: pin_fleet

- name: No rollout of another release is under way, or it is rolled back
  community.balena.balena_rollout:
    application: acme/kiosk
    release: "1.2.0"
    state: rolled_back
"""

RETURN = r"""
outcome:
  description: What came of the step, and what is to be done now.
  returned: always, but for options that are wrong
  type: dict
  contains:
    state:
      description:
        - With O(state=wave), V(passed); V(failed) because of the devices; V(unseen) when the server could not be asked
          at the end; V(begun) without O(wait); in check mode V(foreseen).
        - With O(state=finished), V(finished). With O(state=rolled_back), V(rolled_back), also when some devices do not
          run their former target yet; or V(unchanged) when there was nothing to undo.
        - V(incomplete) when the step could not be made, or not all of it.
      type: str
    verdict:
      description:
        - What is to be done. V(go_on) with RV(outcome.next_wave); V(finish), since all waves are done; V(end), nothing.
        - V(give_up), since devices have failed. V(try_again), since something else has, which is not a reason to give
          devices back what they had.
      type: str
    sentence:
      description: What came of the step; where it failed, why.
      type: str
    next_wave:
      description:
        - Number of the wave that is to be done next, which is the same one with V(give_up) and V(try_again). Null if
          none is, and without O(state=wave).
      type: int
  sample:
    state: passed
    verdict: go_on
    sentence: "Wave 2 (10%) [##################..] 18 of 20 done, 2 failed, 0 pending"
    next_wave: 3
wave:
  description: The wave.
  returned: with O(state=wave)
  type: dict
  contains:
    number:
      description: Its place among the waves as they are declared, from 1.
      type: int
    of:
      description: The number of the last wave.
      type: int
    next:
      description: The number of the wave after it, null if it is the last one.
      type: int
    name:
      description: V(canary), or how large it is as declared.
      type: str
    devices:
      description: The uuids of the devices that it adds to those of the waves before it.
      type: list
      elements: str
    total:
      description: How many devices it reaches together with the waves before it.
      type: int
    pinned:
      description: How many devices got the release as their target now, or in check mode would.
      type: int
  sample: {number: 2, of: 4, next: 3, name: 10%, devices: [7cf02a687b74206f92cb455969cf8e98], total: 20, pinned: 18}
record:
  description:
    - The record of the rollout with this step added, of which M(community.balena.balena_report) makes reports.
    - C(state) is V(running) as long as further steps may follow; V(aborted) if devices failed, V(failed) if something
      else did, V(finished), or as RV(outcome.state) says of a rollback. C(problem) says what is wrong. C(rollout) is
      the C(id) of the rollout.
    - C(waves) and C(downloads) say how the steps went. C(rolled_back) are the devices that were given back what they
      had.
  returned: with O(record), but for options that are wrong
  type: dict
  sample:
    {state: running, application: acme/kiosk, release: {id: 4711, version: 1.1.0}, began: "2026-11-22T21:04:11.512Z",
     downloads: [], waves: [{number: 1, name: 1%, total: 2, done: 2, passed: true}], empty_waves: [], rolled_back: [],
     problem: "", rollout: 5f1c0a9be27d}
release:
  description: The release.
  returned: success
  type: dict
  sample: {id: 4711, commit: 9d0d299f50e7beea7f9328ef1a45a4e19af6a277, version: 1.1.0}
finish:
  description: What O(finish) comes to, as things stand, V(keep_pins) or V(pin_fleet).
  returned: with O(state=wave) and O(state=finished)
  type: str
  sample: pin_fleet
rollout:
  description:
    - The rollout that is under way, null if no device had to be changed and none is. What tells it from others, when it
      began, which wave was begun last, and whether the devices are being given back what they had.
    - With O(state=rolled_back), the one that was undone.
  returned: with O(state=wave) and O(state=rolled_back)
  type: dict
  sample: {id: 5f1c0a9be27d, started: "2026-11-22T21:04:11.512Z", wave: 2, rolling_back: false}
devices:
  description:
    - The devices that the rollout has reached; with O(state=rolled_back) those that were given back their former
      target, which is V(application) where they follow it.
  returned: success
  type: list
  elements: dict
  sample:
    - {uuid: 7cf02a687b74206f92cb455969cf8e98, name: kitchen, target: application}
left_alone:
  description: What somebody has changed since the rollout has finished, and so is left as it is; with a sentence.
  returned: with O(state=rolled_back), for a rollout that has finished
  type: list
  elements: dict
  sample:
    - resource: device
      key: [7cf02a687b74206f92cb455969cf8e98]
      why: changed
      sentence: >-
        fleet acme/kiosk, device kitchen (7cf02a6): it is pinned on 1.0.0 now, was brought to 1.1.0 by the rollout: left
        alone
passed:
  description: Whether the wave has succeeded, so that the next one may begin.
  returned: with O(state=wave) and O(wait), not in check mode
  type: bool
  sample: true
unseen:
  description:
    - Whether it is not known how the wave went, since the server could not be asked at the end. Then RV(passed) is
      false, which says nothing about the devices.
  returned: with O(state=wave) and O(wait), not in check mode
  type: bool
  sample: false
line:
  description: How the wave went, in one line.
  returned: with O(state=wave) and O(wait), not in check mode
  type: str
  sample: "Wave 2 (10%) [##################..] 18 of 20 done, 2 failed, 0 pending"
waited:
  description: Which devices run the release by now, which do not yet, and which will not, with reasons.
  returned: with O(wait), not in check mode
  type: dict
  sample:
    done: [7cf02a687b74206f92cb455969cf8e98]
    pending:
      - {uuid: 25c4bf6cbcef35b4ba9be8e6a4a4a56e, name: bar, reason: Downloading}
    failed: []
changes:
  description: How many tags were created and deleted, and how many targets and tags updated.
  returned: always
  type: dict
  sample: {create: 1, update: 12, delete: 0}
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
    before: {device: {berlin-sign-01 (7cf02a6): {is_pinned_on__release: null}}}
    after: {device: {berlin-sign-01 (7cf02a6): {is_pinned_on__release: 1.1.0 (9d0d299)}}}
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

from ..module_utils.domain.rollout.outcome import outcome
from ..module_utils.domain.rollout.plan import plan
from ..module_utils.module import run_module
from ..module_utils.options import (
    ACCOUNTS,
    DEVICE_SELECTOR,
    DIAGNOSIS,
    FAILURES,
    FORECAST,
    PLAN_FILES,
    RECORD,
    RELEASES,
    SOAK,
    WAITING,
    WAVES,
    Options,
)

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **WAVES,
        **WAITING,
        **FAILURES,
        **SOAK,
        **FORECAST,
        **PLAN_FILES,
        **ACCOUNTS,
        **RECORD,
        "release": {"type": "raw", "required": True},
        **RELEASES,
        "state": {"type": "str", "choices": ["wave", "finished", "rolled_back"], "default": "wave"},
        "phase": {"type": "str", "choices": ["download", "switch"]},
        "rollout": {"type": "str"},
        "finish": {"type": "str", "choices": ["auto", "keep_pins", "pin_fleet"], "default": "auto"},
        "undo_within": {"type": "float", "default": 7.0},
        "offline": {"type": "str", "choices": ["skip", "wait", "fail"], "default": "skip"},
        "probe": {
            "type": "dict",
            "options": {
                "path": {"type": "str", "default": "/"},
                "url": {"type": "str"},
                "status": {"type": "list", "elements": "int", "default": [200]},
                "retries": {"type": "int", "default": 3},
                "timeout": {"type": "float", "default": 10.0},
            },
        },
        "diagnosis": {
            "type": "dict",
            "options": {**DIAGNOSIS, "settle": {"type": "float", "default": 300.0}},
        },
    },
    required_if=[
        ("state", "wave", ("application", "wave")),
        ("state", "finished", ("application",)),
        ("state", "rolled_back", ("application",)),
    ],
    outcome=outcome,
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
