#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_diagnosis_info
short_description: Tell how well balena devices are
version_added: 2.0.0
description:
  - Judges what the API knows of the health of devices. That is whether they are connected, their storage, memory,
    temperature, processors and power supply, and whether their services run.
  - Each check of a device is V(good), V(warn), V(bad) or V(unknown), with the figure that was measured and a sentence.
  - It takes one request, whatever the number of devices; an application that is named costs one more. With
    O(supervisor=true) it takes one more for each device that is online.
  - The figures are those that the supervisor of a device has reported. Supervisors before 11.14 report none. Of an
    offline device nothing is known but since when it is offline.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.devices
  - community.balena.diagnosis
  - community.balena.reading.query
options:
  supervisor:
    description:
      - Also ask the supervisor of each device that is online, over the API, whether it is healthy.
      - This is one request for each of them, so it takes a while for a large fleet.
    type: bool
    default: false
  before:
    description:
      - An earlier diagnosis, to return RV(worse), the devices that are worse than then. A registered result of this
        module, or its RV(devices), also from a file.
    type: raw
seealso:
  - module: community.balena.balena_device_info
"""

EXAMPLES = r"""
- name: How the fleet is
  community.balena.balena_diagnosis_info:
    application: acme/kiosk
  register: health

- name: Fail if a device is in a bad way
  ansible.builtin.assert:
    that: health.worst != 'bad'
    fail_msg: "{{ health.summary }}"

- name: Which devices are hot, in a fleet that stands in the sun
  community.balena.balena_diagnosis_info:
    application: acme/kiosk
    checks: [temperature]
    thresholds:
      temperature: {warn: 75, bad: 85}
    query: "devices[?worst == 'bad'].[name, checks.temperature.figure]"

- name: Which devices are worse than they were
  community.balena.balena_diagnosis_info:
    application: acme/kiosk
    before: "{{ health.devices }}"
    query: worse
"""

RETURN = r"""
devices:
  description: The devices, ordered by uuid.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    uuid:
      description: The device's uuid.
      type: str
    name:
      description: Its name.
      type: str
    source:
      description: Where the figures come from, V(api).
      type: str
    worst:
      description: The worst result of its checks; V(unknown) if nothing is known.
      type: str
    counts:
      description: How many checks are V(good), V(warn), V(bad) and V(unknown).
      type: dict
    summary:
      description: What is wrong, in one sentence, the worst first.
      type: str
    checks:
      description:
        - Each check by its name, with C(result), C(figure), C(unit) and C(sentence).
        - The figure is null if it is not known, and the unit if the figure only counts.
      type: dict
  sample:
    - uuid: 7cf02a687b74206f92cb455969cf8e98
      name: kitchen
      source: api
      worst: bad
      counts: {good: 9, warn: 0, bad: 1, unknown: 0}
      summary: "storage bad: 92 % of the storage is used (26320 of 28600 MB)"
      checks:
        storage:
          result: bad
          figure: 92
          unit: "%"
          sentence: 92 % of the storage is used (26320 of 28600 MB)
worst:
  description: The worst result of all devices; V(unknown) if nothing is known.
  returned: success, without O(query)
  type: str
  sample: bad
counts:
  description: How many devices are V(good), V(warn), V(bad) and V(unknown), each by its worst check.
  returned: success, without O(query)
  type: dict
  sample: {good: 118, warn: 3, bad: 1, unknown: 2}
findings:
  description: What is not good, by check, the bad ones first.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    check:
      description: The name of the check.
      type: str
    result:
      description: V(warn) or V(bad).
      type: str
    devices:
      description: The devices with this result, each with C(uuid), C(name) and C(sentence).
      type: list
      elements: dict
  sample:
    - check: storage
      result: bad
      devices:
        - uuid: 7cf02a687b74206f92cb455969cf8e98
          name: kitchen
          sentence: 92 % of the storage is used (26320 of 28600 MB)
summary:
  description: The same in one sentence that counts the devices and names the first of each finding.
  returned: success, without O(query)
  type: str
  sample: "124 devices: 118 good, 3 warn, 1 bad, 2 unknown. storage bad on kitchen (7cf02a6)"
worse:
  description:
    - The devices that are worse than before. A check is worse if it was good and is not any more, or if it was a
      warning and is bad. What is or was unknown is not worse.
    - C(checks) are the names of those that are worse, and C(sentence) tells what they are now and were then.
  returned: success, with O(before) and without O(query)
  type: list
  elements: dict
  sample:
    - uuid: 7cf02a687b74206f92cb455969cf8e98
      name: kitchen
      checks: [storage]
      sentence: "storage is bad, was good: 92 % of the storage is used (26320 of 28600 MB)"
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [[kitchen, 86]]
"""

from ..module_utils.domain.diagnosis.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import DEVICE_SELECTOR, DIAGNOSIS, QUERY, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **DIAGNOSIS,
        **QUERY,
        "supervisor": {"type": "bool", "default": False},
        "before": {"type": "raw"},
    },
    never_empty=("checks",),
    never_null=("before",),
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
