# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many rows one answer has, and how conditions are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.near import near
from ..sdk.errors import BalenaError

if TYPE_CHECKING:
    from ..sdk import Balena

Record = dict[str, Any]

#: Names that are looked at to find the one that was probably meant.
NEARBY = 1000

#: Rows in one answer. Sets are read page by page, so that none is ever cut short unnoticed.
PAGE = 10_000


def all_of(*conditions: Mapping[str, Any] | str | None) -> dict[str, Any]:
    """One C($filter) out of several; strings are OData as they stand, None is left out."""
    parts = [{"$raw": text} if isinstance(text, str) else dict(text) for text in conditions if text]
    if len(parts) == 1:
        return parts[0]
    return {"$and": parts} if parts else {}


def reaching(condition: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A condition as the SDK takes it: of what a relation leads to, a row is meant with C($any).

    :param condition: such as C({"belongs_to__application": {"organization": {"handle": "acme"}}}).
    """
    return {name: _reaching(name, value, depth) for name, value in condition.items()}


def _reaching(name: str, value: Any, depth: int) -> Any:
    if name in ("$and", "$or"):
        return [reaching(part, depth) for part in value]
    if name.startswith("$") or not isinstance(value, Mapping) or any(key.startswith("$") for key in value):
        return value
    alias = f"r{depth}"
    return {"$any": {"$alias": alias, "$expr": {alias: reaching(value, depth + 1)}}}


def any_of(conditions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A C($filter) that holds where one of the conditions does; at least one is needed."""
    return {"$or": list(conditions)} if len(conditions) > 1 else dict(conditions[0])


def meant(balena: Balena, resource: str, column: str, name: str | int, within: Mapping[str, Any] | None = None) -> str:
    """The end of an error's sentence: which row was probably meant by a name that there is not (see L(near)).

    One more request, which is only made when something is wrong. If it fails, it says nothing: the error is another.

    :param column: where the names are.
    :param within: the condition on the rows that could have been meant.
    """
    options: dict[str, Any] = {"$select": ["id", column], "$top": NEARBY, "$orderby": "id desc"}
    if within:
        options["$filter"] = reaching(within)
    try:
        rows = balena.pine.get(resource, options=options)
    except BalenaError:
        return ""
    return near(name, dict.fromkeys(row[column] for row in rows if row.get(column)))
