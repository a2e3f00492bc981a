# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices a declaration is about: those that exist, and those that are to be registered."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypedDict

from ...engine.fields import columns_of
from ...engine.plan import DeclarationError, Key, NewId
from ...engine.wording import NamedUuid, spelled
from ...sdk._chunks import NAMES, chunks
from ...sdk._related import related
from ..device_names import named_uuid
from ..options import DeviceSelection, needed
from ..query import Record, all_of
from ..rows import read_rows
from ..selector import (
    APPLICATION_COLUMNS,
    NOTHING_SELECTED,
    any_name,
    is_device_uuid,
    refuse_wandering_limit,
    select_devices,
)
from .fields import DEVICE

if TYPE_CHECKING:
    from ...sdk import Balena

#: What is declared of one device, by option; not all options need to be there.
Declared = Mapping[str, Any]

#: Options of the shared selector, besides where it looks, that leave devices out.
_NARROWING: Final = ("with_tags", "has_tags", "filter", "limit")


class Each(TypedDict):
    """One of several devices that a task lists."""

    uuid: str | None
    name: str | None
    device_type: str | None
    tags: dict[str, Any] | None


class Want(DeviceSelection):
    """The options of the module balena_device: those of L(Each), and more."""

    uuid: str | None
    name: str | None
    device_type: str | None
    tags: dict[str, Any] | None
    in_application: str | None
    each: list[Each] | None
    local_mode: bool | None
    purge_tags: bool
    state: str


class Stated(Want):
    """The same, with what the state says of the columns of a device."""

    active: bool | None


@dataclass(frozen=True)
class Subject:
    """One device of a declaration.

    :param key: its readable key: the uuid; of a device that is declared by its name, the application and the name.
    :param wanted: the options that hold for it: those of the task, and over them its own.
    :param found: the device as it is; None when it is to be registered.
    :param uuid: its uuid.
    """

    key: Key
    wanted: Declared
    found: Record | None
    uuid: str

    @property
    def id(self) -> int | NewId:
        """Its id, or what stands for the id that it will get."""
        return self.found["id"] if self.found else NewId("device", self.key)

    @property
    def label(self) -> str:
        """What messages call it."""
        if self.found:
            return named_uuid(self.found).label
        return spelled(self.key) if self.key == (self.uuid,) else f"'{self.key[-1]}'"


@dataclass(frozen=True)
class Reading:
    """What is read of each device."""

    select: Sequence[str]
    expand: Mapping[str, Any]


def find(balena: Balena, want: Stated, application: Record | None, reading: Reading) -> list[Subject]:
    """The devices of a declaration; read in two requests, or one for each 50 that are listed.

    :param application: where the devices should be, where that is declared.
    :raises DeclarationError: contradictory options, an unknown or ambiguous device, or one that cannot be registered
        since no application is given.
    """
    _check(want)
    entries = want["each"]
    if entries is None and not _selects(want):
        entries = [{"uuid": want["uuid"], "name": want["name"], "device_type": None, "tags": None}]
    if entries is None:
        subjects = _selected(balena, want, application, reading)
    else:
        subjects = _listed(balena, want, application, entries, reading)
    if not (subjects or want["state"] == "absent" or want["allow_empty"]):
        raise DeclarationError(NOTHING_SELECTED)
    return subjects


def _selects(want: Stated) -> bool:
    return want["devices"] is not None or bool(want["in_application"])


def _check(want: Stated) -> None:
    narrowing = [name for name in _NARROWING if want[name] is not None]
    if narrowing and not _selects(want):
        raise DeclarationError(f"{', '.join(narrowing)} narrow down devices or in_application, and neither is given")
    for uuid in [entry["uuid"] for entry in want["each"]] if want["each"] else [want["uuid"]]:
        if uuid is not None and not is_device_uuid(uuid):
            raise DeclarationError(
                f"uuid '{uuid}' is not the full uuid of a device: 32 or 62 hexadecimal digits in lower case"
            )


def _selected(balena: Balena, want: Stated, application: Record | None, reading: Reading) -> list[Subject]:
    """The devices of the shared selector; whole uuids that do not exist can be registered."""
    absent = want["state"] == "absent"
    _check_limit(want, application)
    registers = application is not None and want["state"] == "present" and not want["in_application"]
    may_be_missing: Callable[[str | int], bool] | None = any_name if absent else None
    if registers and not any(want[name] for name in _NARROWING):
        may_be_missing = is_device_uuid
    within: Stated = {**want, "application": want["in_application"] or (want["application"] if absent else None)}
    rows = select_devices(balena, within, select=reading.select, expand=reading.expand, may_be_missing=may_be_missing)
    subjects = [Subject((named_uuid(row),), want, row, row["uuid"]) for row in rows]
    if may_be_missing is is_device_uuid:
        known = {row["uuid"] for row in rows}
        new = [name for name in dict.fromkeys(want["devices"] or ()) if is_device_uuid(name) and name not in known]
        subjects += [Subject((NamedUuid(uuid, want["name"]),), want, None, uuid) for uuid in new]
    if want["name"] is not None and len(subjects) > 1:
        raise DeclarationError(f"name '{want['name']}' is for one device, and the options select {len(subjects)}")
    return subjects


