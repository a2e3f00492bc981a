# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the rows of many parents in a constant number of requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..sdk.errors import BalenaError
from .near import near
from .plan import DeclarationError

if TYPE_CHECKING:
    from ..sdk import Balena

Record = dict[str, Any]
T = TypeVar("T")

#: Up to this many ids are named in a filter; beyond it the parents' application selects them, in one request.
FEW = 200

#: As many names or uuids are put into one URL, which are longer than ids; the official SDK's number.
FEW_NAMES = 50

#: Names that are looked at to find the one that was probably meant.
NEARBY = 1000

#: Rows in one answer. Sets are read page by page, so that none is ever cut short unnoticed.
PAGE = 10_000


def chunks(items: Sequence[T], size: int = FEW) -> Iterator[Sequence[T]]:
    """The items in pieces of at most C(size)."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def all_of(*conditions: Mapping[str, Any] | str | None) -> dict[str, Any]:
    """One C($filter) out of several; strings are OData as they stand, None is left out."""
    parts = [{"$raw": text} if isinstance(text, str) else dict(text) for text in conditions if text]
    if len(parts) == 1:
        return parts[0]
    return {"$and": parts} if parts else {}


def any_of(conditions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A C($filter) that holds where one of the conditions does; at least one is needed."""
    return {"$or": list(conditions)} if len(conditions) > 1 else dict(conditions[0])


def children(
    balena: Balena,
    resource: str,
    parent: str,
    ids: Sequence[int],
    *,
    select: Sequence[str],
    expand: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
    through: Mapping[str, Any] | None = None,
) -> list[Record]:
    """All rows of a resource that belong to some parents.

    :param parent: the column that names the parent, such as C(device).
    :param ids: the parents. None: no request is made.
    :param where: a further condition on the rows.
    :param through: a condition that holds for the rows of all these parents (C({"device": {"belongs_to__application":
        7}})); it is used instead of the ids when there are many, and the rows of other parents are dropped here.
    :returns: rows with C(select) and the parent's column, whose value is C({"__id": id}).
    :raises DeclarationError: C(expand) has the parent's column.
    """
    if not ids:
        return []
    if parent in (expand or {}):
        raise DeclarationError(f"expand: the rows are found by {parent}, so it cannot be expanded")
    options: dict[str, Any] = {"$select": list(dict.fromkeys(["id", parent, *select]))}
    if expand:
        options["$expand"] = dict(expand)
    if through and len(ids) > FEW:
        wanted = set(ids)
        rows = balena.pine.get_all(resource, options={**options, "$filter": all_of(through, where)}, page_size=PAGE)
        return [row for row in rows if row[parent]["__id"] in wanted]
    found: list[Record] = []
    for piece in chunks(list(ids)):
        condition = all_of({parent: {"$in": list(piece)}}, where)
        found += balena.pine.get_all(resource, options={**options, "$filter": condition}, page_size=PAGE)
    return found


def meant(balena: Balena, resource: str, column: str, name: str | int, within: Mapping[str, Any] | None = None) -> str:
    """The end of an error's sentence: which row was probably meant by a name that there is not (see L(near)).

    One more request, which is only made when something is wrong. If it fails, it says nothing: the error is another.

    :param column: where the names are.
    :param within: the condition on the rows that could have been meant.
    """
    options: dict[str, Any] = {"$select": ["id", column], "$top": NEARBY, "$orderby": "id desc"}
    if within:
        options["$filter"] = dict(within)
    try:
        rows = balena.pine.get(resource, options=options)
    except BalenaError:
        return ""
    return near(name, dict.fromkeys(row[column] for row in rows if row.get(column)))
