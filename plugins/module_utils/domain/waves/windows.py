# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: when work may begin, in the time of a place, across midnight and changes of the clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from ...engine import dates
from ...engine.plan import DeclarationError
from . import zones

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_KEYS = {"start", "end", "days", "timezone"}
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_DAY = 24 * 60

#: The smallest number that YAML 1.1 makes of a time without quotes, which is C(1:00).
_FIRST_NUMBER = 60

#: Every weekday comes again within a week, one week later if clocks leave out its window, and a window of the day
#: before may still be open.
_AHEAD = range(-1, 16)


@dataclass(frozen=True)
class Window:
    """One window: opens on some weekdays at a time of day, and closes at another, if need be of the next day.

    :param start: minutes from midnight.
    :param end: minutes from the midnight before C(start); more than a day for one that lasts over midnight.
    :param days: numbers of the weekdays on which it opens, Monday being 0.
    """

    start: int
    end: int
    days: frozenset[int]
    zone: tzinfo

    def around(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """When it opens and closes in the days about a moment, in UTC."""
        today = moment.astimezone(self.zone).date()
        for offset in _AHEAD:
            day = today + timedelta(days=offset)
            if day.weekday() in self.days:
                yield self._at(day, self.start, fold=0), self._at(day, self.end, fold=1)

    def _at(self, day: date, minutes: int, fold: int) -> datetime:
        """A time of a day in UTC.

        When clocks are set back it comes twice, and C(fold) says which one is meant. When they are set forward it may
        not come at all; then it is the moment at which they are.
        """
        days, rest = divmod(minutes, _DAY)
        local = datetime.combine(day + timedelta(days=days), time(*divmod(rest, 60)), tzinfo=self.zone)
        first, second = (local.replace(fold=fold).astimezone(dates.UTC) for fold in (0, 1))
        if second < first:
            return _change(second, first, self.zone)
        return second if fold else first


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The moment between two others at which the clocks of a zone are changed, to a second."""
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def read_windows(declared: Sequence[Mapping[str, Any]] | None, zone: tzinfo = dates.UTC) -> list[Window]:
    """The windows that an option declares, each with C(start), C(end), and perhaps C(days) and C(timezone).

    :param zone: of those that name no time zone.
    :raises DeclarationError: a window that makes no sense; says which.
    """
    return [_window(item, f"windows[{number}]", zone) for number, item in enumerate(declared or ())]


def look(windows: Sequence[Window], moment: datetime) -> dict[str, Any]:
    """How things stand at a moment. Without windows it is always open.

    :returns: C(open), C(closes_at) while it is open, C(opens_at) and C(opens_in) (seconds) while it is not.
    """
    times = [span for window in windows for span in window.around(moment)]
    closings = [end for start, end in times if start <= moment < end]
    if closings or not windows:
        closes = _end(max(closings), times) if closings else None
        return {"open": True, "closes_at": dates.as_stored(closes) if closes else None, "opens_at": None, "opens_in": 0}
    opens = min(start for start, end in times if moment < start < end)
    seconds = -int(-(opens - moment).total_seconds() // 1)
    return {"open": False, "closes_at": None, "opens_at": dates.as_stored(opens), "opens_in": seconds}


def _end(closes: datetime, times: Sequence[tuple[datetime, datetime]]) -> datetime | None:
    """When it really closes: not while another window goes on. None if it never does."""
    last = max(end for _start, end in times)
    while goes_on := [end for start, end in times if start <= closes < end]:
        closes = max(goes_on)
    return closes if closes < last else None


def _window(declared: Any, where: str, zone: tzinfo) -> Window:
    if not isinstance(declared, Mapping):
        raise DeclarationError(f"{where} must have start and end, not be {declared!r}")
    unknown = sorted(set(declared) - _KEYS)
    missing = sorted({"start", "end"} - set(declared))
    if unknown or missing:
        what = f"has no {' and '.join(missing)}" if missing else f"has the unknown {', '.join(unknown)}"
        raise DeclarationError(f"{where} {what}; it is made of start and end, and optionally days and timezone")
    start, end = (_minutes(declared[name], f"{where}.{name}") for name in ("start", "end"))
    if start in (end, _DAY):
        raise DeclarationError(f"{where} is empty; a whole day is from 00:00 to 24:00")
    if declared.get("timezone"):
        zone = zones.find(declared["timezone"], f"{where}.timezone")
    return Window(start, end if end > start else end + _DAY, _days(declared.get("days"), where), zone)


def _minutes(value: Any, where: str) -> int:
    """Minutes from midnight. YAML 1.1 reads C(22:00) without quotes as a number, which is just that.

    It does so from C(1:00) on, so that a smaller number is something else: C(22) is not a time of day.
    """
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found and int(found.group(2)) < 60:
        minutes = 60 * int(found.group(1)) + int(found.group(2))
    else:
        minutes = value if isinstance(value, int) and not isinstance(value, bool) and value >= _FIRST_NUMBER else -1
    if not 0 <= minutes <= _DAY:
        raise DeclarationError(f'{where} must be a time of day from "00:00" to "24:00", in quotes, not {value!r}')
    return minutes


def _days(value: Any, where: str) -> frozenset[int]:
    if value is None:
        return frozenset(range(7))
    found: set[int] = set()
    for item in [value] if isinstance(value, str) else value:
        first, dash, last = str(item).strip().lower().partition("-")
        begin, end = _weekday(first), _weekday(last if dash else first)
        if begin is None or end is None:
            raise DeclarationError(
                f"{where}.days: '{item}' is neither a weekday ({', '.join(DAYS)}) nor a range such as mon-fri"
            )
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    if not found:
        raise DeclarationError(f"{where}.days is empty, so that it never opens")
    return frozenset(found)


def _weekday(text: str) -> int | None:
    """The number of a weekday, by its name or the beginning of it."""
    name = text.strip()
    return next((n for n, day in enumerate(_WEEKDAYS) if len(name) >= len(DAYS[n]) and day.startswith(name)), None)
