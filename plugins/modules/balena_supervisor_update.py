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
    themselves, offline ones when they are back.
  - Before anything is written, all devices are checked. The supervisor must be 7.0.0 or later and the OS 2.12.0 or
    later, where they are known, and a supervisor is never downgraded.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
  - community.balena.devices
options:
  version:
    description:
      - The version, such as V(16.7.4); a range of versions such as V(^16.1) or V(16.x), of which the highest is taken;
        V(latest); or V(recommended), which is the latest without known issues.
      - Write a version in quotes.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: All devices of a site get the newest supervisor 17
  community.balena.balena_supervisor_update:
    application: acme/kiosk
    with_tags:
      site: berlin
    version: 17.x

- name: At most a tenth of the fleet gets the latest one
  community.balena.balena_supervisor_update:
    application: acme/kiosk
    limit: 10%
    version: latest
"""

RETURN = r"""
devices:
  description: The devices, with the supervisor that they report and the one that they should have after the task.
  returned: success
  type: list
  elements: dict
  sample:
    - uuid: 7cf02a687b74206f92cb455969cf8e98
      name: kitchen
      supervisor_version: 16.7.4
      target: 17.0.3
changes:
  description: How many targets were, or in check mode would be, updated.
  returned: always
  type: dict
  sample: {create: 0, update: 12, delete: 0}
diff:
  description: What changes, before and after, by resource.
  returned: always
  type: dict
  sample:
    before: {device: {7cf02a687b74206f92cb455969cf8e98: {should_be_managed_by__release: 16.7.4}}}
    after: {device: {7cf02a687b74206f92cb455969cf8e98: {should_be_managed_by__release: 17.0.3}}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: update
      resource: device
      key: [7cf02a687b74206f92cb455969cf8e98]
      error: "The API refused PATCH /v7/device (503): the server failed and does not say why"
"""

from ..module_utils.module import DEVICE_SELECTOR, Options, run_module
from ..module_utils.state.resources.supervisors import plan

OPTIONS = Options(argument_spec={**DEVICE_SELECTOR, "version": {"type": "str", "required": True}})


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
