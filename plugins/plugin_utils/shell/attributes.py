# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode, owner and group of a file: as they are, as they should be, and the commands between the two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any

from ...module_utils.engine.kinds import kind_of
from .shell import ShellFailure

_OCTAL = re.compile(r"[0-7]{3,4}\Z")
_CLAUSE = re.compile(r"([ugoa]+)((?:[-+=](?:[rwxXst]*|[ugo]))+)\Z")
_CHANGE = re.compile(r"([-+=])([rwxXstugo]*)")
_LISTED = re.compile(rb"[-dlbcps]([-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT])")
#: A name that C(chown) takes for one, and no second one behind a colon.
_ACCOUNT = re.compile(r"[^\s:-][^\s:]*\Z")
_SHIFT = {"u": 6, "g": 3, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}

#: A function of the shell that says what there is at a path, in three lines. With C(follow) as its second argument,
#: what a link leads to. It takes only the first fields of what C(ls) says: names can have line feeds.
LOOK = """\
fields() { read -r a b c d e f; printf '%s %s %s %s\\n' "$a" "$c" "$d" "$e"; }
look() {
  if [ "$2" = follow ]; then how=-ldL; else how=-ld; fi
  if [ -L "$1" ] && [ "$2" != follow ]; then echo link
  elif [ -d "$1" ]; then echo directory
  elif [ -f "$1" ]; then echo file
  elif [ -e "$1" ]; then echo other
  elif [ -L "$1" ]; then echo dangling
  else echo absent; fi
  ls "${how}n" "$1" 2>/dev/null | fields
  ls "$how" "$1" 2>/dev/null | fields
}
LC_ALL=C
export LC_ALL"""


@dataclass(frozen=True)
class State:
    """What there is at a path: a file, a directory, a link, another kind of thing, or nothing (absent, dangling)."""

    kind: str
    mode: int = 0
    uid: str = ""
    gid: str = ""
    owner: str = ""
    group: str = ""
    size: int = 0

    @property
    def exists(self) -> bool:
        """Whether there is anything but a link that leads nowhere."""
        return self.kind not in ("absent", "dangling")


def state_of(lines: list[bytes], path: str) -> State:
    """What the three lines of L(LOOK) say.

    :raises ShellFailure: something is there, but nothing is told of it.
    """
    kind = lines[0].decode("ascii", "replace")
    if kind in ("absent", "dangling"):
        return State(kind)
    numbers, names = (listed(line) for line in lines[1:3])
    if numbers is None or names is None:
        raise ShellFailure(f"'{path}' cannot be looked at on the host")
    mode, uid, gid, size = numbers
    return State(kind, mode, uid, gid, names[1], names[2], int(size) if size.isdigit() else 0)


def listed(line: bytes) -> tuple[int, str, str, str] | None:
    """Mode, owner, group and size from a line of C(ls), shortened to these fields; None if it is none."""
    fields = line.split(b" ")
    found = _LISTED.match(fields[0]) if len(fields) == 4 else None
    if not found:
        return None
    letters = found[1].decode()
    mode = sum(1 << (8 - place) for place, letter in enumerate(letters) if letter not in "-ST")
    for place, bit in ((2, 0o4000), (5, 0o2000), (8, 0o1000)):
        mode |= bit if letters[place] in "sStT" else 0
    owner, group, size = (field.decode("utf-8", "surrogateescape") for field in fields[1:])
    return mode, owner, group, size


def check_attributes(params: Mapping[str, Any], *folder_modes: str) -> None:
    """Refuse a mode, an owner or a group that can be none.

    :param folder_modes: the options besides C(mode) that are modes.
    :raises ShellFailure: names the option.
    """
    for option in ("mode", *folder_modes):
        _check_mode(params[option], option)
    for option in ("owner", "group"):
        name = params[option]
        if name is not None and not _ACCOUNT.match(name):
            raise ShellFailure(f"{option}: '{name}' cannot be the name of an account")


def _check_mode(mode: Any, option: str) -> None:
    if mode is None:
        return
    if not isinstance(mode, str):
        raise ShellFailure(
            f"{option} must be text, not {kind_of(mode)}: YAML reads 0644 as another number. Put it in quotes, '0644'"
        )
    if not _OCTAL.match(mode) and not all(map(_CLAUSE.match, mode.split(","))):
        raise ShellFailure(f"{option}: '{mode}' is neither octal, such as '0644', nor symbolic, such as 'u=rw,go=r'")


def resulting_mode(mode: str, before: int, *, folder: bool) -> int:
    """What a mode, as it is declared, makes of the one that there is."""
    if _OCTAL.match(mode):
        return int(mode, 8)
    for clause in mode.split(","):
        found = _CLAUSE.match(clause)
        if found:
            who = "ugo" if "a" in found[1] else found[1]
            for sign, letters in _CHANGE.findall(found[2]):
                before = _changed(before, who, sign, letters, folder)
    return before


def _changed(mode: int, who: str, sign: str, letters: str, folder: bool) -> int:
    bits = special = 0
    for letter in letters:
        if letter in _SHIFT:
            bits |= mode >> _SHIFT[letter] & 7
        elif letter == "X":
            bits |= 1 if folder or mode & 0o111 else 0
        elif letter in _BITS:
            bits |= _BITS[letter]
        elif letter == "s":
            special |= (0o4000 if "u" in who else 0) | (0o2000 if "g" in who else 0)
        else:
            special |= 0o1000 if "o" in who else 0
    wanted = special | sum(bits << _SHIFT[one] for one in set(who))
    if sign == "+":
        return mode | wanted
    if sign == "-":
        return mode & ~wanted
    # A folder keeps the bits that give what is made in it its group and owner, as chmod does.
    given = 0 if folder else (0o4000 if "u" in who else 0) | (0o2000 if "g" in who else 0)
    cleared = sum(7 << _SHIFT[one] for one in set(who)) | given | (0o1000 if "o" in who else 0)
    return mode & ~cleared | wanted


def differences(state: State, params: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """By attribute, what is and what should be, where the two differ. Nothing is known of what is absent."""
    found: dict[str, tuple[str, str]] = {}
    for option, number, name in (("owner", state.uid, state.owner), ("group", state.gid, state.group)):
        wanted = params[option]
        is_there = number if wanted and wanted.isdigit() else name
        if wanted is not None and wanted != is_there:
            found[option] = (is_there, wanted)
    if params["mode"] is not None:
        wanted_mode = resulting_mode(params["mode"], state.mode, folder=state.kind == "directory")
        if wanted_mode != state.mode:
            found["mode"] = (f"{state.mode:04o}", f"{wanted_mode:04o}")
    return found


def commands(word: str, wanted: Mapping[str, str], *, link: bool = False) -> list[str]:
    """The commands that give a path these attributes; owner first, since a change of it takes bits of the mode away."""
    how = "-h " if link else ""
    tools = {"owner": f"chown {how}", "group": f"chgrp {how}", "mode": "chmod "}
    return [f"{tool}{quote(wanted[name])} {word} || exit 1" for name, tool in tools.items() if wanted.get(name)]
