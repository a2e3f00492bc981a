# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions of the query language as SQL."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from ..http.responses import Refused
from .typed import Sql, Typed, as_sql

PARTS = {"year": ("1", "4"), "month": ("6", "2"), "day": ("9", "2"), "hour": ("12", "2"), "minute": ("15", "2")}
MIN_TIME, MAX_TIME = "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"


def _number(text: str) -> Sql:
    return sa.literal_column(text)


def contains(text: Sql, part: Sql) -> Sql:
    """Whether a text holds another; case matters."""
    return sa.func.instr(text, part) > _number("0")


def startswith(text: Sql, start: Sql) -> Sql:
    """Whether a text begins with another."""
    return sa.func.substr(text, _number("1"), sa.func.length(start)) == start


def endswith(text: Sql, end: Sql) -> Sql:
    """Whether a text ends with another."""
    return sa.func.substr(text, sa.func.length(text) - sa.func.length(end) + _number("1")) == end


TEXT_TESTS: dict[str, Callable[[Sql, Sql], Sql]] = {
    "contains": contains,
    "startswith": startswith,
    "endswith": endswith,
}
TEXT_CHANGES = {"tolower": sa.func.lower, "toupper": sa.func.upper, "trim": sa.func.trim}
ROUNDINGS = {"round": sa.func.round, "floor": sa.func.floor, "ceiling": sa.func.ceil}


def call(name: str, arguments: list[Typed], now: str) -> Typed:
    """A function applied to its arguments; raises Refused for what the server parses but cannot do."""
    if name in TEXT_TESTS:
        text, part = (as_sql(a, "text") for a in arguments)
        return Typed(TEXT_TESTS[name](text, part), "bool")
    if name == "substringof":
        part, text = (as_sql(a, "text") for a in arguments)
        return Typed(contains(text, part), "bool")
    if name in TEXT_CHANGES:
        return Typed(TEXT_CHANGES[name](as_sql(arguments[0], "text")), "text")
    if name in ROUNDINGS:
        return Typed(ROUNDINGS[name](as_sql(arguments[0], "number")), "number")
    if name in ("now", "mindatetime", "maxdatetime"):
        moment = {"now": now, "mindatetime": MIN_TIME, "maxdatetime": MAX_TIME}[name]
        return Typed(sa.literal(moment), "time")
    return _text_function(name, arguments) or _time_function(name, arguments)


def _text_function(name: str, arguments: list[Typed]) -> Typed | None:
    if name == "length":
        return Typed(sa.func.length(as_sql(arguments[0], "text")), "int")
    if name == "indexof":
        text, part = (as_sql(a, "text") for a in arguments)
        return Typed(sa.func.instr(text, part) - _number("1"), "int")
    if name == "substring":
        start = as_sql(arguments[1], "int") + _number("1")
        rest = [as_sql(a, "int") for a in arguments[2:]]
        return Typed(sa.func.substr(as_sql(arguments[0], "text"), start, *rest), "text")
    if name == "replace":
        return Typed(sa.func.replace(*(as_sql(a, "text") for a in arguments)), "text")
    if name == "concat":
        one, other = (a.sql if a.sql is not None else as_sql(a, "text") for a in arguments)
        return Typed(sa.cast(one, sa.Text).op("||")(other), "text")
    return None


def _time_function(name: str, arguments: list[Typed]) -> Typed:
    if name not in {*PARTS, "second", "fractionalseconds", "date", "time"}:
        raise Refused(f"the server cannot translate {name}")
    moment = as_sql(arguments[0], "time")
    if name == "date":
        return Typed(sa.func.substr(moment, _number("1"), _number("10")).op("||")(_number("'T00:00:00.000Z'")), "time")
    if name == "time":
        return Typed(sa.func.substr(moment, _number("12"), _number("12")), "text")
    if name in PARTS:
        start, length = PARTS[name]
        return Typed(sa.cast(sa.func.substr(moment, _number(start), _number(length)), sa.Integer), "number")
    start, length = ("18", "2") if name == "second" else ("20", "4")
    return Typed(sa.cast(sa.func.substr(moment, _number(start), _number(length)), sa.Float), "number")
