# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of the API as it may be shown: what a terminal or a browser would act on, or hide, becomes visible.

Whoever may name a thing, set a tag or have a program report its state chooses this text. An escape sequence could
clear a terminal or fake a line of a report; a direction mark could turn C(exe.txt) into C(txt.exe).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Control characters (C0 but for tab and line feed, DEL, C1), invisible and direction marks, line separators, the
#: halves of characters, and the tags that spell hidden ASCII. Joiners (200C, 200D) and the variation selectors stay:
#: words of several languages and emoji are written with them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def has_hidden(text: str) -> bool:
    """Whether there is a character in the text that is not seen, or that a terminal acts on (tab and line feed too)."""
    return bool(_HIDDEN.search(text)) or "\n" in text or "\t" in text


def visible(text: str) -> str:
    r"""The text with each such character as its escape (C(\x1b), C(\r), C(\u202e)); tab and line feed stay."""
    return _HIDDEN.sub(_escaped, text) if _HIDDEN.search(text) else text


def one_line(text: str) -> str:
    """The same, and on one line: for messages and for cells of a table, which a line feed would end."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def visible_in(value: Any) -> Any:
    """All text in a value of plain JSON made visible, keys too; whatever needs no change is the same object."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, (dict, Mapping)):  # dict first: to ask an abstract class takes longer
        return {visible_in(key): visible_in(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [visible_in(item) for item in value]
    return value


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()
