#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: shell_file
short_description: Declare folders, files and links of a host that has only a shell
version_added: 2.0.0
description:
  - Makes and removes folders, empty files and links, and sets their owner, group and mode, on hosts without Python.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.shell
  - community.balena.shell_files
attributes:
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: full
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no change.
    support: full
    details: Not with O(state=touch), unless O(modification_time=preserve).
options:
  path:
    description: What is meant. A link is followed, but for O(state=link) and O(state=absent).
    type: str
    required: true
  state:
    description:
      - V(directory) makes a folder, and those above it that are missing.
      - V(touch) makes an empty file, or sets the time of what is there.
      - V(link) makes a link that leads to O(src).
      - V(absent) removes whatever is there, a folder with all that is in it. The root, a home, the current folder and
        those above it are refused.
      - V(file), or nothing, makes nothing; what is there gets its attributes, and has to be a file with V(file).
    type: str
    choices: [absent, directory, file, link, touch]
  src:
    description: Where a link leads to, exactly as it is written into the link. Needed with O(state=link).
    type: str
  recurse:
    description: Whether all that is in a folder gets the same attributes. Links do not, and are not followed.
    type: bool
    default: false
  modification_time:
    description: Whether O(state=touch) sets the time of a file that is there.
    type: str
    choices: [now, preserve]
    default: now
"""

EXAMPLES = r"""
- name: A folder for the configuration
  community.balena.shell_file:
    path: /data/web/config
    state: directory
    mode: "0750"

- name: Nobody else reads the logs
  community.balena.shell_file:
    path: /data/web/logs
    state: directory
    recurse: true
    mode: u=rwX,g=rX,o=

- name: The current version
  community.balena.shell_file:
    path: /data/web/current
    state: link
    src: versions/2

- name: No cache
  community.balena.shell_file:
    path: /data/web/cache
    state: absent
"""

RETURN = r"""
path:
  description: What was meant.
  returned: when the options were right
  type: str
  sample: /data/web/config
state:
  description: What is there after the task (in check mode what would be).
  returned: when the options were right
  type: str
  sample: directory
diff:
  description: What changes, before and after.
  returned: when the options were right
  type: raw
  sample:
    before: {path: /data/web/config, mode: "0755"}
    after: {path: /data/web/config, mode: "0750"}
"""

from ..module_utils.action_only import needs_action
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={
        "path": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["absent", "directory", "file", "link", "touch"]},
        "src": {"type": "str"},
        "recurse": {"type": "bool", "default": False},
        "modification_time": {"type": "str", "choices": ["now", "preserve"], "default": "now"},
        "owner": {"type": "str"},
        "group": {"type": "str"},
        "mode": {"type": "raw"},
    },
    api=False,
    verbatim=("path", "src", "owner", "group"),
)


def main() -> None:
    """Run as a process of its own."""
    needs_action(OPTIONS)


if __name__ == "__main__":
    main()
