# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that a server makes by itself together with others: looked for, many at once, before they are made.

A new row may have rows of its own at once. Finding that out from a conflict takes two requests for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..sdk._chunks import chunks
from ..sdk._related import referenced
from ..sdk.errors import BalenaError
from .plan import Change, Key, NewId

if TYPE_CHECKING:
    from ..sdk import Balena


def parent_of(change: Change) -> str | None:
    """The column of what a row belongs to that the same plan creates, if the server may make the two together."""
    if change.action != "create" or change.after:
        return None
    return next((column for column, value in change.identity.items() if isinstance(value, NewId)), None)


def find(
    balena: Balena, changes: Sequence[Change], known: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[Key, int]:
    """The ids of those rows that are there already, by the keys of their creations; one request for each 200 parents.

    :param changes: creations of one resource that have a L(parent_of).
    :param known: an identity with ids instead of what stands for new rows; raises an error if one was not made.
    """
    wanted: dict[tuple[Any, ...], Key] = {}
    columns, parents = tuple(changes[0].identity), []
    parent = parent_of(changes[0])
    for change in changes:
        try:
            identity = known(change.identity)
        except BalenaError:
            continue  # it is said when the row is to be made
        wanted[tuple(identity[column] for column in columns)] = change.key
        parents.append(identity[parent or ""])
    found: dict[Key, int] = {}
    for piece in chunks(list(dict.fromkeys(parents))):
        options = {"$select": ["id", *columns], "$filter": {parent: {"$in": list(piece)}}}
        for row in balena.pine.get(changes[0].resource, options=options):
            key = wanted.get(tuple(referenced(row[column]) for column in columns))
            if key is not None:
                found[key] = row["id"]
    return found
