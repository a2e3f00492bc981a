#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_window
short_description: Wait for a maintenance window before any task
version_added: 2.0.0
description:
  - Waits until a maintenance window opens, or says that none is open, so that the tasks after it can be left for the
    next run.
  - Windows are in one time zone for all, or in that of the application or of each device, which a tag tells.
  - It changes nothing, neither on devices nor in the API. Without devices it makes no request.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.devices
  - community.balena.waiting.patience
  - community.balena.windows
attributes:
  check_mode:
    details: It says how things stand, and neither waits nor fails because no window is open.
options:
  timezone:
    description: Time zone of the windows that name none of their own.
    type: str
    default: UTC
  timezone_tag:
    description:
      - Key of the tag that holds a device's time zone, such as V(Europe/Berlin). If the device has no such tag, that of
        its application counts, and if that has none either, O(timezone).
      - A tag that is not a time zone counts as missing. A warning and RV(devices[].problem) name the device and its
        tag.
      - It needs O(devices) or O(application).
    type: str
  outside_window:
    description:
      - What to do when no window is open.
      - V(wait) waits for it. With several devices that is until at least one of them is in its window.
      - V(stop) returns at once with RV(open=false). The task after it can then end the play for this host, with
        C(ansible.builtin.meta) and C(end_host), or be skipped.
      - V(fail) fails.
    type: str
    choices: [wait, stop, fail]
    default: wait
  max_wait:
    description: Fail at once, instead of waiting, if the next window opens in more seconds than this.
    type: float
notes:
  - Each host waits for itself, but with the strategy C(linear) no host goes on to the next task before all have waited.
    Where hosts are in several time zones, use O(outside_window=stop) in a play that is run again every few minutes, or
    the strategy C(free) with as many C(forks) as there are hosts.
  - In a play over devices, O(timezone) can be a tag that the inventory knows already, as in the example. That needs no
    request for each host.
seealso:
  - module: community.balena.balena_rollout_info
"""

EXAMPLES = r"""
- name: See whether it is night at the depot
  community.balena.balena_window:
    windows:
      - days: [mon-thu]
        start: "22:00"
        end: "04:00"
    timezone: Europe/Berlin
    outside_window: stop
  register: night

- name: Otherwise leave the rest for the next run
  ansible.builtin.meta: end_host
  when: not night.open

- name: Which devices are at their own night now
  community.balena.balena_window:
    application: acme/kiosk
    timezone_tag: timezone
    timezone: Europe/Berlin
    windows:
      - {start: "01:00", end: "05:00"}
    outside_window: stop
  register: night

- name: Restart those
  community.balena.balena_device_action:
    application: acme/kiosk
    devices: "{{ night.in_window }}"
    allow_empty: true
    action: restart
    offline: skip

- name: In a play over devices, wait for the window of each, in its own time zone
  community.balena.balena_window:
    windows: "{{ maintenance | default([]) }}"
    timezone: "{{ (balena_tags | default({})).timezone | default('UTC') }}"
"""

RETURN = r"""
open:
  description: Whether a window is open; with devices, whether at least one of them is in its window.
  returned: success
  type: bool
  sample: true
closes_at:
  description: Until when all that are in their window now will be. Null if none is, or if it never closes.
  returned: success
  type: str
  sample: "2026-11-24T03:00:00.000Z"
opens_at:
  description: When the next window opens; null while one is open.
  returned: success
  type: str
  sample: null
opens_in:
  description: In how many seconds that is.
  returned: success
  type: int
  sample: 0
in_window:
  description: The uuids of the devices that are in their window now.
  returned: success
  type: list
  elements: str
  sample: [7cf02a687b74206f92cb455969cf8e98]
devices:
  description: The devices, ordered by uuid; none if the options select none.
  returned: success
  type: list
  elements: dict
  contains:
    uuid:
      description: The device's uuid.
      type: str
    name:
      description: Its name.
      type: str
    timezone:
      description: The time zone of the windows that name none of their own.
      type: str
    timezone_from:
      description: What says that, V(device) or V(application) (their tags), or V(timezone) (the option).
      type: str
    problem:
      description: What is wrong with a tag that does not count; empty if nothing is.
      type: str
    open:
      description: Whether it is in a window.
      type: bool
    closes_at:
      description: Until when.
      type: str
    opens_at:
      description: When its next window opens; null while one is open.
      type: str
    opens_in:
      description: In how many seconds that is.
      type: int
  sample:
    - uuid: 7cf02a687b74206f92cb455969cf8e98
      name: kitchen
      timezone: Europe/Berlin
      timezone_from: device
      problem: ""
      open: true
      closes_at: "2026-11-24T03:00:00.000Z"
      opens_at: null
      opens_in: 0
seconds_waited:
  description: How long the task has waited.
  returned: success
  type: int
  sample: 0
"""

from ..module_utils.domain.waves.maintenance import read, wait
from ..module_utils.module import run_info_module
from ..module_utils.options import DEVICE_SELECTOR, PATIENCE, WINDOWS, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **PATIENCE,
        **WINDOWS,
        "timezone": {"type": "str", "default": "UTC"},
        "timezone_tag": {"type": "str"},
        "outside_window": {"type": "str", "choices": ["wait", "stop", "fail"], "default": "wait"},
        "max_wait": {"type": "float"},
    },
    never_empty=("timezone_tag",),
    never_null=("windows",),
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read, wait)


if __name__ == "__main__":
    main()
