# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declare what is at a path of the host: a folder, a file, a link, or nothing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from shlex import quote
from typing import Any

from .attributes import (
    LOOK,
    State,
    check_attributes,
    commands,
    differences,
    listed,
    state_of,
)
from .quoting import path_word
from .shell import Shell, ShellFailure

Params = Mapping[str, Any]
_ATTRIBUTES = ("owner", "group", "mode")
_HOME = re.compile(r"~[^/]*\Z")


def declare(shell: Shell, params: Params, *, check_mode: bool) -> dict[str, Any]:
    """Make it so; in check mode, foresee it.

    :raises ShellFailure: the options make no sense, something else is in the way, or the host refuses.
    """
    check(params)
    path = params["path"].rstrip("/") or "/"
    state, rest = _looked(shell, path, params)
    before, after, steps = _plan(path, state, rest, params)
    diff = {"before": {"path": path, **before}, "after": {"path": path, **after}}
    if steps and not check_mode:
        answer = shell.run("\n".join(["LC_ALL=C; export LC_ALL", *steps]))
        if answer.status:
            raise ShellFailure(f"path: '{path}' cannot be changed on the host: {answer.said}")
    return {"changed": bool(steps), "path": path, "state": _state(state, params), "diff": diff}


def check(params: Params) -> None:
    """Refuse what cannot be meant.

    :raises ShellFailure: names the option.
    """
    path, state = params["path"], params["state"]
    if path == "":
        raise ShellFailure("path is empty. Say which file or folder is meant")
    check_attributes(params)
    if state == "absent" and _is_everything(path):
        raise ShellFailure(f"path: '{path}' is refused with state=absent, which would remove everything there")
    if state == "link" and params["mode"] is not None:
        raise ShellFailure("mode: a link has none of its own. Set it where the link leads to")
    if (state == "link") != (params["src"] is not None):
        raise ShellFailure("src says where a link leads to: it is needed with state=link, and means nothing otherwise")
    if params["src"] == "":
        raise ShellFailure("src is empty. Say where the link leads to")
    if params["recurse"] and state != "directory":
        raise ShellFailure("recurse works with state=directory alone")


def _is_everything(path: str) -> bool:
    """Whether this is the root, a home, or the folder that a command starts in or one above it."""
    clean = posixpath.normpath(path).lstrip("/")
    return not clean or bool(_HOME.match(clean)) or all(part in (".", "..") for part in clean.split("/"))


def _looked(shell: Shell, path: str, params: Params) -> tuple[State, bytes]:
    """What is at the path, and what else was asked: where a link leads to, or the attributes of all that is below."""
    follow = "" if params["state"] in ("absent", "link") else "follow"
    script = f'{LOOK}\np={path_word(path)}\nlook "$p" {follow}\n'
    if params["state"] == "link":
        script += 'readlink "$p" 2>/dev/null\n'
    if params["recurse"]:
        each = 'for it in "$@"; do ls -ldn "$it" | fields; ls -ld "$it" | fields; done'
        fields = LOOK.splitlines()[0]
        inner = quote(f"{fields}\n{each}")
        script += f'[ ! -d "$p" ] || find "$p/." ! -type l -exec {quote(shell.program)} -c {inner} sh {{}} +\n'
    lines = shell.run(f"{script}exit 0").output.split(b"\n", 3)
    return state_of(lines, path), b"".join(lines[3:])


_Planned = tuple[dict[str, Any], dict[str, Any], list[str]]


