# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command at a terminal, answer its question, and print what it shows: `terminal.py ANSWER COMMAND...`.

A program of its own, since a process with threads, as that of the tests is, should not be forked.
"""

from __future__ import annotations

import sys

import pexpect

QUESTION = "Type yes to begin it"


def main(answer: str, command: str, *arguments: str) -> int:
    """Run the command; its exit status."""
    terminal = pexpect.spawn(command, list(arguments), encoding="utf-8", timeout=120)
    terminal.logfile_read = sys.stdout
    while terminal.expect([QUESTION, pexpect.EOF]) == 0:
        terminal.sendline(answer)
    terminal.close()
    return int(terminal.exitstatus)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
