#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_release_pin
short_description: Declare which release a balena application or devices should run
version_added: 1.0.0
description:
  - Declares the target release of an application, or pins devices of one or several applications.
  - All devices are read in one request, and those that get the same pin are written together.
  - With O(wait), the task goes on until the devices run their target.
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
  - community.balena.releases
  - community.balena.waiting
  - community.balena.waiting.patience
options:
  scope:
    description:
      - What gets the target.
      - V(application) needs O(application). All of its devices follow it, but for those that have a pin of their own.
      - V(device) means the devices that O(devices), O(application), O(with_tags), O(filter) and O(limit) select; the
        application alone means all of its devices. They may belong to several applications; each device then gets
        the release of its own application.
    type: str
    choices: [application, fleet, device]
    required: true
  release:
    description:
      - The release by its commit or the first seven or more digits of it; by its id; by its version, such as V(1.2.3)
        or a draft's V(1.2.3-1700000000000); as a range of versions such as V(^1.2) or V(1.x), of which the highest is
        taken; or V(latest).
      - Ranges and V(latest) choose among the releases that are final, successful and not invalidated.
      - With V(track), devices follow their application, and an application follows its latest release.
      - Write a version in quotes. Without them YAML reads C(1.10) as the number 1.1.
    type: raw
    required: true
  offline:
    description:
      - What to do about offline devices with O(wait).
      - V(wait) waits for them as for all others.
      - V(skip) does not wait for those that are offline when the task begins; they are returned as pending.
      - V(fail) counts a device that is offline as failed.
    type: str
    choices: [wait, skip, fail]
    default: wait
"""

EXAMPLES = r"""
- name: The whole fleet gets version 1.1.0, and stays there
  community.balena.balena_release_pin:
    scope: application
    application: acme/kiosk
    release: "1.1.0"

- name: A few devices get the newest release of 1.x first
  community.balena.balena_release_pin:
    scope: device
    application: acme/kiosk
    with_tags:
      site: berlin
    limit: 10%
    release: ^1.0
    max_changes: 20%

- name: Two devices get a release by its version, and the task waits for nine in ten minutes
  community.balena.balena_release_pin:
    scope: device
    application: acme/kiosk
    devices: [kitchen, bar]
    release: "1.2.0"
    wait: "{{ wait_for_devices | default(false) }}"
    wait_timeout: 600
    success_percentage: 90
    offline: skip

- name: All devices follow the fleet again
  community.balena.balena_release_pin:
    scope: device
    application: acme/kiosk
    release: track

- name: The fleet follows its latest release again
  community.balena.balena_release_pin:
    scope: application
    application: acme/kiosk
    release: track
"""

RETURN = r"""
targets:
  description:
    - The target release, by the application that it belongs to.
    - Empty when devices follow their application; null when an application has no release to track.
  returned: success
  type: dict
  sample:
    acme/kiosk:
      id: 4711
      commit: 9d0d299f50e7beea7f9328ef1a45a4e19af6a277
      version: 1.1.0
application:
  description: The application after the task, with scope V(application).
  returned: success
  type: dict
  sample: {slug: acme/kiosk, track_latest_release: false}
devices:
  description:
    - The devices after the task, with scope V(device). RV(devices[].pinned_on) is null for one that follows its
      application.
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
    application:
      description: Slug of the application that the device belongs to.
      type: str
    pinned_on:
      description: The release that the device is pinned on.
      type: dict
  sample:
    - uuid: 7cf02a687b74206f92cb455969cf8e98
      name: kitchen
      application: acme/kiosk
      pinned_on:
        id: 4711
        commit: 9d0d299f50e7beea7f9328ef1a45a4e19af6a277
        version: 1.1.0
waited:
  description: Who runs the target by now, who does not yet, and who will not, with reasons.
  returned: with O(wait), not in check mode
  type: dict
  sample:
    done: [7cf02a687b74206f92cb455969cf8e98]
    pending:
      - uuid: 25c4bf6cbcef35b4ba9be8e6a4a4a56e
        reason: Downloading
    failed:
      - uuid: ba4fbd5b1b3b2b6a9aa4d7a2ad7d5ba1
        reason: it has got another target meanwhile
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

from ..module_utils.domain.releases.pins import plan
from ..module_utils.module import run_module
from ..module_utils.options import ACCOUNTS, DEVICE_SELECTOR, FORECAST, PLAN_FILES, RELEASES, WAITING, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        **WAITING,
        **FORECAST,
        **PLAN_FILES,
        **ACCOUNTS,
        "scope": {"type": "str", "required": True, "choices": ["application", "fleet", "device"]},
        "release": {"type": "raw", "required": True},
        **RELEASES,
        "offline": {"type": "str", "choices": ["wait", "skip", "fail"], "default": "wait"},
    },
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
