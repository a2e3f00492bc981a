# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of an account as they are now, whatever became of them since; a few requests for each kind of row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...engine.inverse import Live
from ...engine.net import Net
from ...engine.plan import Key, NamedId, NewId
from ...engine.wording import called
from ...sdk._related import referenced
from ..accounts.account import Account
from ..applications.fields import APPLICATION
from ..devices.fields import DEVICE
from ..query import Record
from ..releases.names import label
from ..releases.pins import RELEASE
from ..rows import children, read_rows
from . import surroundings
from .kinds import KINDS, PLACES
from .surroundings import Parent

if TYPE_CHECKING:
    from ...sdk import Balena

#: So many names are sent to find rows by; else all rows are read of what they belong to.
_FEW = 50
_TYPE = {"$select": ["id", "slug"]}
_FLEET = {"$select": ["id", "slug"]}
#: Relations that are read with what they lead to, to be shown.
_RELATIONS: Mapping[str, Mapping[str, Any]] = {
    "is_pinned_on__release": RELEASE,
    "should_be_running__release": RELEASE,
    "should_be_managed_by__release": RELEASE,
    "should_be_operated_by__release": RELEASE,
    "is_of__device_type": _TYPE,
    "is_for__device_type": _TYPE,
    "belongs_to__application": _FLEET,
}
#: What is always read of devices and applications: what they are called, and whether anybody uses them.
_ALWAYS: Mapping[str, tuple[Sequence[str], Mapping[str, Any]]] = {
    "device": (("uuid", "device_name", "os_version", "is_online"), {"belongs_to__application": _FLEET}),
    "application": (("slug",), {"owns__device": {"$select": ["id"]}, "owns__release": {"$select": ["id"], "$top": 1}}),
}
_HELD = {
    resource.name: {field.columns[number]: field for field in resource.fields for number in range(len(field.columns))}
    for resource in (DEVICE, APPLICATION)
}


@dataclass
class Found:
    """What is there now.

    :param live: a row for each of the account's.
    :param homes: the ids of the applications that all of them belong to.
    :param inhabitants: the ids of the devices of applications that the account has made, by their ids.
    """

    live: list[Live] = field(default_factory=list)
    homes: tuple[int, ...] = ()
    inhabitants: dict[int, set[int]] = field(default_factory=dict)


def read(balena: Balena, account: Account, nets: Sequence[Net]) -> Found:
    """The rows of an account as they are now."""
    return _Reader(balena, account, nets).read()


