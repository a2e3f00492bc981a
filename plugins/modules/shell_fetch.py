#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: shell_fetch
short_description: Fetch files of a host that has only a shell
version_added: 2.0.0
description:
  - Brings a file of a host without Python to the controller, as M(ansible.builtin.fetch) does. If the file here has the
    same checksum, nothing is sent and nothing changes.
  - The content is held in memory.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.shell
attributes:
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: none
    details: What differs is on the controller, and may be any data.
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no change.
    support: full
options:
  src:
    description: The file on the host. A link is followed.
    type: str
    required: true
  dest:
    description:
      - Where the file goes on the controller. Unless O(flat=true) it is a folder, in which the file gets the name of
        the host and its own path, as in C(fetched/box1/etc/hosts).
    type: str
    required: true
  flat:
    description: Whether O(dest) is the file itself or, if it ends with a slash, the folder of the file.
    type: bool
    default: false
  fail_on_missing:
    description: Whether it is a failure if there is no such file.
    type: bool
    default: true
  validate_checksum:
    description: Whether what arrived is compared with the checksum of the file there.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: The log, from each host into a folder of its own
  community.balena.shell_fetch:
    src: /data/web/web.log
    dest: fetched
    fail_on_missing: false

- name: The release of the host's system
  community.balena.shell_fetch:
    src: /etc/os-release
    dest: "releases/{{ inventory_hostname }}"
    flat: true
"""

RETURN = r"""
src:
  description: The file on the host.
  returned: when the options were right
  type: str
  sample: /data/web/web.log
dest:
  description: The file on the controller.
  returned: when the options were right
  type: str
  sample: /home/me/fetched/box1/data/web/web.log
checksum:
  description:
    - The SHA-256 checksum of the file; null if there is none, and in check mode if the host has no C(sha256sum).
  returned: when the options were right
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
msg:
  description: Why the task failed, or why there was nothing to fetch.
  returned: always
  type: str
  sample: ""
"""

from ..module_utils.action_only import needs_action
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={
        "src": {"type": "str", "required": True},
        "dest": {"type": "str", "required": True},
        "flat": {"type": "bool", "default": False},
        "fail_on_missing": {"type": "bool", "default": True},
        "validate_checksum": {"type": "bool", "default": True},
    },
    api=False,
    verbatim=("src", "dest"),
)


def main() -> None:
    """Run as a process of its own."""
    needs_action(OPTIONS)


if __name__ == "__main__":
    main()
