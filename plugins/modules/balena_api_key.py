#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_api_key
short_description: Declare API keys of the user, of balena applications and of devices
version_added: 1.0.0
description:
  - Makes, describes, rotates and revokes named API keys of the user, provisioning keys of an application, and keys of
    devices.
  - The value of a key is returned once, by the task that makes it, as RV(api_keys[].key). The API does not tell it
    again. Register the result and store the value at once. The result is kept out of what Ansible shows and logs.
  - Keys of a user can only be made, changed and revoked with the token of a session (of C(balena login), or of the
    dashboard), not with an API key.
  - An openBalena server does not list the keys of applications and devices, so that a run cannot know whether a key
    exists. There the module makes such a key only with O(force=true), and O(state=absent) finds nothing.
  - Keys of applications and devices can be made with the token of a session or with an API key of a user. To change or
    revoke a key takes the token of a session. This is found out while planning, so that check mode tells it too.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
  - community.balena.devices
attributes:
  idempotent:
    support: partial
    details:
      - With O(state=rotated) each run makes a new key, unless O(max_age) says that the present one will do.
      - With O(force=true) each run makes another key where the server does not list them.
options:
  scope:
    description:
      - Whose key. That of the user of O(api_token); of O(application), with which devices are provisioned; or of
        devices, each of which gets one.
    type: str
    choices: [user, application, fleet, device]
    default: user
  name:
    description:
      - Name of the key. Where there are several of one name, the newest counts; older ones are being replaced by it.
    type: str
    required: true
  description:
    description: What the key is for. An empty text clears it.
    type: str
  expires:
    description:
      - When the key ends, a date and time in ISO 8601; UTC if it has no zone. An empty text means never.
    type: str
  state:
    description:
      - Whether the key should exist.
      - With V(rotated) a new key is made, and the ones before it end when O(overlap) is over. They stay as they are if
        the new one cannot be made.
      - With V(absent) all keys of the name are revoked.
    type: str
    choices: [present, absent, rotated]
    default: present
  overlap:
    description: With O(state=rotated), seconds for which the key before stays valid. With V(0) it is revoked at once.
    type: int
  max_age:
    description: With O(state=rotated), do nothing while the present key is younger than this many seconds.
    type: int
  force:
    description:
      - Make a key of an application or a device also where the server does not list such keys, as an openBalena server
        does not. Each run then makes another one.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: A key for the pipeline, valid for some time
  community.balena.balena_api_key:
    name: ci
    description: Used by the pipeline
    expires: "2099-12-31"
  register: ci

- name: Store it where the pipeline finds it
  ansible.builtin.copy:
    content: "{{ ci.api_keys[0].key }}"
    dest: "{{ ci_key_file | default('ci.key') }}"
    mode: "0600"
  when: ci.api_keys[0].key is defined

- name: A new key every 30 days; the one before works for another hour
  community.balena.balena_api_key:
    name: ci
    state: rotated
    max_age: 2592000
    overlap: 3600
  register: ci

- name: A key with which new devices join the fleet
  community.balena.balena_api_key:
    scope: application
    application: acme/kiosk
    name: factory
  register: factory

- name: No such key on any device of a site
  community.balena.balena_api_key:
    scope: device
    application: acme/kiosk
    with_tags:
      site: berlin
    name: debugging
    state: absent
"""

RETURN = r"""
api_keys:
  description:
    - The key of each owner as it is after the task (in check mode as it would be); none with O(state=absent).
  returned: success, or when the keys of other devices failed
  type: list
  elements: dict
  contains:
    of:
      description: Whose it is, as name of the user, slug of the application or uuid of the device.
      type: str
    id:
      description: Id of the key; null before it is made, and where the server does not list it.
      type: int
    name:
      description: Its name.
      type: str
    description:
      description: Its description.
      type: str
    expires:
      description: When it ends; null means never.
      type: str
    created_at:
      description: When it was made.
      type: str
    key:
      description: The secret value. It is told only now.
      returned: when this task made the key
      type: str
  sample:
    - of: admin
      id: 12
      name: ci
      description: Used by the pipeline
      expires: "2099-12-31T00:00:00.000Z"
      created_at: "2026-11-21T21:58:44.885Z"
      key: ...
changes:
  description: How many keys were, or in check mode would be, made, changed and revoked.
  returned: always
  type: dict
  sample: {create: 1, update: 1, delete: 0}
diff:
  description: What changes, before and after; never the value of a key.
  returned: always
  type: dict
  sample:
    before: {api_key: {admin ci previous 1: {expiry_date: null}}}
    after: {api_key: {admin ci: {}, admin ci previous 1: {expiry_date: "2026-11-21T22:58:44.885Z"}}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: delete
      resource: api_key
      key: [admin, ci, previous 1]
      title: delete api_key admin ci previous 1
      error: its successor could not be made, so it stays as it is
"""

from ..module_utils.domain.keys.api_keys import plan
from ..module_utils.domain.keys.fields import API_KEY
from ..module_utils.engine.fields import options_of
from ..module_utils.module import run_module
from ..module_utils.options import DEVICE_SELECTOR, Options

OPTIONS = Options(
    argument_spec={
        **DEVICE_SELECTOR,
        "scope": {"type": "str", "choices": ["user", "application", "fleet", "device"], "default": "user"},
        **options_of(API_KEY.all),
        "state": {"type": "str", "choices": ["present", "absent", "rotated"], "default": "present"},
        "overlap": {"type": "int"},
        "max_age": {"type": "int"},
        "force": {"type": "bool", "default": False},
    },
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
