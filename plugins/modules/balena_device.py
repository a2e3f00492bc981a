#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_device
short_description: Declare balena devices
version_added: 1.0.0
description:
  - Registers (pre-provisions), moves, names, describes, deactivates and removes devices, and declares their tags,
    location, public URL, local mode, override of update locks and access for balena's support staff.
  - Handles one device, a list of devices with values of their own (O(each)), or all devices that a selector means.
  - What many devices have in common is written in one request for each 200 of them.
  - Only the options that are given are compared; what is not named stays as it is.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.accounts
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
  - community.balena.devices.in_application
options:
  uuid:
    description:
      - The whole uuid of one device, 32 or 62 hexadecimal digits. It is registered in O(application) if there is none.
    type: str
  name:
    description:
      - Name of one device.
      - With O(uuid), O(devices) or O(in_application), the name that this device should have. To rename a device, name
        it by its uuid, since its old name means nothing any more when the task runs again.
      - Alone, it says which device of O(application) is meant. If there is none, one is registered with a generated
        uuid. The API allows several devices of one name; two runs at the same time can both register one.
    type: str
  each:
    description:
      - Devices with values of their own, which have precedence over those of the task; tags of both are joined.
    type: list
    elements: dict
    suboptions:
      uuid:
        description: As O(uuid).
        type: str
      name:
        description: As O(name). Without a uuid it says which device of O(application) is meant.
        type: str
      device_type:
        description: As O(device_type).
        type: str
      note:
        description: As O(note).
        type: str
      tags:
        description: As O(tags).
        type: dict
      location:
        description: &location_description
          - Where the device is, in degrees, instead of where balena guesses it to be. Only on balenaCloud.
          - An empty dictionary lets balena guess again.
        type: dict
        suboptions: &degrees
          latitude:
            description: Degrees north of the equator, from -90 to 90.
            type: float
          longitude:
            description: Degrees east of Greenwich, from -180 to 180.
            type: float
  application:
    description:
      - The application (fleet) where the devices should be, by slug (V(organization/name)), uuid, or name where only
        one organization has it. Devices of other applications are moved, devices that do not exist are registered.
      - Before anything is written, all devices are checked to have a CPU architecture that can run the containers of
        the application.
      - With O(state=absent), only devices of this application are removed.
    type: str
    aliases: [fleet]
  device_type:
    description:
      - Slug (or alias) of the device type of new devices, if it is not that of the application.
      - For devices that exist it is only compared. What hardware a device is cannot be changed.
    type: str
  note:
    description: A note. An empty text removes it.
    type: str
  tags:
    description: Tags by key. A null value means that there must be no such tag.
    type: dict
  purge_tags:
    description: Also remove tags that O(tags) does not name. Only has an effect on devices that tags are given for.
    type: bool
    default: false
  location:
    description: *location_description
    type: dict
    suboptions: *degrees
  public_url:
    description: Whether port 80 of the device can be reached at a public URL. Only on balenaCloud.
    type: bool
  local_mode:
    description:
      - Whether the device is in local mode, where it does not update and can be worked on in its own network.
      - Needs a device that has been online and runs a development variant of balenaOS.
    type: bool
  lock_override:
    description:
      - Whether the device updates although its containers hold the update lock.
      - A device that does not say so itself does as its application says.
    type: bool
  support_access_until:
    description:
      - Let balena's support staff reach the device until this date and time, such as V(2030-01-31) or
        V(2030-01-31T12:00:00Z). An empty text ends the access. Only on balenaCloud.
    type: str
  state:
    description:
      - V(present) registers devices that do not exist, if they are named by O(uuid), O(name), O(each) or by whole
        uuids in O(devices), and O(application) is given.
      - V(deactivated) devices stay, but are not used and not billed any more. Only on balenaCloud.
      - V(absent) devices are removed with all that belongs to them.
    type: str
    choices: [present, deactivated, absent]
    default: present
