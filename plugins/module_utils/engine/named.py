# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values by name, such as tags and variables, of any number of things: those that should be, and those that are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from .plan import Change, Key, NewId, Row, compare


class Kept(Enum):
    """What stands for a value that is not managed here."""

    KEPT = "kept"


KEPT = Kept.KEPT


class Comparison:
    """The values of one resource, in which each row has a name and a C(value) and belongs to a thing."""

    def __init__(self, resource: str, parent: str, name: str = "name") -> None:
        """Begin with nothing.

        :param parent: the column that says what a value belongs to.
        :param name: the column that has the names.
        """
        self.resource, self._parent, self._name = resource, parent, name
        self.desired: list[Row] = []
        self.actual: list[Row] = []
        self._absent: list[Key] = []

    def add(self, id_: int | NewId, key: Key, wanted: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Add one thing.

        :param key: what people call it.
        :param wanted: its values by name: text, None (there must be none of that name), or L(KEPT).
        :param rows: its values as they are, with their ids.
        """
        for name, value in wanted.items():
            if value is None:
                self._absent.append((*key, name))
            else:
                fields = {} if value is KEPT else {"value": value}
                self.desired.append(Row((*key, name), fields, {self._parent: id_, self._name: name}))
        for row in rows:
            name = row[self._name]
            identity = {self._parent: id_, self._name: name}
            self.actual.append(Row((*key, name), {"value": row["value"]}, identity, row["id"]))

    def changes(self, *, purge: bool = False, secret: bool = False) -> list[Change]:
        """What has to change; see L(compare)."""
        return compare(self.resource, self.desired, self.actual, absent=self._absent, purge=purge, secret=secret)
