# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which waves need approval: by number, by name, or all of them; also as texts, as surveys give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ...engine.plan import DeclarationError
from .division import Idle, Wave

#: Means every wave.
ALL = "all"

_NUMBER = re.compile(r"(\d+)(\.0+)?", re.ASCII)


def needed(declared: Iterable[Any] | None, waves: Sequence[Wave | Idle]) -> list[int]:
    """The numbers of the waves that need approval before they begin.

    :param declared: each a number of a wave, a name, or C(all). A text that is the number of one wave and the name of
        another means both.
    :raises DeclarationError: one of them means no wave; names the waves that there are.
    """
    found: set[int] = set()
    for item in declared or ():
        meant = {wave.number for wave in waves if _means(item, wave)}
        if not meant:
            known = ", ".join(f"{wave.number} ({wave.name})" for wave in waves) or "none"
            raise DeclarationError(
                f"approval: {item!r} is neither the number nor the name of a wave, nor {ALL}. The waves are {known}"
            )
        found |= meant
    return sorted(found)


def _means(item: Any, wave: Wave | Idle) -> bool:
    if isinstance(item, bool):
        return False
    if isinstance(item, (int, float)):
        return item == wave.number
    if not isinstance(item, str):
        return False
    text = _plain(item)
    number = _NUMBER.fullmatch(text)
    return text in (ALL, _plain(wave.name)) or bool(number and int(number.group(1)) == wave.number)


def _plain(text: str) -> str:
    return "".join(text.split()).lower()