class _Reader:
    def __init__(self, balena: Balena, account: Account, nets: Sequence[Net]) -> None:
        self.balena, self.account, self.nets = balena, account, nets
        self.live: dict[int, Live] = {}
        self.made: dict[tuple[str, Key], int] = {}
        self.homes: set[int] = set()
        self.found = Found()

    def read(self) -> Found:
        """Those that are found by themselves first: others may belong to them."""
        for resource in dict.fromkeys(net.resource for net in self.nets):
            if resource not in PLACES:
                self._standing(resource, self._of(resource))
        for resource in dict.fromkeys(net.resource for net in self.nets):
            if resource in PLACES:
                self._belonging(resource, self._of(resource))
        self.found.live = [self.live[number] for number in range(len(self.nets))]
        self.found.homes = tuple(sorted(self.homes))
        return self.found

    def _of(self, resource: str) -> list[tuple[int, Net]]:
        return [(number, net) for number, net in enumerate(self.nets) if net.resource == resource]

    def _standing(self, resource: str, nets: list[tuple[int, Net]]) -> None:
        """Devices, applications, and whatever is found by its id."""
        if resource not in KINDS or KINDS[resource].comes_along:
            self.live.update({number: Live("") for number, _net in nets})
            return
        select, expand = _reading(resource, [net for _number, net in nets])
        rows = surroundings.by_id(
            self.balena, resource, {net.id for _number, net in nets if net.id is not None}, select, expand
        )
        for number, net in nets:
            row = rows.get(net.id) if net.id is not None else self._looked_up(net, select, expand)
            if row is not None and "uuid" in row and _names_another(net.key, row["uuid"]):
                row = None
            self.live[number] = self._own(net, row)
            if row is not None:
                self.made[net.resource, net.key] = row["id"]

    def _looked_up(self, net: Net, select: Sequence[str], expand: Mapping[str, Any]) -> Record | None:
        """A row whose id is not known, since a run was killed before it was told."""
        identity = self._resolved(net)
        if not identity:
            return None
        return next(iter(read_rows(self.balena, net.resource, identity, select=["id", *select], expand=expand)), None)

    def _own(self, net: Net, row: Record | None) -> Live:
        if row is None:
            return Live(self._called(net.key))
        names = {*(net.before or {}), *(net.after or {})}
        fields = {name: _held(net.resource, name, row) for name in names if name in row}
        if net.resource == "device":
            known = surroundings.device(row)
            self._lives_in(known)
            used = "it has been provisioned since" if row["os_version"] or row["is_online"] else ""
            return Live(known.where, fields, {}, row["id"], used=used)
        if net.resource == "application":
            self.homes.add(row["id"])
            self.found.inhabitants[row["id"]] = {device["id"] for device in row["owns__device"]}
            used = "it has releases" if row["owns__release"] else ""
            return Live(surroundings.fleet_of(row), fields, {}, row["id"], used=used)
        return Live(self._called(net.key), fields, {}, row["id"])

    def _lives_in(self, parent: Parent) -> None:
        if parent.home is not None:
            self.homes.add(parent.home)

    def _belonging(self, resource: str, nets: list[tuple[int, Net]]) -> None:
        """Variables and tags."""
        place = PLACES[resource]
        identities = {number: self._resolved(net) for number, net in nets}
        ids = {identity[place.parent] for identity in identities.values() if place.parent in identity}
        parents = surroundings.parents(self.balena, place.parent, ids)
        names = sorted({str(identity[place.name]) for identity in identities.values() if place.name in identity})
        rows = children(
            self.balena,
            resource,
            place.parent,
            sorted(parents),
            select=(place.name, "value"),
            where={place.name: {"$in": names}} if len(names) <= _FEW else None,
        )
        there = {(referenced(row[place.parent]), row[place.name]): row for row in rows}
        for number, net in nets:
            identity = identities[number]
            parent = parents.get(identity.get(place.parent, 0))
            if parent is None or (parent.uuid is not None and _names_another(net.key, parent.uuid)):
                called = self._called(net.key[:-1])
                self.live[number] = Live(called, orphaned="what it belonged to is not there any more")
                continue
            self._lives_in(parent)
            row = there.get((identity[place.parent], identity[place.name]))
            fields = {"value": row["value"]} if row else None
            self.live[number] = Live(parent.where, fields, identity, row["id"] if row else None)

    def _resolved(self, net: Net) -> dict[str, Any]:
        """What identifies a row, with the ids of rows that the same account has made; empty if one is not there."""
        found = {}
        for name, value in net.identity.items():
            known = self.made.get((value.resource, value.key)) if isinstance(value, NewId) else value
            if known is None:
                return {}
            found[name] = known
        return found

    def _called(self, key: Key) -> str:
        """What is not there any more, as the account calls it."""
        first, *rest = key
        if "/" in first:
            return ", ".join([f"fleet {first}", *rest])
        name = self.account.whom.names.get(first)
        fleets = self.account.whom.homes
        within = [f"fleet {fleets[0]}"] if len(fleets) == 1 else []
        return ", ".join([*within, f"device {called(first, name)}", *rest])


def _names_another(key: Key, uuid: str) -> bool:
    """Whether a key names a device, and another one: ids can be given anew."""
    return len(key[0]) in (32, 62) and "/" not in key[0] and key[0] != uuid


def _reading(resource: str, nets: Iterable[Net]) -> tuple[list[str], dict[str, Any]]:
    select, expand = _ALWAYS.get(resource, ((), {}))
    names = {name for net in nets if net.after is not None for name in (*(net.before or {}), *net.after)}
    relations = {name: _RELATIONS[name] for name in names if name in _RELATIONS}
    return sorted({*select, *(names - set(relations))}), {**relations, **expand}


def _held(resource: str, name: str, row: Record) -> Any:
    """A column of a row in the form in which changes have it."""
    value = row[name]
    if name in _RELATIONS:
        if not value:
            return None
        (found,) = value
        return NamedId(found["id"], found["slug"] if "slug" in found else label(found))
    known = _HELD.get(resource, {}).get(name)
    return known.actual(row)[name] if known and all(column in row for column in known.columns) else referenced(value)