def _check_limit(want: Stated, application: Record | None) -> None:
    """Refuse a limit that takes other devices with each run."""
    leaves = "devices are removed" if want["state"] == "absent" else ""
    home = want["in_application"]
    names = {str(application.get(name)).lower() for name in APPLICATION_COLUMNS} if application else set()
    if home and names and str(home).strip().lower() not in names and not leaves:
        leaves = "devices are moved to another application"
    columns = columns_of(DEVICE.given(want))
    refuse_wandering_limit(want, columns=columns, tags=want["tags"] or (), leaves=leaves)


def _listed(
    balena: Balena, want: Stated, application: Record | None, entries: Sequence[Each], reading: Reading
) -> list[Subject]:
    """The devices that are listed by uuid, or by their name in the application."""
    by_name = [needed(entry["name"]) for entry in entries if entry["uuid"] is None]
    if by_name and application is None:
        raise DeclarationError(f"application is needed to find or register device '{by_name[0]}' by its name")
    absent = want["state"] == "absent"
    uuids = [entry["uuid"] for entry in entries if entry["uuid"] is not None]
    rows = _read(balena, {"uuid": uuids}, application if absent else None, reading)
    rows += _read(balena, {"device_name": by_name}, application, reading)
    subjects = []
    for entry in entries:
        found = _match(entry, rows, application)
        if found is not None:
            subjects.append(Subject(_key(entry, application, found), _merged(want, entry), found, found["uuid"]))
        elif not absent:
            subjects.append(_new(want, entry, application))
    times = Counter(subject.uuid for subject in subjects)
    twice = [subject.label for subject in subjects if times[subject.uuid] > 1]
    if twice:
        raise DeclarationError(f"each declares the same device twice: {', '.join(twice)}")
    return subjects


def _key(entry: Each, application: Record | None, found: Record | None = None) -> Key:
    if entry["uuid"] is not None:
        return (NamedUuid(entry["uuid"], found["device_name"] if found else entry["name"]),)
    return ((application or {})["slug"], needed(entry["name"]))


def _read(
    balena: Balena, names: Mapping[str, Sequence[str]], application: Record | None, reading: Reading
) -> list[Record]:
    within = {"belongs_to__application": application["id"]} if application else None
    rows: list[Record] = []
    for column, values in names.items():
        for piece in chunks(list(dict.fromkeys(values)), NAMES):
            condition = all_of({column: {"$in": list(piece)}}, within)
            columns = ["id", "uuid", "device_name", *reading.select]
            rows += read_rows(balena, "device", condition, select=columns, expand=reading.expand)
    return rows


def _match(entry: Each, rows: Sequence[Record], application: Record | None) -> Record | None:
    column, value = ("uuid", entry["uuid"]) if entry["uuid"] is not None else ("device_name", entry["name"])
    found = {row["id"]: row for row in rows if row[column] == value}
    if application is not None and column == "device_name":
        found = {id_: row for id_, row in found.items() if _application_id(row) == application["id"]}
    if len(found) > 1:
        several = ", ".join(sorted(row["uuid"] for row in found.values()))
        raise DeclarationError(f"device '{value}' is ambiguous: {several}. Give the uuid")
    return next(iter(found.values()), None)


def _application_id(row: Record) -> int:
    id_: int = related(row, "belongs_to__application")["id"]
    return id_


def _new(want: Stated, entry: Each, application: Record | None) -> Subject:
    uuid, wanted = entry["uuid"], _merged(want, entry)
    if want["state"] != "present":
        raise DeclarationError(f"device '{uuid or entry['name']}' does not exist, and cannot be {want['state']}")
    if application is None:
        raise DeclarationError(f"device '{uuid}' does not exist; application is needed to register it")
    return Subject(_key(entry, application), wanted, None, uuid or secrets.token_hex(16))


def _merged(want: Stated, entry: Each) -> Declared:
    own: dict[str, Any] = {name: value for name, value in entry.items() if value is not None}
    if want["tags"] is not None and own.get("tags") is not None:
        own["tags"] = {**want["tags"], **own["tags"]}
    return {**want, **own}
