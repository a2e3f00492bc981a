# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a file of the host here, if it is not here already."""

from __future__ import annotations

import os
import posixpath
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .attributes import LOOK, State, state_of
from .checksums import SUM, checksum, sha256
from .quoting import path_word
from .shell import Shell, ShellFailure

Params = Mapping[str, Any]


def fetch(shell: Shell, params: Params, dest: Path, *, check_mode: bool) -> dict[str, Any]:
    """Make the file here have the content of the one there; in check mode, foresee it.

    :param dest: where it goes, as L(destination) says.
    :raises ShellFailure: it cannot be read there, did not arrive as it is there, or cannot be written here.
    """
    src = params["src"]
    state, tool, total = _look(shell, src)
    result: dict[str, Any] = {"changed": False, "src": src, "dest": str(dest), "checksum": None, "msg": ""}
    if not state.exists or state.kind != "file":
        wrong = (
            f"src: '{src}' is a {state.kind}, not a file"
            if state.exists
            else f"src: '{src}' does not exist on the host"
        )
        if params["fail_on_missing"] or state.exists:
            raise ShellFailure(wrong)
        return {**result, "msg": wrong}
    if not total:
        checksum(b"", tool)
        raise ShellFailure(f"src: '{src}' cannot be read on the host")
    here = _here(dest)
    if here is not None and checksum(here, tool) == total:
        return {**result, "checksum": sha256(here)}
    result["changed"] = True
    if check_mode:
        return {**result, "checksum": total if tool == "sha256sum" else None}
    data = _read(shell, src)
    if params["validate_checksum"] and checksum(data, tool) != total:
        raise ShellFailure(
            f"src: what arrived of '{src}' is not what is on the host, or it changed meanwhile; try again"
        )
    _write(dest, data)
    return {**result, "checksum": sha256(data)}


def destination(params: Params, host: str, based: str) -> Path:
    """Where a fetched file goes: to C(dest) itself if it is flat, else into a folder there named after the host.

    :param based: what a relative path begins in.
    :raises ShellFailure: there is no such place.
    """
    src, dest = str(params["src"]), str(params["dest"])
    for option, value in (("src", src), ("dest", dest)):
        if value == "":
            raise ShellFailure(f"{option} is empty. Say which file is meant")
    name = posixpath.basename(src.rstrip("/"))
    if not name or name in (".", ".."):
        raise ShellFailure(f"src: '{src}' is not the path of a file")
    root = Path(based, os.path.expanduser(dest))
    if params["flat"]:
        if dest.endswith("/"):
            return root / name
        if root.is_dir():
            raise ShellFailure(f"dest: '{dest}' is a folder. End it with a slash for the file to go into it")
        return root
    # Neither a path nor the name of a host leads out of the folder.
    clean = posixpath.normpath(f"/{src}").lstrip("/")
    return Path(root, host.replace("/", "_").replace("..", "_"), clean)


def _look(shell: Shell, src: str) -> tuple[State, str, str]:
    script = f'{LOOK}\n{SUM}\nf={path_word(src)}\nlook "$f" follow\nif [ -f "$f" ]; then sum "$f"; fi\nexit 0'
    lines = shell.run(script).output.split(b"\n")
    tool, _blank, total = lines[3].decode("ascii", "replace").partition(" ")
    return state_of(lines[:3], src), tool, total


def _read(shell: Shell, src: str) -> bytes:
    answer = shell.run(f"exec cat {path_word(src)}")
    if answer.status:
        raise ShellFailure(f"src: '{src}' cannot be read on the host: {answer.said}")
    return answer.output


def _here(dest: Path) -> bytes | None:
    try:
        return dest.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ShellFailure(f"dest: '{dest}' cannot be read here: {error.strerror}") from None


def _write(dest: Path, data: bytes) -> None:
    """Write a whole file or none."""
    new = dest.with_name(f".{secrets.token_hex(8)}.part")
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        try:
            with new.open("xb") as file:
                file.write(data)
            new.replace(dest)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise ShellFailure(f"dest: '{dest}' cannot be written here: {error.strerror}") from None
