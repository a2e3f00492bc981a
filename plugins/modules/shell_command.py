#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: shell_command
short_description: Run a command on a host that has only a shell
version_added: 2.0.0
description:
  - Runs a command as M(ansible.builtin.shell) and M(ansible.builtin.command) do, on hosts without Python, and returns
    the same. C(register), C(changed_when), C(failed_when), C(until) and C(loop) work as they do there.
  - Give either O(cmd), a command line for the shell, or O(argv), a program and its arguments, in which nothing is
    interpreted.
  - The task's C(environment) reaches the command.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.shell
attributes:
  check_mode:
    support: partial
    details: The command does not run. O(creates) and O(removes) are looked at, so that what they prevent is foreseen.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: none
    details: What a command changes is not known.
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no change.
    support: partial
    details: With O(creates) or O(removes).
options:
  cmd:
    description: A command line, which the shell of the host interprets.
    type: str
  argv:
    description: A program and its arguments, each as it is; nothing in them is interpreted.
    type: list
    elements: str
  creates:
    description:
      - A path, or a pattern with C(*), C(?) or C([abc]). If there is such a file or folder, the command does not run.
      - A relative path begins in O(chdir).
    type: str
  removes:
    description: The same, but the command runs only if there is one.
    type: str
  chdir:
    description: The folder to run the command in.
    type: str
  stdin:
    description: What the command reads from its standard input, which is empty otherwise.
    type: str
  stdin_add_newline:
    description: Whether a line feed ends what O(stdin) says.
    type: bool
    default: true
  strip_empty_ends:
    description: Whether empty lines at the end of what the command printed are left out.
    type: bool
    default: true
  executable:
    description:
      - The shell that interprets O(cmd), by its path or name on the host. Left out, it is the one that Ansible itself
        uses there (C(ansible_shell_executable)).
    type: str
"""

EXAMPLES = r"""
- name: The kernel's messages about the power supply
  community.balena.shell_command:
    cmd: dmesg | grep -i voltage | tail -n 5
  register: power
  changed_when: false
  failed_when: power.rc > 1

- name: A program and its arguments, which may have any characters
  community.balena.shell_command:
    argv:
      - printf
      - "%s\n"
      - "It's $5; nothing here is interpreted"
  changed_when: false

- name: Make the database once
  community.balena.shell_command:
    cmd: ./create-database && touch created
    chdir: /data
    creates: created
  environment:
    DATABASE_SIZE: 10M
"""

RETURN = r"""
cmd:
  description: The command as it was given.
  returned: always
  type: raw
  sample: dmesg | tail -n 5
rc:
  description: The exit status.
  returned: always
  type: int
  sample: 0
stdout:
  description: What the command printed.
  returned: always
  type: str
  sample: Under-voltage detected!
stdout_lines:
  description: The same as a list of lines.
  returned: always
  type: list
  elements: str
  sample: [Under-voltage detected!]
stderr:
  description: What the command printed on its standard error.
  returned: always
  type: str
  sample: ""
stderr_lines:
  description: The same as a list of lines.
  returned: always
  type: list
  elements: str
  sample: []
start:
  description: When the command was started, by the clock of the controller; null if it did not run.
  returned: always
  type: str
  sample: "2026-03-01 12:00:00.000000"
end:
  description: When it had ended.
  returned: always
  type: str
  sample: "2026-03-01 12:00:01.250000"
delta:
  description: How long that took.
  returned: always
  type: str
  sample: "0:00:01.250000"
msg:
  description: Why the task failed, or why the command did not run.
  returned: always
  type: str
  sample: ""
"""

from ..module_utils.action_only import needs_action
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={
        "cmd": {"type": "str"},
        "argv": {"type": "list", "elements": "str"},
        "creates": {"type": "str"},
        "removes": {"type": "str"},
        "chdir": {"type": "str"},
        "stdin": {"type": "str"},
        "stdin_add_newline": {"type": "bool", "default": True},
        "strip_empty_ends": {"type": "bool", "default": True},
        "executable": {"type": "str"},
    },
    mutually_exclusive=[("cmd", "argv"), ("argv", "executable")],
    required_one_of=[("cmd", "argv")],
    api=False,
    verbatim=("cmd", "argv", "creates", "removes", "chdir", "executable"),
    data=("stdin",),
)


def main() -> None:
    """Run as a process of its own."""
    needs_action(OPTIONS)


if __name__ == "__main__":
    main()
