# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring content into a file of the host: compared first, written beside it, checked, and moved into its place."""

from __future__ import annotations

import posixpath
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any

from .attributes import LOOK, State, check_attributes, commands, differences, state_of
from .checksums import SUM, checksum, sha256
from .differing import Texts
from .files import folders
from .quoting import path_word
from .shell import Shell, ShellFailure

Params = Mapping[str, Any]


@dataclass(frozen=True)
class _Found:
    """What there is on the host: where the file goes, whether its folder is there, what is in its place."""

    path: str
    has_folder: bool
    state: State
    tool: str
    checksum: str
    content: bytes


def copy(
    shell: Shell, params: Params, data: bytes, name: str, *, texts: Texts | None, check_mode: bool
) -> dict[str, Any]:
    """Make the file have this content and these attributes; in check mode, foresee it.

    :param name: what the file is called if C(dest) is a folder.
    :param texts: shows contents in diffs; None if no diff is wanted.
    :raises ShellFailure: something is in the way, or the host refuses.
    """
    check(params)
    found = _look(shell, params, name, texts)
    path, there = found.path, found.state
    if there.kind in ("directory", "other"):
        raise ShellFailure(f"dest: '{path}' is there, but not a file. Remove it first, or choose another path")
    if there.kind == "dangling":
        raise ShellFailure(f"dest: '{path}' is a link that leads nowhere. Leave follow out to replace it by the file")
    if not (found.has_folder or params["parents"] or params["dest"].endswith("/")):
        raise ShellFailure(f"dest: the folder of '{path}' does not exist on the host. parents=true creates it")
    kept = there.exists and not params["force"]
    same = kept or (there.kind == "file" and checksum(data, found.tool) == found.checksum)
    changes = {} if kept or there.kind != "file" else differences(there, params)
    result = {"changed": not same or bool(changes), "dest": path, "checksum": sha256(data), "size": len(data)}
    result["diff"] = [] if texts is None else texts.diff(path, there, found.content, data, same, changes)
    if check_mode or not result["changed"]:
        return result
    if same:
        script, data, backup = _attributes_script(params, path, changes), b"", ""
    else:
        script, backup = _write_script(params, found, data, changes)
    answer = shell.run(script, data)
    if answer.status:
        raise ShellFailure(f"dest: '{path}' cannot be written on the host: {answer.said or answer.status}")
    return {**result, **({"backup_file": backup} if backup else {})}


def check(params: Params) -> None:
    """Refuse what cannot be meant.

    :raises ShellFailure: names the option.
    """
    if params["dest"] == "":
        raise ShellFailure("dest is empty. Say which file is meant")
    if params["validate"] is not None and "%s" not in params["validate"]:
        raise ShellFailure("validate must contain %s, which stands for the file that is to be looked at")
    check_attributes(params, "directory_mode")


def _look(shell: Shell, params: Params, name: str, texts: Texts | None) -> _Found:
    dest = params["dest"].rstrip("/") or "/"
    inside = posixpath.join(dest, name)
    into = "true" if params["dest"].endswith("/") else '[ -d "$f" ]'
    most = 0 if texts is None else texts.most
    script = f"""{LOOK}
{SUM}
f={path_word(dest)}
if {into}; then echo into; f={path_word(inside)}; else echo as; fi
{_resolved(params)}
if [ -d "$p" ]; then echo yes; else echo no; fi
look "$f" {"follow" if params["follow"] else ""}
if [ -f "$f" ]; then sum "$f"; else tool; fi
if [ -f "$f" ] && [ "$(($(wc -c < "$f")))" -le {most} ]; then cat "$f"; fi
exit 0"""
    answer = shell.run(script)
    place, has_folder, *lines, last = answer.output.split(b"\n", 6)
    path = inside if place == b"into" else dest
    if place == b"into" and not name:
        raise ShellFailure(f"dest: '{params['dest']}' is a folder, and content has no name. Say which file is meant")
    tool, _blank, total = lines[3].decode("ascii", "replace").partition(" ")
    state = state_of(lines[:3], path)
    if state.kind == "file" and not total and tool:
        raise ShellFailure(f"dest: '{path}' cannot be read on the host")
    return _Found(path, has_folder == b"yes", state, tool, total, last)


def _resolved(params: Params) -> str:
    """Commands that make C(f) what a link leads to, if links are followed, and C(p) its folder with a slash."""
    # A line feed at the end of a name would get lost without the x.
    follow = 'if [ -L "$f" ]; then r=$(readlink -f "$f" && echo x) && f=${r%?x}; fi\n'
    return (follow if params["follow"] else "") + 'case "$f" in */*) p=${f%/*}/;; *) p=./;; esac'


def _attributes_script(params: Params, path: str, changes: Mapping[str, tuple[str, str]]) -> str:
    steps = commands('"$f"', {name: after for name, (_before, after) in changes.items()})
    return "\n".join([f"f={path_word(path)}", _resolved(params), *steps])


def _write_script(
    params: Params, found: _Found, data: bytes, changes: Mapping[str, tuple[str, str]]
) -> tuple[str, str]:
    """The script that writes what it reads, and the path of the copy that it makes of what is there."""
    backup = ""
    steps = ["LC_ALL=C; export LC_ALL", SUM]
    if not found.has_folder:
        attributes = {"mode": params["directory_mode"], "owner": params["owner"], "group": params["group"]}
        steps += folders(posixpath.dirname(found.path), attributes)
    steps += [f"f={path_word(found.path)}", _resolved(params), _RECEIVE.format(token=secrets.token_hex(6))]
    expected = f"{found.tool} {checksum(data, found.tool)}"
    steps.append(
        f'[ "$(sum "$t")" = {quote(expected)} ] || {{ echo "what arrived is not what was sent" >&2; exit 1; }}'
    )
    steps += _new_attributes(params, found.state, changes)
    if params["validate"] is not None:
        command = params["validate"].replace("%s", '"$t"')
        steps.append(f"( {command}\n) </dev/null >&2 || exit 1")
    if params["backup"] and found.state.exists:
        suffix = time.strftime("%Y-%m-%d@%H:%M:%S~")
        backup = f"{found.path}.{secrets.token_hex(3)}.{suffix}"
        steps.append(f'cp -p "$f" {path_word(backup)} || exit 1')
    return "\n".join([*steps, 'mv -f "$t" "$f" || exit 1']), backup


def _new_attributes(params: Params, state: State, changes: Mapping[str, tuple[str, str]]) -> list[str]:
    """What was there lends its attributes, as far as the host allows it; then come those that are declared."""
    if state.kind != "file":
        wanted = {name: params[name] for name in ("owner", "group", "mode") if params[name] is not None}
        return ['chmod =rw "$t" || exit 1', *commands('"$t"', wanted)]
    kept = [f'chown {state.uid}:{state.gid} "$t" 2>/dev/null', f'chmod {state.mode:04o} "$t" || exit 1']
    wanted = {name: after for name, (_before, after) in changes.items()}
    # A change of the owner takes bits of the mode away.
    return [*kept, *commands('"$t"', {"mode": f"{state.mode:04o}", **wanted})]


#: Writes what is sent into a new file beside the file, which is gone when the script ends before it is moved.
_RECEIVE = """\
t="$p".ansible-{token}
trap 'rm -f "$t"' EXIT
trap 'exit 1' HUP INT TERM PIPE
before=$(umask)
umask 077
set -C
: > "$t" || exit 1
set +C
cat > "$t" || exit 1
umask "$before\""""
