# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares an answer with a recorded one, which has markers such as `<id>` where values differ from run to run."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
MARKERS = {
    "timestamp": TIMESTAMP,
    "uuid32": r"[0-9a-f]{32}",
    "id": r"\d+",
    "int": r"-?\d+",
    "number": r"-?\d+(?:\.\d+)?",
    "random-name": r'[^\s"]+',
    "jwt": r"[\w-]+\.[\w-]+\.[\w-]+",
    "api-key": r"[A-Za-z0-9]{32}",
    "string": r"[\s\S]*",
    "any": r"[\s\S]*",
    "hex40": r"[0-9a-f]{40}",
}
MARKER = re.compile("<(" + "|".join(MARKERS) + ")>")
EARLIEST_MS = 10**11
MISSING = "(missing)"


@dataclass
class Difference:
    """Where an answer differs, and how."""

    path: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.path}: expected {str(self.expected)[:200]!r}, got {str(self.got)[:300]!r}"


@dataclass
class Matcher:
    """Compares values.

    unordered: names of lists whose order does not matter; trimmed: the recorded lists hold only some of the rows.
    """

    unordered: Collection[str] = ()
    trimmed: bool = False
    differences: list[Difference] = field(default_factory=list)

    def compare(self, expected: Any, got: Any, path: str = "$", name: str = "$") -> list[Difference]:
        """Note how `got` differs from `expected`; all differences so far."""
        if isinstance(expected, str):
            if not matches_text(expected, got):
                self._differ(path, expected, got)
        elif isinstance(expected, dict):
            self._compare_dicts(expected, got, path)
        elif isinstance(expected, list):
            self._compare_lists(expected, got, path, name)
        elif isinstance(expected, bool) or isinstance(got, bool) or expected is None:
            if expected is not got:
                self._differ(path, expected, got)
        elif expected != got:
            self._differ(path, expected, got)
        return self.differences

    def _differ(self, path: str, expected: Any, got: Any) -> None:
        self.differences.append(Difference(path, expected, got))

    def _compare_dicts(self, expected: dict[str, Any], got: Any, path: str) -> None:
        if not isinstance(got, dict):
            self._differ(path, expected, got)
            return
        seen: set[str] = set()
        for key, value in expected.items():
            found = self._key(key, expected, got, seen)
            if found is None:
                self._differ(f"{path}.{key}", value, MISSING)
                continue
            seen.add(found)
            self.compare(value, got[found], f"{path}.{found}", found)
        for key in got:
            if key not in seen:
                self._differ(f"{path}.{key}", MISSING, got[key])

    @staticmethod
    def _key(key: str, expected: dict[str, Any], got: dict[str, Any], seen: set[str]) -> str | None:
        if key in got:
            return key
        if not MARKER.search(key):
            return None
        return next((k for k in got if k not in seen and k not in expected and matches_text(key, k)), None)

    def _compare_lists(self, expected: list[Any], got: Any, path: str, name: str) -> None:
        if not isinstance(got, list):
            self._differ(path, expected, got)
        elif not self.trimmed and len(got) != len(expected):
            self._differ(f"{path}.length", len(expected), len(got))
        elif self.trimmed or name in self.unordered:
            self._compare_sets(expected, got, path)
        else:
            for index, (one, other) in enumerate(zip(expected, got, strict=True)):
                self.compare(one, other, f"{path}[{index}]", "")

    def _compare_sets(self, expected: list[Any], got: list[Any], path: str) -> None:
        left = list(got)
        for index, wanted in enumerate(expected):
            tries = [(Matcher(self.unordered).compare(wanted, item, f"{path}[{index}]", ""), item) for item in left]
            if not tries:
                self._differ(f"{path}[{index}]", wanted, MISSING)
                continue
            differences, best = min(tries, key=lambda tried: len(tried[0]))
            self.differences += differences
            left.remove(best)


def matches_text(pattern: str, got: Any) -> bool:
    """Whether a value is what a recorded text, perhaps with markers, says."""
    alone = MARKER.fullmatch(pattern)
    if alone:
        return _matches_marker(alone.group(1), got)
    if not isinstance(got, str):
        return False
    if got == pattern:
        return True
    parts = MARKER.split(pattern)
    regex = "".join(MARKERS[part] if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return len(parts) > 1 and re.fullmatch(regex, got) is not None


def _matches_marker(marker: str, got: Any) -> bool:
    number = isinstance(got, (int, float)) and not isinstance(got, bool)
    if marker == "any":
        return True
    if marker in ("id", "int"):
        return isinstance(got, int) and number and (marker == "int" or got > 0)
    if marker == "number":
        return number
    if marker == "timestamp" and number:
        return bool(got > EARLIEST_MS)
    return isinstance(got, str) and re.fullmatch(MARKERS[marker], got) is not None
