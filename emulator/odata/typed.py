# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values with their types, and which the database lets be compared: PostgreSQL refuses what SQLite would guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..http.responses import Refused
from ..store.values import iso
from .nodes import Value
from .parse import parse_time

Sql = sa.ColumnElement[Any]

INTEGER = re.compile(r"\s*[+-]?\d+\s*")
TRUE, FALSE = ("t", "true", "y", "yes", "on", "1"), ("f", "false", "n", "no", "off", "0")
LIMITS = {"int": 2**31, "bigint": 2**63}
FAMILIES = {
    "short": "text",
    "serial": "int",
    "ref": "int",
    "file": "json",
    "jsontext": "text",
    "bignumber": "bigint",
}
NUMBERS = ("int", "bigint", "number")


@dataclass
class Typed:
    """SQL and its type: text, int, bigint, number, bool, time, json, duration; or a literal without one as yet."""

    sql: Sql | None
    kind: str
    value: Value = None

    @property
    def literal(self) -> bool:
        """Whether this is a value of the query, whose type comes from what it meets."""
        return self.kind == "literal"

    @property
    def null(self) -> bool:
        """Whether this is the literal null."""
        return self.literal and self.value is None


def of_field(kind: str) -> str:
    """The type of values of a field."""
    return FAMILIES.get(kind, kind)


def coerce(value: Value, kind: str) -> Any:
    """A literal as a value of a type; what PostgreSQL would not read as one is refused."""
    if value is None:
        return None
    if kind == "text":
        return as_text(value)
    if kind in LIMITS:
        return _integer(value, LIMITS[kind])
    if kind == "number":
        return _number(value)
    if kind == "bool":
        return _boolean(value)
    if kind == "time":
        return _time(value)
    if kind == "duration" and isinstance(value, timedelta):
        return round(value / timedelta(milliseconds=1))
    raise Refused(f"{kind} cannot be compared")


def as_text(value: Value) -> str:
    """A literal as the text that the server sends to the database."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, timedelta):
        raise Refused("a duration is not text")
    return str(value)


def _integer(value: Value, limit: int) -> int:
    text = as_text(value)
    if not INTEGER.fullmatch(text) or not -limit <= int(text) < limit:
        raise Refused(f"{text} is not an integer")
    return int(text)


def _number(value: Value) -> float:
    try:
        return float(as_text(value)) if isinstance(value, (str, float)) else int(as_text(value))
    except ValueError:
        raise Refused(f"{value} is not a number") from None


def _boolean(value: Value) -> int:
    text = as_text(value).strip().lower()
    if text in TRUE:
        return 1
    if text in FALSE:
        return 0
    raise Refused(f"{text} is not a boolean")


def _time(value: Value) -> str:
    moment = value if isinstance(value, datetime) else parse_time(value) if isinstance(value, str) else None
    if moment is None:
        raise Refused(f"{value} is not a time")
    return iso(moment)


def as_sql(typed: Typed, kind: str) -> Sql:
    """A value as SQL, where a value of this type is wanted."""
    if typed.literal:
        return sa.literal(coerce(typed.value, kind))
    if not fits(typed.kind, kind):
        raise Refused(f"{typed.kind} is not a {kind}")
    assert typed.sql is not None
    return typed.sql


def fits(one: str, other: str) -> bool:
    """Whether values of two types can be compared."""
    return (one == other and one != "json") or (one in NUMBERS and other in NUMBERS)


def unify(left: Typed, right: Typed) -> tuple[Sql, Sql]:
    """Two values that are compared, as SQL."""
    if isinstance(left.value, timedelta) and isinstance(right.value, timedelta):
        return sa.literal(coerce(left.value, "duration")), sa.literal(coerce(right.value, "duration"))
    if left.literal and right.literal:
        return sa.literal(as_text(left.value)), sa.literal(as_text(right.value))
    kind = left.kind if not left.literal else right.kind
    return as_sql(left, kind), as_sql(right, kind)
