# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that an option cannot take, derived from its specification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NAN, INF = float("nan"), float("inf")

#: By the type that an option declares: what is never such a value.
WRONG: dict[str, dict[str, Any]] = {
    "str": {"a mapping": {"a": 1}, "a list": [1], "a NUL": "a\0b", "half a character": "a\ud800b"},
    "path": {"a mapping": {"a": 1}, "a NUL": "a\0b"},
    "bool": {"a word": "perhaps", "a number": 2, "a list": [True], "a mapping": {}},
    "int": {
        "a word": "many",
        "a fraction": 1.5,
        "a boolean": True,
        "nan": NAN,
        "infinity": INF,
        "infinity as text": "inf",
        "a list": [1],
        "a mapping": {},
        "an empty text": "",
    },
    "float": {
        "a word": "many",
        "a boolean": True,
        "nan": NAN,
        "infinity": INF,
        "nan as text": "nan",
        "a huge number": 10**400,
        "a list": [1],
        "a mapping": {},
        "an empty text": "",
    },
    "list": {"a mapping": {"a": 1}},
    "dict": {"a word": "word", "a number": 3, "a list": [1, 2], "a nested list": [[1]], "a boolean": True},
    "raw": {"nan": NAN, "a nested infinity": [{"a": -INF}], "a NUL": "a\0b"},
}
#: Options in which white space alone means something, and those that take long texts.
BLANK_IS_FINE = ("value", "note", "known_issues", "description")
LONG_IS_FINE = ("value", "note", "query")
#: Options that are below nothing on one side of a line.
SIGNED = ("latitude", "longitude")
#: What no element of a list is, whatever else the list takes.
ELEMENTS: dict[str, dict[str, Any]] = {
    "str": {"null": None, "a list": ["x"], "a mapping": {}},
    "path": {"null": None, "a list": ["x"], "a mapping": {}},
    "raw": {"null": None, "a fraction": 1.5, "a mapping": {}, "a boolean": True, "a list": [["x"]], "blank": " "},
    "int": {"null": None, "a word": "many", "a fraction": 1.5, "a mapping": {}},
    "dict": {"null": None, "a word": "word", "a number": 3, "a list": [1]},
}
#: Keys that no mapping has.
KEYS: dict[str, Any] = {"a key that is null": {None: "x"}, "a key that is true": {True: "x"}}


@dataclass(frozen=True)
class Bad:
    """A wrong value of an option.

    :param option: the option's name, as messages have to name it.
    :param given: the options to give instead.
    """

    option: str
    what: str
    given: dict[str, Any]
    says: str = ""


def bad_values(spec: Mapping[str, Mapping[str, Any]]) -> Iterator[Bad]:
    """Wrong values of each option, of its elements and of its suboptions, and options that there are not."""
    for name, said in spec.items():
        for what, value, says in _of_option(said, name):
            yield Bad(name, what, {name: value}, says)
        yield Bad(f"{name}x", "an unknown option", {f"{name}x": 1}, f"did you mean '{name}'?")


def _out_of_bounds(said: Mapping[str, Any], kind: str, name: str) -> Iterator[tuple[str, Any]]:
    """What is of the right kind, and too long, too large, too small, or blank."""
    if kind in ("int", "float"):
        yield "a number that is too large", 10**30
        if name not in SIGNED:
            yield "a negative number", -1
    elif kind in ("str", "path") and not said.get("choices"):
        if name not in LONG_IS_FINE:
            yield "an endless text", "A" * 70_000
        if name not in BLANK_IS_FINE:
            yield "blank", " \t"
    elif kind == "list" and said.get("elements") == "str" and not said.get("choices"):
        yield "an element that is endless", ["A" * 70_000]
        yield "an element that is blank", [" "]


def _of_option(said: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any, str]]:
    kind = said.get("type", "str")
    for what, value in (*WRONG[kind].items(), *_out_of_bounds(said, kind, name)):
        yield what, value, ""
    if said.get("choices") and kind == "str":
        first = said["choices"][0]
        for what, value in (("a lookalike", f"{first}s"), ("another case", first.upper()), ("blank", " ")):
            yield f"{what} of a choice", value, ", ".join(said["choices"])
    if kind == "list":
        element = said.get("elements", "raw")
        for what, value in ELEMENTS[element].items():
            yield f"an element that is {what}", [value], ""
        if said.get("choices"):
            first = said["choices"][0]
            yield "a lookalike of a choice", [f"{first[:-1]}z"], f"did you mean '{first}'?"
    if said.get("options"):
        inner = said["options"]
        needed = {key: "00:00" for key, one in inner.items() if one.get("required")}
        for bad in bad_values(inner):
            given = {**needed, **bad.given}
            yield f"{bad.what} in {bad.option}", [given] if kind == "list" else given, bad.says or bad.option
    elif kind == "dict":
        for what, value in KEYS.items():
            yield what, value, ""
