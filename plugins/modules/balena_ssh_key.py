#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_ssh_key
short_description: Declare the public SSH keys of the user of balena
version_added: 1.0.0
description:
  - Adds, replaces and removes public SSH keys of the user of O(api_token), by their titles. With them the user reaches
    the host OS of devices through the tunnel of balena.
  - Keys are compared without their comments.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
options:
  title:
    description:
      - What the key is called. There is one key of a title afterwards; others of the same title are removed.
    type: str
    required: true
  public_key:
    description:
      - The public key as one line, as in C(id_ed25519.pub). Needed unless O(state=absent).
      - A key that the user has already under another title gets this one, since the API keeps a key only once.
    type: str
  state:
    description: Whether the key should exist.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: The key of my laptop
  community.balena.balena_ssh_key:
    title: laptop
    public_key: "{{ laptop_key | default(example_key) }}"
  vars:
    example_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@laptop

- name: No key of the laptop that was stolen
  community.balena.balena_ssh_key:
    title: old laptop
    state: absent
"""

RETURN = r"""
ssh_key:
  description: The key as it is after the task (in check mode as it would be); null when it is absent.
  returned: success
  type: dict
  sample:
    id: 4
    title: laptop
    public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@laptop
changes:
  description: How many keys were, or in check mode would be, added, renamed and removed.
  returned: always
  type: dict
  sample: {create: 1, update: 0, delete: 1}
diff:
  description: What changes, before and after.
  returned: always
  type: dict
  sample:
    before:
      user__has__public_key:
        laptop previous 1: {public_key: ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 me@laptop}
    after:
      user__has__public_key:
        laptop: {public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoq me@laptop}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: delete
      resource: user__has__public_key
      key: [laptop, previous 1]
      title: delete user__has__public_key laptop previous 1
      error: its successor could not be made, so it stays as it is
"""

from ..module_utils.domain.keys.ssh_keys import SSH_KEY, plan
from ..module_utils.engine.fields import options_of
from ..module_utils.module import run_module
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={
        **options_of(SSH_KEY.all),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    never_null=("title",),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
