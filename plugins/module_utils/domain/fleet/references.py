# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secret values in an exported document: references in their place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from ..query import Record
from .likely_secrets import is_likely_secret

#: Stands for all variables: each may be secret.
ALL = ("*",)

#: Where variables are in the document: () for the fleet's, else what they belong to, from the outside in.
Place = tuple[str, ...]


class References:
    """Which values of a fleet are references, and what these are called.

    A reference is called after its variable, in lower case. Where variables of one name have different values, the
    name of each begins with its place, so that every value has a name of its own.
    """

    def __init__(self, patterns: Sequence[str] | None, variables: Iterable[tuple[Place, Sequence[Record]]]) -> None:
        """Look through all variables of a fleet.

        :param patterns: names of secret variables as shell patterns; None: those that are likely to be secret.
        :param variables: the rows, with where they are.
        """
        self._patterns = patterns
        self._values: dict[str, set[str]] = {}
        self._used: set[str] = set()
        for _place, rows in variables:
            for row in rows:
                if self._is_secret(row):
                    self._values.setdefault(row["name"].lower(), set()).add(row["value"])

    @property
    def names(self) -> list[str]:
        """The references that were handed out, in the order of the alphabet."""
        return sorted(self._used)

    def shown(self, place: Place, rows: Iterable[Record]) -> dict[str, str | dict[str, str]]:
        """Variables as the document has them, in the order of their names."""
        return {row["name"]: self._value(place, row) for row in sorted(rows, key=lambda row: row["name"])}

    def _is_secret(self, row: Record) -> bool:
        if self._patterns is None:
            return is_likely_secret(row["name"], row["value"])
        return matches(row["name"], self._patterns)

    def _value(self, place: Place, row: Record) -> str | dict[str, str]:
        if not self._is_secret(row):
            text: str = row["value"]
            return text
        name = row["name"].lower()
        if len(self._values[name]) > 1:
            # A dot is in no name of a variable, so that no two references get the same name.
            name = ".".join([*place, row["name"]])
        self._used.add(name)
        return {"secret": name}


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether the name of a variable is like one of some shell patterns."""
    return any(fnmatchcase(name.upper(), pattern.upper()) for pattern in patterns)