def _plan(path: str, state: State, rest: bytes, params: Params) -> _Planned:
    wanted = params["state"]
    if wanted == "absent":
        if state.kind == "absent":
            return {"state": "absent"}, {"state": "absent"}, []
        return {"state": state.kind}, {"state": "absent"}, [f"rm -rf {path_word(path)} || exit 1"]
    if wanted == "link":
        return _plan_link(path, state, rest, params)
    if not state.exists:
        return _plan_new(path, state, params)
    if wanted in ("directory", "file") and state.kind != wanted:
        raise ShellFailure(f"path: '{path}' is there, but not a {wanted}. Remove it first, or choose another path")
    found = differences(state, params)
    steps = commands(path_word(path), {name: after for name, (_before, after) in found.items()})
    before: dict[str, Any] = {name: was for name, (was, _after) in found.items()}
    after: dict[str, Any] = {name: becomes for name, (_before, becomes) in found.items()}
    if params["recurse"] and (count := _differing(rest, params)):
        before["differing"], after["differing"] = count, 0
        steps = [_everywhere(path, command) for command in _wanted_commands("{}", params)]
    if wanted == "touch" and params["modification_time"] == "now":
        before["touched"], after["touched"] = False, True
        steps = [f"touch {path_word(path)} || exit 1", *steps]
    return before, after, steps


def _plan_new(path: str, state: State, params: Params) -> _Planned:
    wanted, word = params["state"], path_word(path)
    if state.kind == "dangling":
        raise ShellFailure(f"path: '{path}' is a link that leads nowhere. Remove it first, or make what it leads to")
    if wanted not in ("directory", "touch"):
        raise ShellFailure(
            f"path: '{path}' does not exist on the host. state=touch creates a file, state=directory a folder"
        )
    steps = folders(path, params) if wanted == "directory" else [f"touch {word} || exit 1"]
    steps += _wanted_commands(word, params) if wanted == "touch" else []
    after = {name: params[name] for name in _ATTRIBUTES if params[name] is not None}
    return {"state": "absent"}, {"state": "directory" if wanted == "directory" else "file", **after}, steps


def _plan_link(path: str, state: State, rest: bytes, params: Params) -> _Planned:
    word, target = path_word(path), rest[:-1].decode("utf-8", "surrogateescape")
    if state.kind not in ("absent", "link"):
        raise ShellFailure(f"path: '{path}' is a {state.kind}, which a link does not replace. Remove it first")
    found = differences(state, params) if state.kind == "link" else {}
    before = {"state": state.kind, **({"src": target} if state.kind == "link" else {})}
    after = {"state": "link", "src": params["src"]}
    if before == after:
        steps = commands(word, {name: becomes for name, (_was, becomes) in found.items()}, link=True)
        return (
            {name: was for name, (was, _becomes) in found.items()},
            {name: becomes for name, (_was, becomes) in found.items()},
            steps,
        )
    owned = {name: params[name] for name in ("owner", "group") if params[name] is not None}
    made = [f"ln -sfn -- {quote(params['src'])} {word} || exit 1", *commands(word, owned, link=True)]
    return before, {**after, **owned}, made


def folders(path: str, params: Params) -> list[str]:
    """The commands that make a folder and those above it that are missing, each with the attributes."""
    parts = path.split("/")
    steps = []
    for number in range(1, len(parts) + 1):
        if parent := "/".join(parts[:number]):
            word = path_word(parent)
            made = "; ".join([f"mkdir {word} || exit 1", *_wanted_commands(word, params)])
            steps.append(f"if [ ! -d {word} ]; then {made}; fi")
    return steps


def _wanted_commands(word: str, params: Params) -> list[str]:
    return commands(word, {name: params[name] for name in _ATTRIBUTES if params[name] is not None})


def _everywhere(path: str, command: str) -> str:
    tool = command.removesuffix(" {} || exit 1")
    return f"find {path_word(path)}/. -depth ! -type l -exec {tool} {{}} + || exit 1"


def _differing(rest: bytes, params: Params) -> int:
    """How many of what is below a folder, and it itself, have other attributes."""
    lines = rest.split(b"\n")
    count = 0
    for first, second in zip(lines[::2], lines[1::2], strict=False):
        numbers, names = listed(first), listed(second)
        if numbers and names:
            kind = "directory" if first.startswith(b"d") else "file"
            state = State(kind, numbers[0], numbers[1], numbers[2], names[1], names[2])
            count += bool(differences(state, params))
    return count


def _state(state: State, params: Params) -> str:
    wanted = "file" if params["state"] == "touch" else params["state"]
    return str(wanted or state.kind)
