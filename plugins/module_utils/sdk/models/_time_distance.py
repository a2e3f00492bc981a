# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long ago something was, in words: "3 minutes", "about 1 month", "almost 2 years".

The words and their limits are those of date-fns' ``formatDistance``, which the dashboard and the other SDK use.
"""

from __future__ import annotations

import calendar
import datetime
import math

_HOUR, _DAY, _MONTH = 60, 60 * 24, 60 * 24 * 30


def in_words(earlier: datetime.datetime, later: datetime.datetime) -> str:
    """Say how far apart two points in time are.

    Args:
        earlier: the first one, in UTC.
        later: the second one, in UTC.

    Returns:
        The distance in English words.
    """
    # Numbers are rounded as JavaScript does: towards the future when they end in .5
    minutes = _rounded((later - earlier).total_seconds() / 60)
    if minutes == 0:
        return "less than a minute"
    if minutes < 45:
        return _count(minutes, "minute")
    if minutes < _DAY:
        return "about " + _count(max(1, _rounded(minutes / _HOUR)) if minutes >= 90 else 1, "hour")
    if minutes < _MONTH:
        return _count(1 if minutes < 42 * _HOUR else _rounded(minutes / _DAY), "day")
    if minutes < 2 * _MONTH:
        return "about " + _count(_rounded(minutes / _MONTH), "month")
    months = full_months(earlier, later)
    if months < 12:
        return _count(_rounded(minutes / _MONTH), "month")
    years, rest = divmod(months, 12)
    if rest < 3:
        return "about " + _count(years, "year")
    if rest < 9:
        return "over " + _count(years, "year")
    return "almost " + _count(years + 1, "year")


def full_months(earlier: datetime.datetime, later: datetime.datetime) -> int:
    """Count the calendar months that fit between two points in time.

    From the 31st to the last day of a shorter month is a full month.
    """
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    last_day = calendar.monthrange(later.year, later.month)[1]
    month_is_over = later.day == last_day and earlier.day > last_day
    if not month_is_over and (later.day, later.time()) < (earlier.day, earlier.time()):
        months -= 1
    return months


def _rounded(number: float) -> int:
    return math.floor(number + 0.5)


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