"""

EXAMPLES = r"""
- name: Register a device under a uuid that is printed on it
  community.balena.balena_device:
    uuid: 7cf02a687b74206f92cb455969cf8e98
    application: acme/kiosk
    name: window-5
    tags:
      site: lyon

- name: Register a device with a generated uuid, once
  community.balena.balena_device:
    name: window-6
    application: acme/kiosk
    device_type: raspberrypi4-64
  register: window

- name: Several devices at once, with what they have in common and what not
  community.balena.balena_device:
    application: acme/kiosk
    each:
      - uuid: 55146858faef25e7a07c7a0ef5214cc0
        name: door-1
      - uuid: f3e6ea1ad273b585ff6325680169ba97
        name: door-2
        note: the back door
    tags:
      role: screen

- name: Say where all devices of a site are
  community.balena.balena_device:
    in_application: acme/kiosk
    with_tags:
      site: berlin
    location:
      latitude: 52.52
      longitude: 13.405

- name: Exactly these tags
  community.balena.balena_device:
    devices: [kitchen, bar]
    in_application: acme/kiosk
    tags:
      site: berlin
      role: screen
    purge_tags: true

- name: Allow support to look at a device
  community.balena.balena_device:
    devices: [kitchen]
    support_access_until: "2099-12-31"

- name: Remove devices that were registered above
  community.balena.balena_device:
    application: acme/kiosk
    each:
      - name: window-5
      - name: window-6
      - name: door-1
      - name: door-2
    state: absent
"""

RETURN = r"""
devices:
  description:
    - The devices as they are after the task (in check mode as they would be), without those that were removed.
    - Besides what is shown in the sample, each has the options that were declared for it.
    - The id of a device that is not registered yet is null, and so is a uuid that would be generated.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 2001
      uuid: 7cf02a687b74206f92cb455969cf8e98
      name: window-5
      application: acme/kiosk
      device_type: raspberrypi4-64
      tags: {site: lyon}
removed:
  description: The devices that were removed, or in check mode would be.
  returned: with O(state=absent)
  type: list
  elements: dict
  sample:
    - uuid: 7cf02a687b74206f92cb455969cf8e98
      name: window-5
changes:
  description: How many rows were, or in check mode would be, created, updated and deleted.
  returned: always
  type: dict
  sample: {create: 2, update: 0, delete: 0}
diff:
  description: What changes, before and after, by resource.
  returned: always
  type: dict
  sample:
    before: {device: {berlin-sign-01 (7cf02a6): {note: ""}}}
    after: {device: {berlin-sign-01 (7cf02a6): {note: the back door}}}
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

from typing import Any

from ..module_utils.domain.devices.fields import DEVICE, OF_EACH, SWITCHES
from ..module_utils.domain.devices.plan import plan
from ..module_utils.engine.fields import options_of
from ..module_utils.module import run_module
from ..module_utils.options import ACCOUNTS, APPLICATION, SELECTOR_IN_APPLICATION, Options

EACH: dict[str, dict[str, Any]] = {
    **options_of(OF_EACH),
    "uuid": {"type": "str"},
    "device_type": {"type": "str"},
    "tags": {"type": "dict"},
}
OPTIONS = Options(
    argument_spec={
        **ACCOUNTS,
        **SELECTOR_IN_APPLICATION,
        **APPLICATION,
        **EACH,
        **options_of((*DEVICE.fields, *SWITCHES)),
        "each": {"type": "list", "elements": "dict", "options": EACH, "required_one_of": [("uuid", "name")]},
        "purge_tags": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "deactivated", "absent"], "default": "present"},
    },
    mutually_exclusive=[
        ("uuid", "each"),
        ("uuid", "devices"),
        ("uuid", "in_application"),
        ("each", "devices"),
        ("each", "in_application"),
        ("each", "name"),
    ],
    required_one_of=[("uuid", "name", "each", "devices", "in_application")],
    never_empty=("uuid", "name"),
    never_null=("each", "tags"),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
