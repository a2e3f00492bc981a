# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a name that means nothing was probably meant to be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher

#: How alike two names must be (0 to 1): a slip of the keyboard, a missing ending, but not just any name.
_ALIKE = 0.6
#: Longer names are not compared with others: that takes time, and nobody mistypes 200 characters.
_LONGEST = 200
#: Names that are looked at. Of ten thousand a few thousand will do: the message is help, not a search.
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


def slip(name: str, known: Iterable[str]) -> str | None:
    """The known name that a name is so much like that hardly anything else can be meant.

    L(near) only helps with a name that is wrong in any case. This decides whether it is, so it is stricter: a letter
    too many or too few, two that changed places, a plural, an ending that is missing; in long names a little more. A
    name that goes on with further words after a known one (C(report_folder) after C(report)) is one of its own.

    :param name: what was given, of lower-case words with underscores between.
    :param known: names of the same kind.
    """
    best, most = None, 0.0
    words = _words(name)
    for text in known:
        parts = _words(text)
        if words == parts:
            return text
        if words[: len(parts)] == parts:
            continue
        alike = _slip(name, text)
        if alike > most:
            best, most = text, alike
    return best


def _slip(given: str, text: str) -> float:
    """How likely one name is the other, mistyped; 0 if it may well be another name."""
    if len(given) >= 4 and text.startswith(given):
        return 0.95 - 0.01 * (len(text) - len(given))
    alike = SequenceMatcher(a=text, b=given).ratio()
    letters = Counter(given)
    letters.subtract(text)
    differing = sum(map(abs, letters.values()))
    if len(given) >= 8:
        return alike if alike >= 0.8 else 0.0
    # In a short name, another letter soon makes another word: state, stage.
    mistyped = differing <= 1 or (differing == 2 and len(given) >= 6 and alike > 0.8)
    return alike if mistyped else 0.0


def _words(name: str) -> list[str]:
    """The words of a name, in the singular."""
    return [re.sub(r"(?<=\w{3})s$", "", re.sub("ies$", "y", word)) for word in name.casefold().split("_") if word]


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
