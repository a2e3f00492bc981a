# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What values and rows must be by the schema: types, required fields, choices, lengths, uniqueness, references."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..http.responses import BadRequest, Conflict, Refused
from ..odata.parse import parse_time
from ..store.model import Bounds, Field, Resource, base_model
from ..store.store import Store
from ..store.values import iso

SHORT_TEXT = 255
INT_LIMIT = 2**31
LEADING_DIGITS = re.compile(r"\s*[+-]?\d+")


def converted(f: Field, value: Any) -> Any:
    """A value of a request's body as it is stored; a wrong type is an empty 400."""
    if value is None:
        if f.required:
            raise BadRequest
        return None
    convert = {
        "short": _short, "text": _text, "int": _integer, "serial": _integer, "bigint": _big_integer, "ref": _reference,
        "bool": _boolean, "time": _time, "json": _json, "file": _json,
        "jsontext": _json_or_text, "bignumber": _big_integer,
    }[f.type]  # fmt: skip
    return convert(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadRequest
    return value


def _short(value: Any) -> str:
    if len(_text(value)) > SHORT_TEXT:
        raise BadRequest
    return str(value)


def _number(value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise BadRequest
    if not isinstance(value, str):
        return value
    try:
        return float(value or 0) if not value.strip().lstrip("+-").isdigit() else int(value)
    except ValueError:
        raise BadRequest from None


def _integer(value: Any) -> int:
    number = _number(value)
    if not math.isfinite(number) or int(number) != number:
        raise BadRequest
    if not -INT_LIMIT <= number < INT_LIMIT:
        raise Refused("too large an integer")
    return int(number)


def _big_integer(value: Any) -> int:
    number = _number(value)
    if not math.isfinite(number) or int(number) != number:
        raise BadRequest
    return int(number)


def _reference(value: Any) -> int:
    """References are read as JavaScript's parseInt does: '12abc' is 12."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise BadRequest
    found = LEADING_DIGITS.match(str(value))
    if found is None:
        raise BadRequest
    if not -INT_LIMIT <= int(found.group()) < INT_LIMIT:
        raise Refused("too large an integer")
    return int(found.group())


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1, "0", "1", ""):
        return value in (1, "1")
    raise BadRequest


def _time(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return iso(datetime.fromtimestamp(value / 1000, timezone.utc))
        except (ValueError, OverflowError, OSError):
            raise BadRequest from None
    moment = parse_time(value) if isinstance(value, str) else None
    if moment is None:
        raise BadRequest
    return iso(moment)


def _json(value: Any) -> Any:
    if not isinstance(value, (dict, list)):
        raise BadRequest
    return value


def _json_or_text(value: Any) -> Any:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return _json(json.loads(value))
    return _json(value)


def check_required(resource: Resource, values: Mapping[str, Any]) -> None:
    """A required field without a default that is missing is an empty 500."""
    for f in resource.fields.values():
        if f.required and not f.computed and f.default is None and values.get(f.name) is None:
            raise Refused(f"{f.name} is missing")


def check_values(resource: Resource, values: Mapping[str, Any]) -> None:
    """Choices and lengths."""
    for name, value in values.items():
        f = resource.fields[name]
        if value is None:
            continue
        if f.choices and value not in f.choices:
            raise BadRequest("Check constraint violated")
        if f.bounds is not None and not f.bounds.allows(_length(value)):
            raise BadRequest(rule_of_length(resource, f))


def _length(value: Any) -> int:
    return len(value if isinstance(value, str) else json.dumps(value))


def _article(words: str) -> str:
    return "an" if words[0] in "aeio" else "a"


def _bounds_words(bounds: Bounds) -> str:
    if bounds.low is not None and bounds.low == bounds.high:
        return f"is equal to {bounds.low}"
    words = "greater than" if bounds.exclusive else "greater than or equal to"
    low = "" if bounds.low is None else f"is {words} {bounds.low} and "
    return f"{low}is less than or equal to {bounds.high}"


def rule_of_length(resource: Resource, f: Field) -> str:
    """The server's sentence about the length of a field."""
    words = f.name.replace("__", " ").replace("_", " ")
    named = f"{_article(words)} {words}"
    condition = "" if f.required else f"that has {named}, "
    assert f.bounds is not None
    return (
        f"It is necessary that each {resource.words} {condition}has {named} that has a Length (Type) "
        f"that {_bounds_words(f.bounds)}."
    )


def check_unique(store: Store, resource: Resource, rows: Iterable[Mapping[str, Any]], ids: Iterable[int] = ()) -> None:
    """Whether rows, as they will be, take what other rows (but those with the ids) have."""
    rows, own = list(rows), json.dumps(list(ids))
    alone = [(f.name,) for f in resource.fields.values() if f.unique]
    for key in [*resource.unique, *alone]:
        seen: set[tuple[Any, ...]] = set()
        for row in rows:
            values = tuple(row.get(name) for name in key)
            if None in values:
                continue
            same = " AND ".join(f'"{name}" = ?' for name in key)
            others = (
                f'SELECT 1 FROM "{resource.name}" WHERE {same} AND id NOT IN (SELECT value FROM json_each(?)) LIMIT 1'
            )
            if values in seen or store.sql(others, [*values, own])[1]:
                raise Conflict(" and ".join(f'"{name}"' for name in key) + " must be unique.")
            seen.add(values)


def check_references(store: Store, resource: Resource, values: Mapping[str, Any]) -> None:
    """Whether what is referred to is there."""
    for name, value in values.items():
        f = resource.fields[name]
        if f.type == "ref" and value is not None and not f.loose and f.target and not store.ids(f.target, id=value):
            raise Conflict(f"Data is referenced by {name}.")


def check_deletable(store: Store, resource: str, ids: list[int]) -> None:
    """Whether rows that stay still refer to the rows that are to go."""
    for other in base_model().resources.values():
        for f in other.fields.values():
            if f.target != resource or f.computed or f.loose:
                continue
            holders = store.ids(other.name, **{f.name: ids})
            if holders and f.cascade:
                check_deletable(store, other.name, holders)
            elif holders and other.name != resource:
                raise Conflict(f"Data is referenced by {other.name}.")
