#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_config
short_description: Make the config.json with which devices join an application
version_added: 2.0.0
description:
  - Makes C(config.json) of balenaOS for an application, for one device or for many, as C(balena config generate) does,
    and registers the devices that do not exist.
  - A file for an application holds a provisioning key, with which any device of its type joins. A file for a device
    holds the uuid and the key of that device alone.
  - With O(dest) the files are written for their owner alone (mode 0600), each as a whole or not at all. A file that is
    already as declared, and whose key the server still accepts, is left alone. If only options such as the Wi-Fi
    network differ, the key is kept.
  - Without O(dest) the content is returned. The result is then kept from the screen and from logs when the task runs
    inside the controller, as it does by default. Say C(no_log) where a callback or another task could show it.
  - Devices without a uuid get one that follows from the application and their serial number or name. So a run that was
    interrupted finds what it has registered when it is run again, and registers nothing twice.
  - A thousand devices take a thousand requests to register, and one more for each name, note, tag and variable that
    differs from that of the others. What is equal goes together where the API allows it.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
attributes:
  idempotent:
    support: partial
    details: Without O(dest), every run makes a new key.
options:
  application:
    description: The application (fleet) to join, by slug (V(organization/name)), uuid, or name where only one
      organization has it. Devices that other applications have are refused.
    type: str
    required: true
    aliases: [fleet]
  version:
    description: The version of balenaOS that the file is for, such as V(6.0.41). The file itself does not hold it.
    type: str
    required: true
  uuid:
    description: The whole uuid of one device, 32 or 62 hexadecimal digits.
    type: str
  serial:
    description:
      - The serial number of one device, 1 to 100 letters, digits, dots, underscores and hyphens.
      - The uuid of the device follows from it and from the application, and is the same in every run.
    type: str
  name:
    description:
      - The name of one device. With O(uuid) or O(serial), the name that this device should have.
      - Alone, it says which device of O(application) is meant. If there is none, one is registered, whose uuid follows
        from the name and the application.
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
      serial:
        description: As O(serial).
        type: str
      name:
        description: As O(name).
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
      env:
        description: As O(env). The variables of both are joined.
        type: dict
  device_type:
    description:
      - Slug (or alias) of the device type of new devices, or of those that shall join, if it is not that of the
        application. It must be able to run the containers of the application.
    type: str
  note:
    description: A note. An empty text removes it.
    type: str
  tags:
    description: Tags that the devices should have, by their keys. Others stay as they are.
    type: dict
  env:
    description: Environment variables that the devices should have, by their names. Others stay as they are. Values are
      never shown.
    type: dict
  network:
    description: How the device reaches the network.
    type: str
    choices: [ethernet, wifi]
    default: ethernet
  wifi_ssid:
    description: The name of the Wi-Fi network. Needed with O(network=wifi).
    type: str
  wifi_key:
    description: The key of the Wi-Fi network. Leave it out if it has none.
    type: str
  app_update_poll_interval:
    description: How many minutes pass between two times that the device asks for updates.
    type: int
    default: 10
  development_mode:
    description: Whether the device is open for development. Use it in networks that you trust alone, since anybody
      there can log in to the device.
    type: bool
    default: false
  provisioning_key_name:
    description: What the provisioning key in a file for an application is called.
    type: str
  provisioning_key_expires:
    description: When the provisioning key in a file for an application ends, such as V(2030-01-31) or
      V(2030-01-31T12:00:00Z). A server that knows no such end ignores it.
    type: str
  device_api_key:
    description: The key of one device, to be used instead of a new one. A new device gets it.
    type: str
  dest:
    description:
      - Where to write the file, on the controller. A relative path begins where Ansible was started. A file that is
        there is replaced if it is not as declared.
      - With O(each), the folder where to write the files, which is made if it does not exist. They are called after the
        serial numbers, or else the uuids, of the devices (C(A-1001.json)).
    type: path
  verify_keys:
    description: Whether to ask the server if it still accepts the keys in files that are otherwise as declared. That is
      one request for each file.
    type: bool
    default: true
notes:
  - A column of a table that C(community.general.read_csv) has read can be used as it is if it is called like an option
    of O(each), such as C(serial) or C(name). Empty cells are taken for options that are left out.
  - Devices are registered with a provisioning key that is made for each device type of a run, and ends after a day on
    servers that know such an end.
  - If a run was interrupted between the registration of a device and the writing of its file, the next run makes
    another key of the device.
seealso:
  - module: community.balena.balena_device
  - module: community.balena.balena_api_key
