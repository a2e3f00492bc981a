# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices get a config.json: by uuid, by a serial number, or by name.

A device without a uuid gets one that follows from the application and the serial number (or the name). So a run that
was interrupted finds the devices that it registered when it is run again, and two runs at once cannot register one
twice.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ...engine.plan import DeclarationError, Key
from ...engine.wording import NamedUuid, listed
from ...sdk._chunks import NAMES, chunks
from ...sdk._related import related_or_none
from ..devices.subjects import Subject
from ..devices.types import WITH_ARCHITECTURE
from ..query import Record, all_of
from ..rows import read_rows
from ..selector import is_device_uuid
from .options import Devices

if TYPE_CHECKING:
    from ...sdk import Balena

#: What is given of one device, by option.
Given = Mapping[str, Any]

#: What names a device, and is a good name of a file.
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
#: The options that say what a device should be; each may say them for itself.
OF_EACH: Final = ("name", "device_type", "note", "tags", "env")
_JOINED: Final = ("tags", "env")


@dataclass(frozen=True)
class Entry:
    """One device of a declaration.

    :param place: where it is declared, for messages; empty if it is the only one.
    :param serial: its serial number, if it is declared by it.
    :param subject: the device.
    """

    place: str
    serial: str | None
    subject: Subject


def find(balena: Balena, want: Devices, application: Record) -> list[Entry]:
    """The devices of a declaration, in one request for each 50; none if it is about the application as a whole.

    :raises DeclarationError: a device that is not said clearly, is declared twice, or belongs to another application.
    """
    each = want["each"]
    many = each is not None
    given = [_without_blanks(entry) for entry in ([want] if each is None else each)]
    if not many and not any(given[0].get(name) for name in ("uuid", "serial", "name")):
        return []
    places = [f"each[{number}]" for number in range(len(given))] if many else [""]
    for place, entry in zip(places, given, strict=True):
        _check(entry, place)
    derived = [derived_uuid(application, entry) for entry in given]
    found = _read(balena, want, application, given, derived)
    entries = []
    for place, entry, uuid in zip(places, given, derived, strict=True):
        row = _named(entry, found, application, place) if _by_name(entry) else None
        row = row or next((one for one in found if one["uuid"] == uuid), None)
        entries.append(_entry(want, entry, application, place, row, uuid))
    _refuse_elsewhere(entries, application)
    _refuse_twice(entries)
    return entries


def _without_blanks(entry: Given) -> dict[str, Any]:
    """An entry without what is empty: a table has a cell for what a row does not say."""
    return {name: value for name, value in entry.items() if value is not None and value != ""}


def _by_name(entry: Given) -> bool:
    return not entry.get("uuid") and not entry.get("serial")


def _check(entry: Given, place: str) -> None:
    """Refuse an entry that does not say clearly which device is meant."""
    before = f"{place}." if place else ""
    if not any(entry.get(name) for name in ("uuid", "serial", "name")):
        raise DeclarationError(f"{place} says no device: give uuid, serial or name")
    if entry.get("uuid") and entry.get("serial"):
        raise DeclarationError(
            f"{before}uuid and {before}serial cannot both be given: the uuid follows from the serial"
        )
    if entry.get("uuid") and not is_device_uuid(entry["uuid"]):
        raise DeclarationError(
            f"{before}uuid '{entry['uuid']}' is not the full uuid of a device: "
            "32 or 62 hexadecimal digits in lower case"
        )
    if entry.get("serial") and not _SERIAL.fullmatch(entry["serial"]):
        raise DeclarationError(
            f"{before}serial '{entry['serial']}' must be 1 to 100 letters, digits, dots, underscores and hyphens, the "
            "first of them a letter or a digit"
        )


def derived_uuid(application: Record, entry: Given) -> str:
    """The uuid of a device: what is declared, or what follows from its application and its serial number or name."""
    if entry.get("uuid"):
        return str(entry["uuid"])
    kind = "serial" if entry.get("serial") else "name"
    text = "\n".join([application["uuid"], kind, entry[kind]])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read(
    balena: Balena, want: Devices, application: Record, given: Sequence[Given], derived: Sequence[str]
) -> list[Record]:
    declared: list[Given] = [want, *given]
    expand: dict[str, Any] = {
        "belongs_to__application": {"$select": ["id", "slug"]},
        "is_of__device_type": WITH_ARCHITECTURE,
    }
    if any(one.get("tags") for one in declared):
        expand["device_tag"] = {"$select": ["id", "tag_key", "value"]}
    if any(one.get("env") for one in declared):
        expand["device_environment_variable"] = {"$select": ["id", "name", "value"]}
    here = {"belongs_to__application": application["id"]}
    names = [entry["name"] for entry in given if _by_name(entry)]
    found: dict[int, Record] = {}
    for column, values, within in (("uuid", derived, None), ("device_name", names, here)):
        for piece in chunks(list(dict.fromkeys(values)), NAMES):
            condition = all_of({column: {"$in": list(piece)}}, within)
            columns = ["id", "uuid", "device_name", "note"]
            found |= {row["id"]: row for row in read_rows(balena, "device", condition, select=columns, expand=expand)}
    return list(found.values())


def _named(entry: Given, rows: Sequence[Record], application: Record, place: str) -> Record | None:
    named = [row for row in rows if row["device_name"] == entry["name"] and _home(row) == application["slug"]]
    if len(named) > 1:
        several = ", ".join(sorted(row["uuid"] for row in named))
        raise DeclarationError(f"{place} device '{entry['name']}' is ambiguous: {several}. Give the uuid".strip())
    return named[0] if named else None


def _home(row: Record) -> str | None:
    return (related_or_none(row, "belongs_to__application") or {}).get("slug")


def _entry(want: Devices, entry: Given, application: Record, place: str, row: Record | None, uuid: str) -> Entry:
    wanted: dict[str, Any] = {name: entry[name] if entry.get(name) is not None else want[name] for name in OF_EACH}
    for name in _JOINED:
        common = want[name]
        if common is not None and entry.get(name) is not None:
            wanted[name] = {**common, **entry[name]}
    if place:
        wanted["name"] = entry.get("name")
    uuid = row["uuid"] if row else uuid
    told = row["device_name"] if row else wanted.get("name")
    key: Key = (
        (application["slug"], entry["name"]) if _by_name(entry) else (entry.get("serial") or NamedUuid(uuid, told),)
    )
    return Entry(place, entry.get("serial"), Subject(key, wanted, row, uuid))


def _refuse_elsewhere(entries: Sequence[Entry], application: Record) -> None:
    away = [
        f"{entry.subject.label} ({_home(entry.subject.found) or 'one that the token may not see'})"
        for entry in entries
        if entry.subject.found and _home(entry.subject.found) != application["slug"]
    ]
    if away:
        some = f"device {away[0]} does" if len(away) == 1 else f"devices {listed(away, 5)} do"
        raise DeclarationError(f"{some} not belong to application '{application['slug']}'. balena_device moves devices")


def _refuse_twice(entries: Sequence[Entry]) -> None:
    times = Counter(entry.subject.uuid for entry in entries)
    twice = [f"{entry.place} ({entry.subject.label})" for entry in entries if times[entry.subject.uuid] > 1]
    if twice:
        raise DeclarationError(f"each declares the same device twice: {', '.join(twice[:6])}")
