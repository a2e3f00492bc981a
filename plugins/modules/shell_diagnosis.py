#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: shell_diagnosis
short_description: Tell how well a host is that has only a shell
version_added: 2.0.0
description:
  - Measures a host OS with a script that only reads, and judges what it finds. That is storage, memory, temperature,
    power supply, clock, name resolution, the way to the API and its certificate, the container engine and its
    containers, the supervisor, signs of an unclean shutdown, and the signal of Wi-Fi or a modem.
  - Each check is V(good), V(warn), V(bad) or V(unknown), with the figure that was measured and a sentence. What a host
    has no tool for is unknown.
  - It is made for balenaOS over the connection P(community.balena.host#connection), and works on other Linux hosts too.
  - The results are like those of M(community.balena.balena_diagnosis_info), which needs no access to the devices and
    measures less.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.shell
  - community.balena.diagnosis
attributes:
  check_mode:
    details: Nothing is changed anyway.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: none
    details: Nothing is changed.
options:
  ping_url:
    description:
      - The address of the API that the host should reach, such as V(https://api.balena-cloud.com). Its name is
        resolved, C(/ping) below it is asked, and its certificate is looked at.
      - Without it, that in the configuration of balenaOS. If there is none either, these checks are unknown.
    type: str
seealso:
  - module: community.balena.balena_diagnosis_info
"""

EXAMPLES = r"""
- name: How the host is
  community.balena.shell_diagnosis:
  register: health

- name: Fail if it is in a bad way
  ansible.builtin.assert:
    that: health.worst != 'bad'
    fail_msg: "{{ health.summary }}"

- name: Only what concerns its storage, with thresholds of one's own
  community.balena.shell_diagnosis:
    checks: [storage, inodes, filesystem]
    thresholds:
      storage: {warn: 60, bad: 75}
"""

RETURN = r"""
uuid:
  description: The device's uuid, as the variable C(balena_uuid) of the host has it; null without one.
  returned: success
  type: str
  sample: 7cf02a687b74206f92cb455969cf8e98
name:
  description: Its name, or that of the host in the inventory.
  returned: success
  type: str
  sample: kitchen
source:
  description: Where the figures come from, V(host).
  returned: success
  type: str
  sample: host
worst:
  description: The worst result of its checks; V(unknown) if nothing is known.
  returned: success
  type: str
  sample: bad
counts:
  description: How many checks are V(good), V(warn), V(bad) and V(unknown).
  returned: success
  type: dict
  sample: {good: 15, warn: 0, bad: 1, unknown: 3}
summary:
  description: What is wrong, in one sentence, the worst first.
  returned: success
  type: str
  sample: "restarts bad: restarts of a container that keeps ending: 214 (web_17_15_9d0d299)"
checks:
  description:
    - Each check by its name, with C(result), C(figure), C(unit) and C(sentence).
    - The figure is null if it is not known, and the unit if the figure only counts.
  returned: success
  type: dict
  sample:
    restarts:
      result: bad
      figure: 214
      unit: null
      sentence: "restarts of a container that keeps ending: 214 (web_17_15_9d0d299)"
"""

from ..module_utils.action_only import needs_action
from ..module_utils.options import DIAGNOSIS, Options

OPTIONS = Options(
    argument_spec={**DIAGNOSIS, "ping_url": {"type": "str"}},
    never_empty=("checks", "ping_url"),
    api=False,
)


def main() -> None:
    """Run as a process of its own."""
    needs_action(OPTIONS)


if __name__ == "__main__":
    main()
