# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialogue with su or sudo: their prompt is answered, their refusal is an error, and neither is output."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError


class Escalation:
    """Answers the prompt of a become plugin.

    :param become: the plugin; None if the command runs as the user who logs in.
    """

    def __init__(self, become: Any) -> None:
        self._become = become
        self.is_over = not (become and becoming(become))
        self._answered = False
        self._rests = {"stdout": b"", "stderr": b""}

    def hear(self, stream: str, block: bytes) -> tuple[bytes, bytes]:
        """Look at output while the dialogue goes on.

        :returns: what of it is output of the command, and what to answer.
        :raises AnsibleError: the password is missing or wrong.
        """
        output, answer = b"", b""
        lines = (self._rests[stream] + block).splitlines(keepends=True)
        self._rests[stream] = b""
        while lines:
            line = lines.pop(0)
            if self._become.expect_prompt() and self._become.check_password_prompt(line):
                answer += self._password()
            elif self._become.check_success(line):
                self.is_over = True
                return output + b"".join(lines), answer
            elif not line.endswith(b"\n"):
                self._rests[stream] = line
            else:
                self._refuse_failure(line)
                output += line
        return output, answer

    def rest(self, stream: str) -> bytes:
        """What was kept back, because its line had not ended."""
        kept, self._rests[stream] = self._rests[stream], b""
        return kept

    def _password(self) -> bytes:
        if self._answered:
            raise AnsibleError(f"Incorrect {self._become.name} password")
        self._answered = True
        return f"{self._become.get_option('become_pass')}\n".encode("utf-8", "surrogateescape")

    def _refuse_failure(self, line: bytes) -> None:
        if self._become.check_incorrect_password(line):
            raise AnsibleError(f"Incorrect {self._become.name} password")
        if self._become.check_missing_password(line):
            raise AnsibleError(f"Missing {self._become.name} password")


def becoming(become: Any) -> bool:
    """Whether the plugin has made a command of its own, which will tell its success."""
    return bool(become.success)
