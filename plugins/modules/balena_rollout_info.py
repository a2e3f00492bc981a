#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_rollout_info
short_description: Show the waves of a rollout and how far it has come
version_added: 1.0.0
description:
  - Divides devices into waves, and says whether a maintenance window is open.
  - With O(release), also tells from the API alone how far the rollout of that release has come, and which wave is to
    be done now.
  - The application is read in one request, and all devices in another.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.devices
  - community.balena.releases
  - community.balena.rollout
  - community.balena.reading.query
  - community.balena.waiting.patience
  - community.balena.windows
options:
  release:
    description:
      - The release that is rolled out, as M(community.balena.balena_release_pin) takes it, but for V(track).
        Needs O(application).
      - While its rollout is under way, a range and V(latest) mean the release that it began with.
    type: raw
  approval:
    description:
      - Waves that need approval before they begin, by number or name, or V(all). What means no wave is an error.
      - Numbers may be texts, as surveys give them. A text that is the number of one wave and the name of another means
        both.
    type: list
    elements: raw
    default: []
  mistakes:
    description:
      - What is wrong with the variables of the role that the task belongs to, as
        P(community.balena.role_mistakes#lookup) says it. If something is, the task fails with that, and asks nothing.
    type: list
    elements: str
    default: []
    version_added: 2.0.0
  show:
    description: Whether to show RV(lines) to whoever watches the task.
    type: bool
    default: false
    version_added: 2.0.0
seealso:
  - module: community.balena.balena_rollout
"""

EXAMPLES = r"""
- name: Who would come when, and whether it could begin now
  community.balena.balena_rollout_info:
    application: acme/kiosk
    release: ^1.0
    waves: [1, 50%, 100%]
    canary:
      site: lyon
    windows:
      - days: [mon-thu]
        start: "22:00"
        end: "04:00"
        timezone: Europe/Berlin
  register: planned

- name: The names of the waves of a rollout whose waves double
  community.balena.balena_rollout_info:
    application: acme/kiosk
    waves:
      start: 1
      growth: 2
    query: waves[].name
"""

RETURN = r"""
waves:
  description:
    - The waves that have devices. One that would add none is left out, and the others keep their numbers.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    number:
      description: Its place among the waves as they are declared, from 1.
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
    state:
      description: Whether it is V(passed), V(current) or V(pending).
      returned: with O(release)
      type: str
    targeted:
      description: How many of the devices have the release as their target.
      returned: with O(release)
      type: int
    running:
      description: How many of those run it.
      returned: with O(release)
      type: int
  sample:
    - number: 1
      name: 1%
      devices: [7cf02a687b74206f92cb455969cf8e98]
      total: 1
      state: passed
      targeted: 1
      running: 1
total:
  description: How many devices take part.
  returned: success, without O(query)
  type: int
  sample: 120
devices:
  description: The devices that take part.
  returned: success, without O(query)
  type: list
  elements: dict
  sample:
    - {uuid: 7cf02a687b74206f92cb455969cf8e98, name: kitchen}
kept_out:
  description: The devices that are left alone because of O(keep_out_tag).
  returned: success, without O(query)
  type: list
  elements: dict
  sample:
    - {uuid: 25c4bf6cbcef35b4ba9be8e6a4a4a56e, name: bar}
empty_waves:
  description: The waves that would add no device and are left out, and why.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    number:
      description: Its place among the waves as they are declared, from 1.
      type: int
    name:
      description: V(canary), or how large it is as declared.
      type: str
    total:
      description: How many devices are reached after it.
      type: int
    reason:
      description: Why it adds none.
      type: str
  sample:
    - {number: 2, name: 10%, total: 1, reason: "it reaches 1 of 5 devices, no more than the waves before it"}
approval:
  description: The numbers of the waves that O(approval) means.
  returned: success, without O(query)
  type: list
  elements: int
  sample: [3, 4]
window:
  description: Whether a maintenance window is open, until when, or when and in how many seconds one opens.
  returned: success, without O(query)
  type: dict
  sample: {open: false, closes_at: null, opens_at: "2026-11-23T21:00:00.000Z", opens_in: 74580}
release:
  description: The release.
  returned: with O(release), without O(query)
  type: dict
  sample: {id: 4711, commit: 9d0d299f50e7beea7f9328ef1a45a4e19af6a277, version: 1.1.0}
next_wave:
  description: Number of the wave that is to be done now; null when all devices have the release.
  returned: with O(release), without O(query)
  type: int
  sample: 2
rollout:
  description:
    - The rollout that is under way, null if none is. What tells it from others, when it began, which wave was begun
      last, and whether the devices are being given back what they had.
  returned: with O(release), without O(query)
  type: dict
  sample: {id: 5f1c0a9be27d, started: "2026-11-22T21:04:11.512Z", wave: 2, rolling_back: false}
record:
  description:
    - The record of a rollout of which no step has been made, for O(community.balena.balena_rollout#module:record).
  returned: success, without O(query)
  type: dict
  sample:
    {state: running, application: acme/kiosk, release: {id: 4711, version: 1.1.0}, began: "2026-11-22T21:04:11.512Z",
     downloads: [], waves: [], empty_waves: [], rolled_back: [], problem: "", rollout: null}
lines:
  description: The same in a few lines.
  returned: with O(release), without O(query)
  type: list
  elements: str
  sample: ["Release 1.1.0 for 120 devices of acme/kiosk"]
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [1%, 10%]
"""

from ..module_utils.domain.rollout.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import DEVICE_SELECTOR, PATIENCE, QUERY, RELEASES, WAVES, WINDOWS, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **WAVES,
        **QUERY,
        **PATIENCE,
        **WINDOWS,
        "release": {"type": "raw"},
        "approval": {"type": "list", "elements": "raw", "default": []},
        "mistakes": {"type": "list", "elements": "str", "default": []},
        "show": {"type": "bool", "default": False},
        **RELEASES,
    },
    required_by={"release": ("application",)},
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
