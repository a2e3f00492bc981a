# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command that a task gives, and return what M(ansible.builtin.command) returns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from shlex import quote
from typing import Any

from .quoting import path_word, pattern_word, words
from .shell import Answer, Shell, ShellFailure, encoded

Params = Mapping[str, Any]

#: Looks for what a pattern stands for; ends the loop's command with success if there is any.
_THERE = 'there() { for it in "$@"; do if [ -e "$it" ] || [ -L "$it" ]; then return 0; fi; done; return 1; }'


def run_command(shell: Shell, params: Params, *, exports: str, check_mode: bool) -> dict[str, Any]:
    """Run the command unless C(creates) or C(removes) prevent it.

    :param exports: a command that sets the environment; may be empty.
    :raises ShellFailure: the options make no command, or there is no such folder to run it in.
    """
    _check(params)
    start = datetime.now()
    answer = shell.run(_script(shell, params, exports, check_mode), _input(params))
    end = datetime.now()
    word, _line, output = answer.output.partition(b"\n")
    found = {"cmd": params["cmd"] if params["argv"] is None else params["argv"], "start": None, "end": None}
    found |= {"delta": None, "msg": "", "rc": 0, **_printed(Answer(0, b"", b""), params)}
    if word == b"chdir":
        raise ShellFailure(f"chdir: cannot change to the folder '{params['chdir']}' on the host: {answer.said}")
    if word in (b"creates", b"removes"):
        return {**found, "changed": False, **_skipped(word.decode(), params, check_mode)}
    if check_mode:
        return {**found, "msg": "Command would have run if not in check mode", **_unrun(params)}
    found |= {"start": str(start), "end": str(end), "delta": str(end - start), "changed": True}
    found |= {"rc": answer.status, **_printed(Answer(answer.status, output, answer.errors), params)}
    return {**found, "failed": True, "msg": "non-zero return code"} if answer.status else found


def _check(params: Params) -> None:
    for name in ("cmd", "chdir", "creates", "removes", "executable"):
        if params[name] == "" or (name == "cmd" and params[name] is not None and not params[name].strip()):
            raise ShellFailure(f"{name} is empty. Leave it out, or say what it should be")
    argv = params["argv"]
    if argv is not None and not (argv and argv[0]):
        raise ShellFailure("argv is empty, or its first item is: it must name a program")
    if argv and argv[0].startswith("-"):
        raise ShellFailure(f"argv: the program '{argv[0]}' looks like an option. Give its path, such as './{argv[0]}'")


def _script(shell: Shell, params: Params, exports: str, check_mode: bool) -> str:
    lines = [_THERE]
    if params["chdir"]:
        lines.append(f"CDPATH= cd {path_word(params['chdir'])} || {{ echo chdir; exit 0; }}")
    if params["creates"]:
        lines.append(f"if there {pattern_word(params['creates'])}; then echo creates; exit 0; fi")
    if params["removes"]:
        lines.append(f"there {pattern_word(params['removes'])} || {{ echo removes; exit 0; }}")
    lines.append("echo run")
    if check_mode:
        return "\n".join(lines)
    if params["argv"] is not None:
        command = words(params["argv"])
    else:
        program = params["executable"] and path_word(params["executable"])
        command = f"{program or quote(shell.program)} -c {quote(_not_an_option(params['cmd']))}"
    return "\n".join([*lines, *([exports] if exports else []), f"exec {command}"])


def _not_an_option(command: str) -> str:
    """A command line that no shell takes for one of its own options."""
    return f" {command}" if command.startswith(("-", "+")) else command


def _input(params: Params) -> bytes:
    text = params["stdin"]
    if text is None:
        return b""
    end = "\n" if params["stdin_add_newline"] else ""
    return encoded(f"{text}{end}", "stdin")


def _printed(answer: Answer, params: Params) -> dict[str, Any]:
    """Standard output and standard error, as text: what is not UTF-8 is as Python's C(surrogateescape) has it."""
    found: dict[str, Any] = {}
    for name, data in (("stdout", answer.output), ("stderr", answer.errors)):
        text = data.decode("utf-8", "surrogateescape")
        found[name] = text.rstrip("\r\n") if params["strip_empty_ends"] else text
        found[f"{name}_lines"] = found[name].splitlines()
    return found


def _skipped(option: str, params: Params, check_mode: bool) -> dict[str, Any]:
    """Why the command did not run, in the words of M(ansible.builtin.command)."""
    why = f"'{params[option]}' {'exists' if option == 'creates' else 'does not exist'}"
    said = f"skipped, since {params[option]} {'exists' if option == 'creates' else 'does not exist'}"
    would = "Would not run" if check_mode else "Did not run"
    return {"msg": f"{would} command since {why}", "stdout": said, "stdout_lines": [said]}


def _unrun(params: Params) -> dict[str, Any]:
    """What check mode returns of a command that would run: that it changes something is known only with a bound."""
    bounded = params["creates"] is not None or params["removes"] is not None
    return {"changed": True} if bounded else {"changed": False, "skipped": True}