"""

EXAMPLES = r"""
- name: A file with which any new device joins the fleet
  community.balena.balena_config:
    application: acme/kiosk
    version: 6.0.41
    network: wifi
    wifi_ssid: workshop
    wifi_key: "{{ workshop_key | default('correct horse battery') }}"
    provisioning_key_name: workshop
    provisioning_key_expires: "2099-12-31"
    dest: "{{ playbook_dir }}/config.json"

- name: Register a device under the number that is printed on it
  community.balena.balena_config:
    application: acme/kiosk
    version: 6.0.41
    serial: A-1000
    name: window-7
    tags:
      site: lyon
    dest: "{{ playbook_dir }}/A-1000.json"

- name: Register a batch of devices, each with a file of its own
  community.balena.balena_config:
    application: acme/kiosk
    version: 6.0.41
    each:
      - serial: A-1001
        tags: {line: left}
      - serial: A-1002
        tags: {line: right}
    tags:
      batch: "2026-11"
    dest: "{{ playbook_dir }}/batch"
  register: batch

- name: The content of a file, for a program that writes it to a disk image
  community.balena.balena_config:
    application: acme/kiosk
    version: 6.0.41
    serial: A-1003
  no_log: true
  register: single
"""

RETURN = r"""
configs:
  description: The file of each device in the order in which they are declared, or the one of the application.
  returned: success, or when the files of other devices failed
  type: list
  elements: dict
  contains:
    application:
      description: The slug of the application.
      type: str
    uuid:
      description: The device's uuid; null in a file for an application.
      type: str
    id:
      description: The device's id; null before it is registered, and in a file for an application.
      type: int
    serial:
      description: Its serial number, if it is declared by that.
      type: str
    name:
      description: Its name, as far as it is known.
      type: str
    device_type:
      description: The slug of the device type.
      type: str
    dest:
      description: Where the file is; null without O(dest).
      type: str
    content:
      description: The content in Base64. It is secret.
      returned: without O(dest), not in check mode
      type: str
  sample:
    - application: acme/kiosk
      uuid: 7cf02a687b74206f92cb455969cf8e98
      id: 12
      serial: A-1001
      name: null
      device_type: raspberrypi4-64
      dest: batch/A-1001.json
changes:
  description: How much was, or in check mode would be, made and changed, files included.
  returned: always
  type: dict
  sample: {create: 3, update: 0, delete: 0}
diff:
  description: What changes, before and after; never a key, nor the value of a variable.
  returned: always
  type: dict
  sample:
    before: {config: {batch/A-1001.json: {for: 7cf02a687b74206f92cb455969cf8e98, mode: "0600", wifiKey: other}}}
    after: {config: {batch/A-1001.json: {for: 7cf02a687b74206f92cb455969cf8e98, mode: "0600", wifiKey: as declared}}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: create
      resource: config
      key: [batch/A-1001.json]
      title: create config batch/A-1001.json
      error: "'batch/A-1001.json' cannot be written: No space left on device"
"""

from ..module_utils.domain.provisioning.plan import plan
from ..module_utils.module import run_module
from ..module_utils.options import APPLICATION, Options

_DEVICE = {
    "uuid": {"type": "str"},
    "serial": {"type": "str"},
    "name": {"type": "str"},
    "device_type": {"type": "str"},
    "note": {"type": "str"},
    "tags": {"type": "dict"},
    "env": {"type": "dict"},
}

OPTIONS = Options(
    argument_spec={
        "application": {**APPLICATION["application"], "required": True},
        "version": {"type": "str", "required": True},
        **_DEVICE,
        "each": {"type": "list", "elements": "dict", "options": _DEVICE},
        "network": {"type": "str", "choices": ["ethernet", "wifi"], "default": "ethernet"},
        "wifi_ssid": {"type": "str"},
        "wifi_key": {"type": "str", "no_log": True},
        "app_update_poll_interval": {"type": "int", "default": 10},
        "development_mode": {"type": "bool", "default": False},
        "provisioning_key_name": {"type": "str", "no_log": False},
        "provisioning_key_expires": {"type": "str", "no_log": False},
        "device_api_key": {"type": "str", "no_log": True},
        "dest": {"type": "path"},
        "verify_keys": {"type": "bool", "default": True, "no_log": False},
    },
    mutually_exclusive=[("each", "uuid"), ("each", "serial"), ("each", "name"), ("uuid", "serial")],
    required_if=[("network", "wifi", ["wifi_ssid"])],
    never_empty=("uuid", "serial", "name", "dest", "wifi_ssid", "wifi_key", "device_api_key", "device_type"),
    never_null=("each",),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
