# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command in a frame that tells for sure whether it was started, and how it ended.

A shell on the other side says that it is ready, waits for the word, runs the command, and says how it ended. It says so
on standard error, in lines with a mark that nobody can guess; these are taken out again. A command that was not given
the word has not been started and never will be, however late a stopped engine or a broken connection wakes up.
"""

from __future__ import annotations

import re
import secrets
import shlex
from dataclasses import dataclass, field

SHELL = "/bin/sh"


@dataclass
class Frame:
    """The frame of one command.

    :param mark: what its lines begin with.
    """

    mark: str = field(default_factory=lambda: f"balena-{secrets.token_hex(8)}")

    @property
    def word(self) -> bytes:
        """What the other side waits for."""
        return f"{self.mark}:go\n".encode()

    def wrap(self, command: str) -> str:
        """The shell command that runs a command in this frame."""
        script = (
            f'{self.say("ready")}; IFS= read -r go && [ "$go" = {self.mark}:go ] || exit 254;'
            f" {SHELL} -c {shlex.quote(command)}; rc=$?; {self.say('end:$rc')}; exit $rc"
        )
        return f"{SHELL} -c {shlex.quote(script)}"

    def say(self, text: str) -> str:
        """The shell command that says something to this side. Variables in it are filled in."""
        return f'printf "%s\\n" "{self.mark}:{text}" >&2'

    def read(self, errors: bytes) -> tuple[dict[str, list[str]], bytes]:
        """What the other side said, by kind, and the standard error without it."""
        said: dict[str, list[str]] = {}

        def note(found: re.Match[bytes]) -> bytes:
            said.setdefault(found[1].decode(), []).append(found[2].decode("utf-8", "replace"))
            return b""

        pattern = re.escape(self.mark.encode()) + rb":([a-z-]+):?([^\n]*)\n"
        return said, re.sub(pattern, note, errors)
