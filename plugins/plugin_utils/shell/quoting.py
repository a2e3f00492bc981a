# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of a POSIX shell: whatever bytes a text has, they arrive as they are.

Bytes that are not UTF-8 are in texts as Python's C(surrogateescape) has them, and leave that way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from shlex import quote

_HOME = re.compile(r"~([A-Za-z_][A-Za-z0-9_.-]*)?(?=/|\Z)")
#: What a pattern of file names has that is not a character of a name: sets of characters, and what stands for any.
_PATTERN = re.compile(r"\[[!^]?[\w.,:@%+=-]+\]|[*?]", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def words(arguments: list[str]) -> str:
    """Arguments as the words of a command, each exactly as it is."""
    return " ".join(map(quote, arguments))


def path_word(path: str) -> str:
    """A path as a word that no tool takes for an option.

    A leading C(~) or C(~name) is the home of the user that the shell runs as, or of the one of that name.
    """
    if found := _HOME.match(path):
        home, rest = found[0] if found[1] else '"$HOME"', path[found.end() :]
        # The slash after a name has to be outside of quotes, or the shell takes the name for characters.
        return home + rest[:1] + _quoted(rest[1:])
    return quote(f"./{path}" if path.startswith("-") else path)


def pattern_word(pattern: str) -> str:
    """The same for a pattern, in which C(*), C(?) and C([abc]) stand for what there is."""
    found = _HOME.match(pattern)
    start = path_word(found[0]) if found else "./" if pattern.startswith("-") else ""
    rest = pattern[found.end() :] if found else pattern
    pieces, at = [start], 0
    for special in _PATTERN.finditer(rest):
        pieces += [_quoted(rest[at : special.start()]), special[0]]
        at = special.end()
    return "".join([*pieces, _quoted(rest[at:])]) or "''"


def exports(environment: Mapping[str, str]) -> str:
    """A command that puts variables into the environment; an empty text if there are none.

    :raises ValueError: a name that no shell has; the exception's argument is the name.
    """
    for name in environment:
        if not _VARIABLE.match(name):
            raise ValueError(name)
    pairs = [f"{name}={quote(value)}" for name, value in environment.items()]
    return f"export {' '.join(pairs)}" if pairs else ""


def _quoted(text: str) -> str:
    return quote(text) if text else ""
