# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices of a fleet: those it has, those that its document adds, and what holds for each in the end."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.plan import DeclarationError
from ...engine.wording import NamedUuid
from ...sdk._chunks import NAMES, chunks
from ...sdk._related import related
from ..applications.fields import DEVICE_URLS
from ..device_names import named_uuid
from ..devices.fields import PUBLIC_URL
from ..devices.subjects import Subject
from ..query import Record
from ..rows import read_rows
from . import snapshot
from .document import Document, Group, Layer, NamedDevice
from .snapshot import LiveFleet, named

if TYPE_CHECKING:
    from ...sdk import Balena


@dataclass(frozen=True)
class Member:
    """One device of the fleet.

    :param row: the device as L(snapshot.DEVICE) reads it; one that is to be registered, as it would then be.
    :param holds: what the document says of it, in the end.
    :param entry: where the document names it.
    :param listed: the document names it, or a group takes it.
    :param comes: another fleet has it so far.
    """

    subject: Subject
    row: Record
    holds: Layer
    entry: NamedDevice | None
    listed: bool
    comes: bool = False

    @property
    def new(self) -> bool:
        """Whether it is to be registered."""
        return self.subject.found is None


class Layers:
    """What holds for devices: the defaults, then groups in their order, then what is said of the device itself.

    Groups are chosen by the tags that a device will have. These do not depend on groups, since none gives a tag that
    groups are chosen by.
    """

    def __init__(self, document: Document, *, purge_tags: bool = False) -> None:
        """Look up what the document says.

        :param purge_tags: devices that are named lose the tags that are not declared.
        """
        self._document, self._purge_tags = document, purge_tags
        urls = document.settings.get(DEVICE_URLS.option)
        self._base = Layer(DEVICE_URLS.option, options={} if urls is None else {PUBLIC_URL.option: urls})
        self._merged: dict[tuple[str, ...], Layer] = {}

    def of(self, actual: Mapping[str, str], entry: NamedDevice | None) -> tuple[Layer, bool]:
        """What holds for a device, and whether a group takes it.

        :param actual: the tags that it has.
        """
        tags = {} if self._purge_tags and entry else dict(actual)
        for said in (self._document.defaults.tags, entry.tags if entry else {}):
            tags.update({key: value for key, value in said.items() if value is not None})
            for key in [key for key, value in said.items() if value is None]:
                tags.pop(key, None)
        groups = [group for group in self._document.groups if group.takes(tags)]
        return self._merge(groups, entry), bool(groups)

    def _merge(self, groups: Sequence[Group], entry: NamedDevice | None) -> Layer:
        layers = [self._base, self._document.defaults, *groups, *([entry] if entry else [])]
        known = tuple(layer.path for layer in layers)
        if known not in self._merged:
            self._merged[known] = merged(layers)
        return self._merged[known]


def merged(layers: Sequence[Layer]) -> Layer:
    """Several layers as one; what comes later wins."""
    parts: dict[str, dict[str, Any]] = {"tags": {}, "env": {}, "config": {}, "options": {}}
    services: dict[str, dict[str, Any]] = {}
    release = None
    for layer in layers:
        for name, part in parts.items():
            part.update(getattr(layer, name))
        for service, values in layer.services.items():
            services.setdefault(service, {}).update(values)
        release = layer.release or release
    return Layer(layers[-1].path, **parts, services=services, release=release)


def missing_uuids(document: Document, fleet: LiveFleet) -> list[str]:
    """The uuids that the document names and the fleet does not have."""
    known = {row["uuid"] for row in fleet.devices}
    return [entry.uuid for entry in document.devices if entry.uuid and entry.uuid not in known]


def read_elsewhere(balena: Balena, uuids: Sequence[str]) -> list[Record]:
    """Devices of other fleets, as L(snapshot.DEVICE) reads them; one request for each 50."""
    rows: list[Record] = []
    for piece in chunks(uuids, NAMES):
        rows += read_rows(balena, "device", {"uuid": {"$in": list(piece)}}, expand=snapshot.DEVICE)
    return rows


def find_members(
    document: Document,
    fleet: LiveFleet,
    elsewhere: Sequence[Record],
    types: Mapping[str, Record],
    *,
    sections: frozenset[str],
    purge_tags: bool,
) -> list[Member]:
    """All devices that the fleet has or will have, by uuid; those that are to be registered last.

    :param elsewhere: the named devices that other fleets have.
    :param types: the declared device types by the names that were declared.
    :raises DeclarationError: a name that several devices have, or a device that is named twice.
    """
    layers = Layers(document, purge_tags=purge_tags)
    comers = elsewhere if "devices" in sections else []
    coming = {row["uuid"] for row in comers}
    rows = [*fleet.devices, *comers]
    entries = _entries(document, rows)
    members = []
    for row in rows:
        entry = entries.get(row["uuid"])
        holds, grouped = layers.of(named(row["device_tag"], "tag_key"), entry)
        subject = Subject((named_uuid(row),), _wanted(holds, entry, sections), row, row["uuid"])
        members.append(Member(subject, row, holds, entry, bool(entry or grouped), row["uuid"] in coming))
    known = {entry.path for entry in entries.values()}
    for entry in document.devices if "devices" in sections else ():
        if entry.path not in known:
            holds, _grouped = layers.of({}, entry)
            members.append(_new(fleet, entry, holds, types))
    return members


def _entries(document: Document, rows: Sequence[Record]) -> dict[str, NamedDevice]:
    """Where the document names the devices that exist, by their uuids."""
    uuids: dict[str, list[str]] = {}
    for row in rows:
        uuids.setdefault(row["device_name"], []).append(row["uuid"])
    known = {row["uuid"] for row in rows}
    found: dict[str, NamedDevice] = {}
    for entry in document.devices:
        meant = [entry.uuid] if entry.uuid else uuids.get(entry.name or "", [])
        if len(meant) > 1:
            several = ", ".join(sorted(meant))
            raise DeclarationError(f"{entry.path}.name: '{entry.name}' is the name of several devices: {several}")
        for uuid in known.intersection(meant):
            if uuid in found:
                raise DeclarationError(f"{entry.path} is the same device as {found[uuid].path}: {uuid}")
            found[uuid] = entry
    return found


def _wanted(holds: Layer, entry: NamedDevice | None, sections: frozenset[str]) -> dict[str, Any]:
    """What is declared of a device in the options of the module balena_device."""
    if "devices" not in sections:
        return {}
    own = {"name": entry.name, "device_type": entry.device_type} if entry else {}
    return {**holds.options, **{name: value for name, value in own.items() if value is not None}}


def _new(fleet: LiveFleet, entry: NamedDevice, holds: Layer, types: Mapping[str, Record]) -> Member:
    """A device that is to be registered."""
    uuid = entry.uuid or secrets.token_hex(16)
    key = (NamedUuid(entry.uuid, entry.name),) if entry.uuid else (fleet.slug, entry.name or "")
    wanted = _wanted(holds, entry, frozenset(["devices"]))
    kind = types[entry.device_type] if entry.device_type else related(fleet.application, "is_for__device_type")
    relations: dict[str, Any] = {name: [] for name in snapshot.DEVICE}
    columns = dict.fromkeys(("os_version", "os_variant", "supervisor_version"))
    row = {**relations, **columns, "uuid": uuid, "device_name": entry.name or uuid[:7], "is_of__device_type": [kind]}
    return Member(Subject(key, wanted, None, uuid), row, holds, entry, listed=True)
