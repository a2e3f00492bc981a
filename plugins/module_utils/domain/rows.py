# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the rows that a declaration means, and believe the server none of them.

A server can be wrong about a condition. (Some versions compile a comparison of two columns, which a user's filter can
hold, without parentheses, so that the conditions beside it are lost.) What a task then writes to, or removes, is not
what was declared. So what is needed to judge a row is read with it, and each row is judged here again, by the same
conditions that were sent. A user's own condition cannot be judged; it can only leave rows out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..engine.plan import DeclarationError
from ..sdk._chunks import IDS, chunks
from ..sdk._odata import compile_filter
from ..sdk._odata_reader import Condition, read_condition
from ..sdk._related import referenced
from ..sdk.errors import BalenaError, BalenaUsageError
from .query import PAGE, Record, all_of, reaching

if TYPE_CHECKING:
    from ..sdk import Balena

#: The relations to many rows that conditions look into; all others lead to one row.
_MANY = ("application_tag", "device_tag", "release_tag")
_JOINING = ("$and", "$or")


class ForeignRowError(BalenaError):
    """The server answered with a row that is not among those that were asked for."""


@dataclass
class _Needs:
    """What has to be read to judge rows by a condition.

    :param tags: the keys of the tags that matter.
    """

    columns: set[str] = field(default_factory=set)
    relations: dict[str, _Needs] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)


def user_condition(text: str | None, option: str = "filter") -> Condition | None:
    """A condition that a user gave; None if none was given.

    :raises DeclarationError: it is not an OData condition; names the option, and says what is wrong and where.
    """
    if text is None:
        return None
    try:
        return read_condition(text)
    except BalenaUsageError as error:
        raise DeclarationError(
            f"{option} '{text}': {error}. It must be an OData condition on the columns, such as is_online eq true"
        ) from error


def read_rows(
    balena: Balena,
    resource: str,
    ours: Mapping[str, Any],
    *,
    theirs: Condition | None = None,
    roughly: Mapping[str, Any] | None = None,
    select: Sequence[str] | None = None,
    expand: Mapping[str, Any] | None = None,
    page_size: int = PAGE,
) -> list[Record]:
    """All rows for which conditions hold, each of them judged.

    :param ours: the condition that rows are judged by, of columns, C($in), C($startswith), C($any), C($and), C($or)
        and relations.
    :param theirs: a further condition, which a user gave.
    :param roughly: a further condition that rows are not judged by.
    :param select: the columns to read; None reads whole rows.
    :param expand: the relations to read, in which C(tag_key) alone can be filtered by where C(ours) is about tags.
    :raises ForeignRowError: a row for which C(ours) does not hold.
    """
    needs = needs_of(ours)
    options = reading(select, expand, needs)
    if condition := all_of(roughly, ours, theirs.text if theirs else None):
        options["$filter"] = reaching(condition)
    rows: list[Record] = balena.pine.get_all(resource, options=options, page_size=page_size)
    judge(rows, ours, resource, theirs)
    return as_asked(rows, needs, select, expand)


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
    :raises ForeignRowError: the server answered with a row of another parent, or one that C(where) excludes.
    """
    if not ids:
        return []
    if parent in (expand or {}):
        raise DeclarationError(f"expand: the rows are found by {parent}, so it cannot be expanded")
    columns = list(dict.fromkeys(["id", parent, *select]))
    if through and len(ids) > IDS:
        wanted = set(ids)
        rows = read_rows(balena, resource, all_of(where), roughly=through, select=columns, expand=expand)
        return [row for row in rows if row[parent]["__id"] in wanted]
    found: list[Record] = []
    for piece in chunks(list(ids)):
        condition = all_of({parent: {"$in": list(piece)}}, where)
        found += read_rows(balena, resource, condition, select=columns, expand=expand)
    return found


def homes_of(devices: Sequence[Record]) -> tuple[int, ...]:
    """The ids of the applications that devices belong to, whether these were expanded or not."""
    return tuple(sorted({_compared(device["belongs_to__application"]) for device in devices}))


def judge(rows: Sequence[Record], ours: Mapping[str, Any], resource: str, theirs: Condition | None = None) -> None:
    """Refuse rows for which a condition does not hold.

    :param theirs: the user's condition that was sent beside it.
    :raises ForeignRowError: there is one; shows it.
    """
    for row in rows:
        if not holds(ours, row):
            raise ForeignRowError(_foreign(row, ours, resource, theirs))


def holds(condition: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether a condition is true of a row that was read with L(reading)."""
    return all(_holds(key, value, row) for key, value in condition.items())


def _holds(key: str, value: Any, row: Mapping[str, Any]) -> bool:
    if key in _JOINING:
        return (all if key == "$and" else any)(holds(part, row) for part in value)
    if key.startswith("$"):
        raise TypeError(f"rows cannot be judged by {key}")
    cell = row.get(key)
    if not isinstance(value, Mapping):
        return bool(_compared(cell) == value)
    if "$in" in value:
        return _compared(cell) in value["$in"]
    if "$startswith" in value:
        return isinstance(cell, str) and cell.startswith(value["$startswith"])
    inner = _inner(value)
    return isinstance(cell, list) and any(holds(inner, item) for item in cell)


