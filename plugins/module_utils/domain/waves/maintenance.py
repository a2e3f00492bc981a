# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows of whatever a task is about: one place, or many devices, each in its own time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ...engine import dates
from ...engine.plan import DeclarationError
from ...engine.task import Followed, Progress
from ...engine.wording import called, counted, listed
from ..options import DeviceSelection, Windows
from ..query import Record
from ..selector import select_devices
from . import windows, zones

if TYPE_CHECKING:
    from ...sdk import Balena

#: Any of these means devices.
_SELECTORS: Final = ("devices", "application", "with_tags", "has_tags", "filter", "limit")

#: Seconds after which the clock is read again: it may have been set, or the machine was asleep.
_NAP = 60.0
#: Seconds after which whoever is watching is told again what is waited for.
_LINE_EVERY = 600.0

_NAMED = 3


class Want(DeviceSelection, Windows):
    """The options of the module balena_window."""

    timezone: str
    timezone_tag: str | None
    outside_window: str
    max_wait: float | None


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """Which devices are in a window now, and when the next one opens for each; without devices, for one place.

    :param want: the options of the module balena_window.
    :raises DeclarationError: a window or a time zone that makes no sense, devices that do not exist.
    """
    windows.read_windows(want["windows"], zones.find(want["timezone"], "timezone"))
    devices, warnings = _devices(balena, want)
    return {**_standing(want, devices, dates.now()), "seconds_waited": 0, "warnings": warnings}


def wait(want: Want, found: Mapping[str, Any], progress: Progress) -> Followed:
    """Wait until a window opens, if that is what the task should do.

    :param found: what L(read) returned.
    """
    if found["open"] or want["outside_window"] == "stop":
        return Followed()
    began, longest = dates.now(), want["max_wait"]
    if want["outside_window"] == "fail":
        return Followed(problem=_closed(found, began))
    if longest is not None and found["opens_in"] > longest:
        return Followed(problem=f"{_closed(found, began)}, which is more than max_wait ({longest:g} s) allows")
    told = began - timedelta(seconds=_LINE_EVERY)
    standing, now = dict(found), began
    while not standing["open"]:
        if now - told >= timedelta(seconds=_LINE_EVERY):
            progress(f"waiting; {_closed(standing, now)}")
            told = now
        time.sleep(min(standing["opens_in"], _NAP))
        now = dates.now()
        standing = _standing(want, found["devices"], now)
    return Followed({**standing, "seconds_waited": round((now - began).total_seconds())})


def _closed(found: Mapping[str, Any], now: datetime) -> str:
    opens = dates.read(found["opens_at"]) or now
    minutes = -int(-(opens - now).total_seconds() // 60)
    return f"no maintenance window is open; the next one opens at {found['opens_at']}, in {_lasting(minutes)}"


def _lasting(minutes: int) -> str:
    """Minutes as people say them."""
    days, hours = divmod(minutes // 60, 24)
    parts = (counted(days, "day"), counted(hours, "hour"), counted(minutes % 60, "minute"))
    return " ".join(part for part in parts if not part.startswith("0 ")) or "less than a minute"


def _standing(want: Want, devices: Sequence[Mapping[str, Any]], moment: datetime) -> dict[str, Any]:
    """How things stand at a moment, for each device and together.

    :param devices: those of the task, with C(timezone).
    """
    seen = {name: _look(want, name, moment) for name in {want["timezone"], *(item["timezone"] for item in devices)}}
    rows = [{**item, **seen[item["timezone"]]} for item in devices]
    looks = rows or [seen[want["timezone"]]]
    opened = [item for item in looks if item["open"]]
    return {
        "open": bool(opened),
        "closes_at": min((item["closes_at"] for item in opened if item["closes_at"]), default=None),
        "opens_at": None if opened else min(item["opens_at"] for item in looks),
        "opens_in": 0 if opened else min(item["opens_in"] for item in looks),
        "in_window": [item["uuid"] for item in rows if item["open"]],
        "devices": rows,
    }


def _look(want: Want, name: str, moment: datetime) -> dict[str, Any]:
    return windows.look(windows.read_windows(want["windows"], zones.find(name, "timezone")), moment)


def _devices(balena: Balena, want: Want) -> tuple[list[dict[str, Any]], list[str]]:
    """The devices of the task with their time zones, in one request, and what is to be said of those."""
    key = want["timezone_tag"]
    if all(want[name] is None for name in _SELECTORS):
        if key is not None:
            raise DeclarationError("timezone_tag needs devices or application, whose tags say the time zone")
        return [], []
    expand = {"device_tag": _tagged(key), "belongs_to__application": _home(key)} if key is not None else None
    found = [_device(row, want, key) for row in select_devices(balena, want, expand=expand)]
    return found, list(_warnings(found, want, key))


def _tagged(key: str) -> dict[str, Any]:
    return {"$select": ["id", "tag_key", "value"], "$filter": {"tag_key": key}}


def _home(key: str) -> dict[str, Any]:
    return {"$select": ["id"], "$expand": {"application_tag": _tagged(key)}}


def _home_tags(row: Record) -> list[Record]:
    """The tags of a device's application; none if the token may not see it."""
    return [tag for home in row["belongs_to__application"] for tag in home["application_tag"]]


def _device(row: Record, want: Want, key: str | None) -> dict[str, Any]:
    """A device with its time zone, and why that of a tag does not count."""
    name, source, problems = want["timezone"], "timezone", []
    tags = [] if key is None else [("device", row["device_tag"]), ("application", _home_tags(row))]
    for owner, value in ((owner, tag["value"]) for owner, found in tags for tag in found):
        try:
            zones.find(value, f"tag '{key}' of the {owner}")
        except DeclarationError as error:
            problems.append(str(error))
        else:
            name, source = str(value).strip(), owner
            break
    return {
        "uuid": row["uuid"],
        "name": row["device_name"],
        "timezone": name,
        "timezone_from": source,
        "problem": "; ".join(problems),
    }


def _warnings(found: Iterable[Mapping[str, Any]], want: Want, key: str | None) -> Iterable[str]:
    """What is to be said of devices whose tags say no time zone, or a wrong one."""
    for item in found:
        if item["problem"]:
            yield f"{_named(item)}: {item['problem']}. {item['timezone']} counts instead"
    without = [_named(item) for item in found if item["timezone_from"] == "timezone" and not item["problem"]]
    if key is not None and without:
        have = counted(len(without), "device has", "devices have")
        yield (
            f"{have} no tag '{key}', nor has the application, so that {want['timezone']} counts (timezone): "
            f"{listed(without, _NAMED)}"
        )


def _named(item: Mapping[str, Any]) -> str:
    return called(item["uuid"], item["name"])
