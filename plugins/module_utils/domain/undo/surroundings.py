# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What variables and tags belong to, read by id: what people call it, and that it is the same as it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.wording import called
from ...sdk._chunks import chunks
from ...sdk._related import related_or_none
from ..query import Record
from ..rows import read_rows

if TYPE_CHECKING:
    from ...sdk import Balena

_FLEET = {"$select": ["id", "slug"]}
_DEVICE = {"$select": ["id", "uuid", "device_name"], "$expand": {"belongs_to__application": _FLEET}}
#: By resource: the columns and the relations that say what a row is called.
_READING: Mapping[str, tuple[Sequence[str], Mapping[str, Any]]] = {
    "application": (("slug",), {}),
    "device": (("uuid", "device_name"), {"belongs_to__application": _FLEET}),
    "service": (("service_name",), {"application": _FLEET}),
    "service_install": ((), {"device": _DEVICE, "installs__service": {"$select": ["id", "service_name"]}}),
    "release": (("commit", "raw_version"), {"belongs_to__application": _FLEET}),
}


@dataclass(frozen=True)
class Parent:
    """A thing that variables or tags belong to.

    :param where: such as C(fleet acme/kiosk, device berlin-sign-01 (7cf02a6)).
    :param home: the id of its application.
    :param uuid: of the device that it is, or belongs to.
    """

    where: str
    home: int | None = None
    uuid: str | None = None


def by_id(
    balena: Balena, resource: str, ids: Collection[int], select: Sequence[str], expand: Mapping[str, Any]
) -> dict[int, Record]:
    """Rows by their ids, as far as they exist; one request for each 200."""
    found: dict[int, Record] = {}
    for piece in chunks(sorted(ids)):
        rows = read_rows(balena, resource, {"id": {"$in": list(piece)}}, select=["id", *select], expand=expand)
        found.update({row["id"]: row for row in rows})
    return found


def parents(balena: Balena, resource: str, ids: Collection[int]) -> dict[int, Parent]:
    """The things of these ids, as far as they exist."""
    select, expand = _READING[resource]
    return {id_: _NAMERS[resource](row) for id_, row in by_id(balena, resource, ids, select, expand).items()}


def fleet_of(row: Record | None) -> str:
    """A fleet as sentences call it."""
    return f"fleet {row['slug']}" if row else "a fleet that the token may not see"


def device(row: Record) -> Parent:
    """A device that was read with its application."""
    home = related_or_none(row, "belongs_to__application")
    where = f"{fleet_of(home)}, device {called(row['uuid'], row['device_name'])}"
    return Parent(where, home["id"] if home else None, row["uuid"])


def _application(row: Record) -> Parent:
    return Parent(fleet_of(row), row["id"])


def _service(row: Record) -> Parent:
    home = related_or_none(row, "application")
    return Parent(f"{fleet_of(home)}, service {row['service_name']}", home["id"] if home else None)


def _install(row: Record) -> Parent:
    of, service = related_or_none(row, "device"), related_or_none(row, "installs__service")
    known = device(of) if of else Parent("a device that the token may not see")
    return Parent(f"{known.where}, service {service['service_name'] if service else '?'}", known.home, known.uuid)


def _release(row: Record) -> Parent:
    home = related_or_none(row, "belongs_to__application")
    return Parent(f"{fleet_of(home)}, release {row['raw_version']}", home["id"] if home else None)


_NAMERS: Mapping[str, Callable[[Record], Parent]] = {
    "application": _application,
    "device": device,
    "service": _service,
    "service_install": _install,
    "release": _release,
}
