# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a name that means nothing was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

#: How alike two names must be (0 to 1): a slip of the keyboard, a missing ending, but not just any name.
_ALIKE = 0.6
#: Longer names are not compared with others: that takes time, and nobody mistypes 200 characters.
_LONGEST = 200
#: Names that are looked at. Of ten thousand devices a few thousand will do: the message is help, not a search.
_MOST = 5000


def near(name: object, known: Iterable[object]) -> str:
    """The end of an error's sentence: which of the known names was probably meant.

    :param name: what was given.
    :param known: what would have been right.
    :returns: C("; did you mean 'x'?"), or C("") if nothing is like it. A name that differs only in upper and lower
        case, or that goes on after what was given, is preferred.
    """
    given = str(name)
    if not given.strip() or len(given) > _LONGEST:
        return ""
    best, most = "", _ALIKE
    given_small = given.casefold()
    matcher = SequenceMatcher(b=given_small)
    for _number, item in zip(range(_MOST), known):  # noqa: B905 - ends with whichever ends first
        text = str(item)
        if text == given or len(text) > _LONGEST:
            continue
        alike = _likeness(matcher, given_small, text.casefold())
        if alike > most:
            best, most = text, alike
    return f"; did you mean '{best}'?" if best else ""


def _likeness(matcher: SequenceMatcher[str], given: str, text: str) -> float:
    """From 0 to 1; 1 for the same in another case."""
    if text == given:
        return 1.0
    if min(len(given), len(text)) >= 3 and (text.startswith(given) or given.startswith(text)):
        return 0.95 - 0.01 * min(abs(len(text) - len(given)), 20)
    matcher.set_seq1(text)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    return matcher.ratio()
