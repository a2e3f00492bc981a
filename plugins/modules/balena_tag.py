#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_tag
short_description: Declare tags of applications, devices and releases
version_added: 1.0.0
description:
  - Declares tags of an application, of many devices, or of a release.
  - All actual tags are read together with the devices, whatever their number, and compared; equal changes of many
    devices are written together.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.accounts
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
  - community.balena.devices
options:
  scope:
    description:
      - What the tags belong to.
      - V(application) needs O(application).
      - V(device) means the devices that O(devices), O(application), O(with_tags), O(filter) and O(limit) select; the
        application alone means all of its devices.
      - V(release) needs O(release).
    type: str
    choices: [application, fleet, device, release]
    required: true
  release:
    description:
      - With O(scope=release), the release by id (a number), commit, the first seven or more digits of its commit, or
        version such as V(1.2.3). To find it by its version, O(application) is needed.
    type: raw
  name:
    description: Key of the tag, to declare just one.
    type: str
  value:
    description: Value of the tag O(name). Numbers and booleans are stored as text.
    type: raw
  tags:
    description: Tags by key, to declare many. A null value means that there must be no such tag.
    type: dict
  state:
    description: Whether the tags should exist. With V(absent), values are not looked at.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description:
      - Also remove every tag that is not named in O(name) or O(tags); with O(tags={}), all of them.
      - The removed ones are listed in the diff and counted in RV(changes).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Tags of a fleet
  community.balena.balena_tag:
    scope: application
    application: acme/kiosk
    tags:
      team: retail
      tier: 1

- name: One tag on all devices of a site
  community.balena.balena_tag:
    scope: device
    application: acme/kiosk
    with_tags:
      site: berlin
    name: maintained_by
    value: nord

- name: Mark a release
  community.balena.balena_tag:
    scope: release
    application: acme/kiosk
    release: 1.1.0
    name: tested
    value: true

- name: Exactly these tags, and no others, on two devices
  community.balena.balena_tag:
    scope: device
    application: acme/kiosk
    devices: [kitchen, bar]
    tags:
      site: berlin
      role: screen
    purge: true

- name: No such tag on any device of the fleet
  community.balena.balena_tag:
    scope: device
    application: acme/kiosk
    name: maintained_by
    state: absent
"""

RETURN = r"""
tags:
  description:
    - The declared tags as they are after the task, by what they belong to. With O(purge) these are all there are.
    - The keys are application slugs, device uuids, or commits of releases.
  returned: success
  type: dict
  sample: {"acme/kiosk": {"team": "retail", "tier": "1"}}
changes:
  description: How many tags were, or in check mode would be, created, updated and deleted.
  returned: always
  type: dict
  sample: {create: 2, update: 0, delete: 0}
diff:
  description: What changes, before and after, by resource.
  returned: always
  type: dict
  sample:
    before: {}
    after: {application_tag: {acme/kiosk team: retail}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: create
      resource: device_tag
      key: [7cf02a687b74206f92cb455969cf8e98, site]
      title: create device_tag berlin-sign-01 (7cf02a6) site
      error: "Request error: Internal Server Error"
"""

from functools import partial

from ..module_utils.domain.releases.find import find
from ..module_utils.domain.tags.plan import plan_tags
from ..module_utils.module import run_module
from ..module_utils.options import ACCOUNTS, DEVICE_SELECTOR, Options

plan = partial(plan_tags, find_release=find)

OPTIONS = Options(
    argument_spec={
        **ACCOUNTS,
        **DEVICE_SELECTOR,
        "scope": {"type": "str", "required": True, "choices": ["application", "fleet", "device", "release"]},
        "release": {"type": "raw"},
        "name": {"type": "str"},
        "value": {"type": "raw"},
        "tags": {"type": "dict"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "purge": {"type": "bool", "default": False},
    },
    mutually_exclusive=[("name", "tags")],
    required_one_of=[("name", "tags")],
    required_by={"value": ("name",)},
    never_null=("name", "tags"),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
