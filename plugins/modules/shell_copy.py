#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: shell_copy
short_description: Bring files and templates to a host that has only a shell
version_added: 2.0.0
description:
  - Makes a file of a host without Python have the content of a file of the controller, of a template, or as it is given
    in the task.
  - The file is compared by a checksum first. What differs is sent to a new file beside it, checked there, and moved
    into its place, so that the file is the old or the new one at any time.
  - The content is held in memory.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.shell
  - community.balena.shell_files
attributes:
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: full
    details: With C(no_log) it does not show contents.
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no change.
    support: full
options:
  src:
    description:
      - A file of the controller. A relative one is looked for in the folder C(files) of the role or beside the
        playbook, with O(template=true) in C(templates), as for M(ansible.builtin.copy) and M(ansible.builtin.template).
      - A vaulted file is decrypted. With O(mode=preserve) the file on the host gets the mode of this one.
    type: str
  content:
    description: The content itself. A mapping or a list becomes JSON.
    type: raw
  template:
    description: Whether O(src) is a template, which is rendered as M(ansible.builtin.template) does.
    type: bool
    default: false
  dest:
    description:
      - The file on the host. If it is a folder, or ends with a slash, the file goes into that folder under the name of
        O(src); after a slash, the folder is made if it is missing.
    type: str
    required: true
  force:
    description: Whether a file that is there is replaced. If not, only a missing one is made.
    type: bool
    default: true
  follow:
    description: Whether a link at O(dest) stays, and the file that it leads to is written. If not, it is replaced.
    type: bool
    default: false
  parents:
    description: Whether folders that are missing are made.
    type: bool
    default: false
  directory_mode:
    description: The mode of folders that are made.
    type: raw
  backup:
    description: Whether a copy of the file stays beside it when its content changes.
    type: bool
    default: false
  validate:
    description:
      - A command line for the shell of the host that looks at the new file before it takes its place. C(%s), without
        quotes, stands for that file. If the command fails, everything stays as it is.
    type: str
"""

EXAMPLES = r"""
- name: The configuration, from a template
  community.balena.shell_copy:
    src: web.conf.j2
    template: true
    dest: /data/web/web.conf
    mode: "0640"
    backup: true
  when: "'web.conf.j2' is file"

- name: Settings as JSON, in a folder that may be missing
  community.balena.shell_copy:
    content:
      region: north
      colours: [green, blue]
    dest: /data/web/settings.json
    parents: true

- name: A script that the shell understands
  community.balena.shell_copy:
    content: |
      #!/bin/sh
      echo hello
    dest: /data/web/hello
    mode: u=rwx,go=rx
    validate: sh -n %s
"""

RETURN = r"""
dest:
  description: The file.
  returned: when the options were right
  type: str
  sample: /data/web/web.conf
checksum:
  description: The SHA-256 checksum of the content.
  returned: when the options were right
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
size:
  description: How many bytes the content has.
  returned: when the options were right
  type: int
  sample: 4
backup_file:
  description: The copy of what was there before.
  returned: when O(backup=true) and the content changed
  type: str
  sample: /data/web/web.conf.1f2e3d.2026-03-01@12:00:00~
diff:
  description: What changes, before and after; empty unless the task is in diff mode.
  returned: when the options were right
  type: raw
  sample:
    - before: {path: /data/web/web.conf, mode: "0644"}
      after: {path: /data/web/web.conf, mode: "0640"}
"""

from ..module_utils.action_only import needs_action
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={
        "src": {"type": "str"},
        "content": {"type": "raw"},
        "template": {"type": "bool", "default": False},
        "dest": {"type": "str", "required": True},
        "force": {"type": "bool", "default": True},
        "follow": {"type": "bool", "default": False},
        "parents": {"type": "bool", "default": False},
        "directory_mode": {"type": "raw"},
        "backup": {"type": "bool", "default": False},
        "validate": {"type": "str"},
        "owner": {"type": "str"},
        "group": {"type": "str"},
        "mode": {"type": "raw"},
    },
    mutually_exclusive=[("src", "content")],
    required_one_of=[("src", "content")],
    api=False,
    verbatim=("src", "dest", "validate", "owner", "group"),
    data=("content",),
)


def main() -> None:
    """Run as a process of its own."""
    needs_action(OPTIONS)


if __name__ == "__main__":
    main()
