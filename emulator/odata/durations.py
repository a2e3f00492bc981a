# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arithmetic with times: a duration later or earlier, and how long between two of them (in milliseconds)."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from ..http.responses import Refused
from .typed import Sql, Typed, as_sql

text = sa.literal_column


def time_arithmetic(operator: str, left: Typed, right: Typed) -> Typed:
    """`time add duration`, `duration add time`, `time sub duration` or `time sub time`; anything else is refused."""
    if operator == "add" and _is_duration(left):
        left, right = right, left
    if operator in ("add", "sub") and left.kind == "time" and _is_duration(right):
        sign = "+" if operator == "add" else "-"
        # the milliseconds stay as they are, so that a duration of whole seconds moves them by nothing
        return Typed(_moved(as_sql(left, "time"), sign, as_sql(right, "duration")), "time")
    if operator == "sub" and _is_time(left) and _is_time(right):
        return Typed(_milliseconds(as_sql(left, "time")) - _milliseconds(as_sql(right, "time")), "duration")
    raise Refused(f"no {operator} for these")


def _is_duration(side: Typed) -> bool:
    return side.kind == "duration" or (side.literal and isinstance(side.value, timedelta))


def _is_time(side: Typed) -> bool:
    return side.kind == "time" or (side.literal and isinstance(side.value, (datetime, str)))


def _milliseconds(moment: Sql) -> Sql:
    """A time as milliseconds since 1970."""
    seconds = sa.cast(sa.func.strftime(text("'%s'"), moment), sa.Integer)
    return seconds * text("1000") + sa.cast(sa.func.substr(moment, text("21"), text("3")), sa.Integer)


def _moved(moment: Sql, sign: str, duration: Sql) -> Sql:
    milliseconds = _milliseconds(moment).op(sign)(duration)
    whole = sa.cast(sa.func.floor(milliseconds / text("1000.0")), sa.Integer)
    rest = milliseconds - whole * text("1000")
    second = sa.func.strftime(text("'%Y-%m-%dT%H:%M:%S'"), whole, text("'unixepoch'"))
    return second.op("||")(sa.func.printf(text("'.%03dZ'"), rest))
