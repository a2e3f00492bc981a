# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened to devices and who did it, as balena_device_history_info returns it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ...engine import dates
from ...engine.plan import DeclarationError
from ...sdk._chunks import NAMES, chunks
from ...sdk._related import related_or_none
from ...sdk.errors import BalenaRequestError
from ..cloud import missing
from ..options import DeviceSelection
from ..query import Record, all_of
from ..rows import read_rows
from ..selector import any_name, is_device_uuid, need_application, select_devices
from .history import EXPAND, SELECT, Actors, events

if TYPE_CHECKING:
    from ...sdk import Balena

#: As long ago as the official SDK looks back.
_USUAL = datetime.timedelta(days=7)
#: A row begins when the one before it ends, but for what passes between two statements of the server.
_BETWEEN = datetime.timedelta(minutes=1)
_NARROWING: Final = ("with_tags", "has_tags", "filter", "limit")


class Want(DeviceSelection):
    """The options of the module balena_device_history_info."""

    since: str | None
    until: str | None


@dataclass(frozen=True)
class _Period:
    """From when to when things are told."""

    start: datetime.datetime
    end: datetime.datetime | None

    @classmethod
    def of(cls, want: Want) -> _Period:
        """The period that options say.

        :raises DeclarationError: no dates, or the end comes before the beginning.
        """
        end = dates.declared(want["until"], "until") if want["until"] else None
        start = dates.declared(want["since"], "since") if want["since"] else _before(end or dates.now(), _USUAL)
        if end and end < start:
            raise DeclarationError(f"until '{want['until']}' comes before since '{want['since']}'")
        return cls(start, end)

    @property
    def condition(self) -> dict[str, Any]:
        """The condition on rows that say what devices were in the period or just before it."""
        lasts = {"$or": [{"end_timestamp": None}, {"end_timestamp": {"$ge": _before(self.start, _BETWEEN)}}]}
        return all_of(lasts, {"created_at": {"$le": self.end}} if self.end else None)

    def holds(self, moment: str) -> bool:
        """Whether something happened in it."""
        at = dates.read(moment)
        return at is not None and self.start <= at and (self.end is None or at <= self.end)


def _before(moment: datetime.datetime, span: datetime.timedelta) -> datetime.datetime:
    """The moment that comes so long before another, or the beginning of the calendar."""
    earliest = datetime.datetime.min.replace(tzinfo=dates.UTC)
    return moment - span if moment - earliest > span else earliest


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """What happened to devices in a period, and who did it.

    The history of an application takes a constant number of requests. Devices that are named or chosen take one for
    each 50 of them.

    :param want: the options of the module balena_device_history_info.
    :raises DeclarationError: C(since) or C(until) is not a date; a device that does not exist; a server without it.
    """
    period = _Period.of(want)
    narrowed = [name for name in _NARROWING if want[name] is not None]
    home = None
    if want["devices"] is not None or narrowed:
        uuids = _chosen(balena, want, narrowed)
        with _on_cloud():
            rows = [row for piece in chunks(uuids, NAMES) for row in _rows(balena, period, {"uuid": {"$in": piece}})]
    else:
        home = need_application(balena, want["application"])["id"] if want["application"] else None
        with _on_cloud():
            rows = _of_application(balena, period, home) if home else _rows(balena, period, {})
    happened = [event for event in events(rows) if period.holds(event.at) and _is_about(event.applications, home)]
    actors = Actors(balena, {event.actor for event in happened if event.actor is not None}, rows)
    told = [
        {
            "uuid": event.uuid,
            "name": event.name,
            "at": event.at,
            "by": actors.describe(event.actor),
            "what": event.what,
            "before": dict(event.before),
            "after": dict(event.after),
        }
        for event in happened
    ]
    return {"history": told}


def _is_about(applications: frozenset[int], home: int | None) -> bool:
    return home is None or home in applications


def _chosen(balena: Balena, want: Want, narrowed: Sequence[str]) -> list[str]:
    """The uuids of the devices that are meant; whole ones can be those of devices that have been removed."""
    gone = [name for name in want["devices"] or () if is_device_uuid(name)]
    lenient = any_name if want["allow_empty"] else is_device_uuid if gone and not narrowed else None
    found = [row["uuid"] for row in select_devices(balena, want, everywhere=True, may_be_missing=lenient)]
    return list(dict.fromkeys([*found, *([] if narrowed else gone)]))


def _rows(balena: Balena, period: _Period, ours: Mapping[str, Any]) -> list[Record]:
    return read_rows(balena, "device_history", ours, roughly=period.condition, select=SELECT, expand=EXPAND)


def _of_application(balena: Balena, period: _Period, home: int) -> list[Record]:
    """The history of the devices that an application has, and of those that it had.

    Rows of other applications belong to it: they say where a device came from, and where it went.
    """
    here = {"belongs_to__application": home}
    theirs = {"tracks__device": {"$any": {"$alias": "d", "$expr": {"d": here}}}}
    rows = _rows(balena, period, {"$or": [here, theirs]})
    latest: dict[int, Record] = {}
    for row in sorted(rows, key=lambda row: (row["created_at"], row["id"])):
        if device := related_or_none(row, "tracks__device"):
            latest[device["id"]] = row
    left = [id_ for id_, row in latest.items() if row["end_timestamp"]]
    return rows + [row for ids in chunks(left) for row in _rows(balena, period, {"tracks__device": {"$in": list(ids)}})]


@contextmanager
def _on_cloud() -> Iterator[None]:
    """Reads the history, which an openBalena server takes for something that nobody may see (recording 01)."""
    try:
        yield
    except BalenaRequestError as error:
        if error.status_code not in (401, 404):
            raise
        raise DeclarationError(f"{missing(['The history of devices'])} ({error.status_code})") from error
