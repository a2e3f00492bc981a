# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kind of thing a declared value is, in YAML's words, and which values can be used for nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .plan import DeclarationError
from .visible import visible

#: How much of a run of characters without white space a message repeats.
_READABLE = 200
_ENDLESS = re.compile(r"\S{400,}")

_KINDS: tuple[tuple[type, str], ...] = (
    (str, "text"),
    (int, "a whole number"),
    (float, "a number with decimals"),
    (Mapping, "a mapping"),
    (list, "a list"),
    (tuple, "a list"),
)
#: The largest id: a larger one makes the API's database fail.
MAX_ID = 2**31 - 1

#: NUL, which the API's database cannot store, and halves of characters, which cannot be written as UTF-8.
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
#: The same without what stands for a byte that is not UTF-8.
_UNSPEAKABLE = re.compile("[\x00\ud800-\udc7f\udd00-\udfff]")


def kind_of(value: Any) -> str:
    """A value in YAML's words, without itself: it may be a secret."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    for kind, words in (
        (str, "text"),
        (int, "a whole number"),
        (float, "a number with decimals"),
        (Mapping, "a mapping"),
    ):
        if isinstance(value, kind):
            return words
    return "a list" if isinstance(value, (list, tuple)) else f"a {type(value).__name__}"


def unusable(value: Any, path: str) -> Iterator[str]:
    """What in a value, at any depth, can neither be stored nor be sent.

    :param path: where the value stands, such as C(variables.A).
    :returns: a sentence for each; none repeats the value.
    """
    if isinstance(value, str) and _UNSENDABLE.search(value):
        yield f"{path} has a character that cannot be stored (NUL, or half of a surrogate pair)"
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{path} must be a finite number, not {value}; put it in quotes if it is meant as text"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key is None or isinstance(key, bool):
                yield f"{path} has the key {kind_of(key)}; put it in quotes if it is meant as text"
            yield from unusable(str(key), f"the key '{_shown(key)}' of {path}")
            yield from unusable(item, f"{path}.{_shown(key)}")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from unusable(item, f"{path}[{number}]")


def unspeakable(value: Any, path: str) -> Iterator[str]:
    """What in a value no shell can take as it is; bytes that are not UTF-8 are fine.

    :param path: where the value stands.
    :returns: a sentence, which does not repeat the value.
    """
    if isinstance(value, str):
        if _UNSPEAKABLE.search(value):
            yield f"{path} has a character that no shell can take (NUL, or half of a surrogate pair)"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from unspeakable(str(key), f"the key '{_shown(key)}' of {path}")
            yield from unspeakable(item, f"{path}.{_shown(key)}")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from unspeakable(item, f"{path}[{number}]")


def has(given: Any, kinds: Mapping[str, type]) -> bool:
    """Whether this is a mapping with values of these kinds by these names, whatever else it has."""
    return isinstance(given, Mapping) and all(isinstance(given.get(name), kind) for name, kind in kinds.items())


def check_names(names: Sequence[Any], option: str, meant: str) -> None:
    """Refuse what can name nothing.

    :param names: the elements of an option that takes texts and ids.
    :param meant: what they name, such as C(the name or id of a thing).
    :raises DeclarationError: an element that is neither text nor a whole number; names it.
    """
    for number, name in enumerate(names):
        check_name(name, f"{option}[{number}]", meant)


def check_name(name: Any, option: str, meant: str) -> None:
    """The same for an option that takes just one.

    :raises DeclarationError: it is neither text nor a whole number, or blank.
    """
    if isinstance(name, bool) or not isinstance(name, (str, int)):
        raise DeclarationError(f"{option} must be {meant}, not {kind_of(name)}")
    if isinstance(name, str) and not name.strip():
        raise DeclarationError(f"{option} is blank; it must be {meant}")
    if isinstance(name, int) and not 0 < name <= MAX_ID:
        raise DeclarationError(f"{option} must be {meant}; {name} is not an id (1 to {MAX_ID})")


def printable(text: str) -> str:
    """A message as a terminal and a log can take it.

    Characters that would act on a terminal are escaped, and runs of text that nobody can read are cut: messages repeat
    what was declared, and what the API says.
    """
    return _ENDLESS.sub(lambda run: f"{run[0][:_READABLE]}…", visible(text))


def _shown(key: Any) -> str:
    """A key in a message: one that cannot be printed is escaped."""
    return printable(str(key))