def _compared(cell: Any) -> Any:
    """A cell as conditions compare it: a row that it leads to is that row's id."""
    if isinstance(cell, list):
        return cell[0].get("id") if cell else None
    return referenced(cell)


def _inner(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The condition on the rows of a relation, without the alias that OData wants."""
    return _without_alias(value["$any"]["$expr"], value["$any"]["$alias"]) if "$any" in value else value


def _without_alias(expression: Mapping[str, Any], alias: str) -> Mapping[str, Any]:
    if alias in expression:
        inner: Mapping[str, Any] = expression[alias]
        return inner
    return {joining: [_without_alias(part, alias) for part in parts] for joining, parts in expression.items()}


def needs_of(condition: Mapping[str, Any]) -> _Needs:
    """What has to be read to judge rows by a condition."""
    needs = _Needs()
    _add_needs(condition, needs)
    return needs


def _add_needs(condition: Mapping[str, Any], needs: _Needs) -> None:
    for key, value in condition.items():
        if key in _JOINING:
            for part in value:
                _add_needs(part, needs)
        elif not isinstance(value, Mapping) or "$in" in value or "$startswith" in value:
            needs.columns.add(key)
            if key == "tag_key":
                needs.tags.update(value["$in"] if isinstance(value, Mapping) else [value])
        else:
            _add_needs(_inner(value), needs.relations.setdefault(key, _Needs()))


def reading(select: Sequence[str] | None, expand: Mapping[str, Any] | None, needs: _Needs) -> dict[str, Any]:
    """C($select) and C($expand) of what is asked for, and of what is needed besides."""
    expansions = dict(expand or {})
    columns = None if select is None else list(dict.fromkeys(["id", *select]))
    for name in sorted(needs.columns):
        if name in expansions:
            expansions[name] = _expansion(expansions[name], _Needs({"id"}), name)
        elif columns is not None and name not in columns:
            columns.append(name)
    for name, inner in sorted(needs.relations.items()):
        expansions[name] = _expansion(expansions.get(name), inner, name)
    options: dict[str, Any] = {}
    if columns is not None:
        options["$select"] = [name for name in columns if name not in expansions]
    return {**options, **({"$expand": expansions} if expansions else {})}


def _expansion(asked: Mapping[str, Any] | None, needs: _Needs, name: str) -> dict[str, Any]:
    """The options to read a relation with, as it is asked for and as it is needed."""
    many = name in _MANY
    columns = _Needs(needs.columns if many else needs.columns | {"id"}, needs.relations)
    if asked is None:
        keys = {"$filter": {"tag_key": {"$in": sorted(needs.tags)}}} if many else {}
        return {**reading([], None, columns), **keys}
    found = {key: value for key, value in asked.items() if key not in ("$select", "$expand")}
    found.update(reading(asked.get("$select"), asked.get("$expand"), columns))
    if many and "$filter" in found:
        found["$filter"] = {"tag_key": {"$in": sorted({*_keys(found["$filter"]), *needs.tags})}}
    return found


def _keys(condition: Mapping[str, Any]) -> Sequence[str]:
    """The keys of the tags that an expansion asks for."""
    keys: Sequence[str] = condition["tag_key"]["$in"]
    return keys


def as_asked(
    rows: Sequence[Record], needs: _Needs, select: Sequence[str] | None, expand: Mapping[str, Any] | None
) -> list[Record]:
    """The rows as they would be if only what was asked for had been read."""
    asked = expand or {}
    for name, inner in needs.relations.items():
        for row in rows:
            if name not in asked:
                _collapse(row, name, select)
            elif name in _MANY and "$filter" in asked[name]:
                keys = _keys(asked[name]["$filter"])
                row[name] = [tag for tag in row[name] if tag["tag_key"] in keys]
            else:
                as_asked(row[name], inner, asked[name].get("$select"), asked[name].get("$expand"))
    if select is not None:
        extra = needs.columns - {"id", *select, *asked}
        for row in rows if extra else ():
            for name in extra:
                row.pop(name, None)
    return list(rows)


def _collapse(row: Record, name: str, select: Sequence[str] | None) -> None:
    """Put a relation that was read only to judge by back to what it is without being expanded."""
    cell = row.pop(name, None)
    if name not in _MANY and (select is None or name in select):
        row[name] = {"__id": cell[0]["id"]} if cell else None


def _foreign(row: Record, ours: Mapping[str, Any], resource: str, theirs: Condition | None) -> str:
    parts = ours["$and"] if set(ours) == {"$and"} else [{key: value} for key, value in ours.items()]
    failed = next(part for part in parts if not holds(part, row))
    name = row.get("device_name") or row.get("slug") or row.get("tag_key") or row.get("name") or row.get("commit")
    known = " ".join(str(part) for part in (name, row.get("uuid")) if part)
    told = f"The server answered with {resource} {known or row.get('id')}, although it was asked for those only with "
    told += f"{compile_filter(reaching(failed))}. Nothing was written"
    if theirs is not None and theirs.twins:
        told += (
            f". The filter compares columns with each other ({'; '.join(theirs.twins)}), which this server mistakes; "
            "not (a ne b) in place of a eq b can help"
        )
    return told
