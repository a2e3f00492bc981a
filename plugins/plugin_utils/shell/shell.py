# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run scripts in the shell of a task's host, over whatever connection the host has.

A script is an argument of the shell that the connection starts, and data reach its standard input: one round trip.
What the script prints comes back byte by byte, between two lines that nobody can foresee. So neither a greeting of the
host nor an exit status that a connection has its own ideas about (ssh takes 255 for a failure of its own) disturbs.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from shlex import quote
from typing import Any

from ansible.plugins.action import ActionBase

from ...module_utils.engine.visible import visible
from ..becoming import passes_input

#: The most characters of a script: Linux takes 128 KiB as one argument, and each layer that quotes it adds to it.
LONGEST_SCRIPT = 60_000
#: How much of what a tool says a message repeats.
_READABLE = 500


class ShellFailure(Exception):
    """The task failed: the message, and what else its result holds."""

    def __init__(self, message: str, **result: Any) -> None:
        self.result = {**result, "msg": visible(message)}
        super().__init__(message)


def encoded(text: str, option: str) -> bytes:
    """The bytes of a text, some of which may not be UTF-8.

    :param option: where the text is from.
    :raises ShellFailure: it has half of a character.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ShellFailure(f"{option} has half of a surrogate pair, which is not a character") from None


@dataclass(frozen=True)
class Answer:
    """What became of a script: its exit status, standard output and standard error."""

    status: int
    output: bytes
    errors: bytes

    @property
    def said(self) -> str:
        """What it said on standard error, for a message."""
        text = self.errors.decode("utf-8", "replace").strip()
        return text if len(text) <= _READABLE else f"{text[:_READABLE]}…"


class Shell:
    """The shell of a task's host."""

    def __init__(self, action: ActionBase) -> None:
        self._action = action
        self._connection = action._connection
        family = getattr(self._connection._shell, "SHELL_FAMILY", "sh")
        if getattr(self._connection._shell, "_IS_WINDOWS", False):
            raise ShellFailure(f"the host's shell is {family}; this needs a POSIX shell (ansible_shell_type: sh)")

    @property
    def program(self) -> str:
        """The shell's program, as the host's variable C(ansible_shell_executable) has it."""
        return str(self._action._play_context.executable or "sh")

    def run(self, script: str, data: bytes = b"") -> Answer:
        """Run a script with the rights of the task.

        :param data: what the script reads from its standard input.
        :raises ShellFailure: the script is too long, or did not come to its end.
        :raises AnsibleConnectionFailure: the host cannot be reached.
        """
        if len(script) > LONGEST_SCRIPT:
            raise ShellFailure(
                f"the command has {len(script)} characters with its quotes, and a shell takes at most {LONGEST_SCRIPT}."
                " Send what is long as standard input, or as a file"
            )
        mark = f"--{secrets.token_hex(12)}"
        if self._takes_data():
            # There is always something to send: without, ssh asks for a terminal, which changes what comes back.
            raw = self._execute(_framed(script, mark, "" if data else "/dev/null", drained=True), data or b"\n")
        else:
            with self._uploaded(data) as place:
                raw = self._execute(_framed(script, mark, place, drained=False), None)
        return _answer(raw, mark)

    def _execute(self, command: str, data: bytes | None) -> dict[str, Any]:
        found: dict[str, Any] = self._action._low_level_execute_command(command, in_data=data)
        return found

    def _takes_data(self) -> bool:
        """Whether data can be sent to a command of this connection, past the question for a password."""
        if not self._connection.has_pipelining:
            return False
        become = self._connection.become
        if not become:
            return True
        if not passes_input(become):
            return False
        return bool(not become.expect_prompt() or self._connection.is_pipelining_enabled(False))

    @contextmanager
    def _uploaded(self, data: bytes) -> Iterator[str]:
        """The data as a file on the host, as a word, for connections that cannot send it to a command."""
        if not data:
            yield "/dev/null"
            return
        action = self._action
        if action._is_become_unprivileged():
            self._ensure_common_folder()
        folder = action._make_tmp_path()
        try:
            place = self._connection._shell.join_path(folder, "data")
            with tempfile.NamedTemporaryFile(prefix="shell-") as local:
                local.write(data)
                local.flush()
                self._connection.put_file(local.name, place)
            action._fixup_perms2((folder, place), execute=False)
            yield quote(place)
        finally:
            action._remove_tmp_path(folder, force=True)

    def _ensure_common_folder(self) -> None:
        """Have the folder that temporary ones are made in, which a minimal image may lack.

        ansible-core would make it with those, for nobody else to enter.
        """
        place = quote(str(self._connection._shell.get_option("system_tmpdirs")[0]))
        self._action._low_level_execute_command(f"[ -d {place} ] || mkdir -p -m 1777 {place}", sudoable=False)


def _framed(script: str, mark: str, source: str, *, drained: bool) -> str:
    """The script between two lines with the mark, the second of which says its exit status.

    It ends without a line feed: ansible-core may add C(&& sleep 0).

    :param source: what the script reads; empty: what is sent.
    :param drained: read what the script has left: else the connection would take it for a failure of its own.
    """
    calm = "" if drained else "stty -opost 2>/dev/null\n"
    drain = "cat >/dev/null 2>&1\n" if drained else ""
    read = f" <{source}" if source else ""
    begin = f"{calm}echo {mark}\necho {mark} >&2\n"
    return f"{begin}(\n{script}\n){read}\nstatus=$?\n{drain}printf '\\n%s %s\\n' {mark} \"$status\""


def _answer(raw: dict[str, Any], mark: str) -> Answer:
    output = raw["stdout"].encode("utf-8", "surrogateescape")
    errors = raw["stderr"].encode("utf-8", "surrogateescape")
    line = mark.encode()
    # What ssh itself says comes before.
    before, marked, after = errors.partition(line + b"\n")
    errors = after if marked else before
    _before, started, rest = output.partition(line)
    body, ended, status = rest.rpartition(b"\n" + line + b" ")
    said = Answer(raw["rc"], output, errors).said
    if not started:
        raise ShellFailure(
            f"no POSIX shell answered on the host (exit status {raw['rc']}): {said or 'it said nothing'}."
            " ansible_shell_executable says which program is the shell",
            rc=raw["rc"],
        )
    if not ended:
        raise ShellFailure(f"the shell on the host ended early (exit status {raw['rc']}): {said}", rc=raw["rc"])
    return Answer(int(status.split()[0]), body[body.index(b"\n") + 1 :], errors)
