# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known before a fleet is planned: everything that has to be read, and what the document's names mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.plan import Change, DeclarationError, NewId
from ...sdk._related import related, related_or_none
from ..access import collaborators
from ..access.members import Membership
from ..applications.fields import DEVICE_TYPE, DEVICE_URLS
from ..applications.plan import Settings, creation, organization
from ..devices.types import find_all
from ..query import Record
from . import provisioning_keys, snapshot
from .extent import Scope
from .members import Member, find_members, missing_uuids, read_elsewhere
from .snapshot import LiveFleet
from .software import Releases, Targets, find_releases, find_targets

if TYPE_CHECKING:
    from ...sdk import Balena


@dataclass(frozen=True)
class Known:
    """A fleet and its document, side by side.

    :param fleet: the fleet; one that is to be created, as it would then be.
    :param create: what creates it, if it does not exist.
    :param settings: the document's settings in the options of the module balena_application, with the row of the
        device type.
    :param types: the declared device types by the names that were declared.
    :param members: all devices that the fleet has or gets.
    :param staying: those that it has in the end.
    :param access: what becomes of its collaborators; None if the document does not say.
    """

    scope: Scope
    fleet: LiveFleet
    create: Change | None
    settings: Settings
    types: Mapping[str, Record]
    members: Sequence[Member]
    staying: Sequence[Member]
    releases: Releases
    targets: Targets
    keys: provisioning_keys.Keys
    access: Membership | None

    @property
    def device_type(self) -> Record | None:
        """The device type that the fleet has with these settings."""
        declared: Record | None = self.settings.get(DEVICE_TYPE.option)
        return declared or related_or_none(self.fleet.application, DEVICE_TYPE.columns[0])


def read_known(balena: Balena, scope: Scope) -> Known:
    """Read all that a fleet is planned from; the number of requests does not depend on the number of its devices.

    :raises DeclarationError: the document names what does not exist, or declares what cannot be.
    """
    document = scope.document
    found = _read_fleet(balena, scope)
    declared = {entry.device_type for entry in document.devices if entry.device_type}
    settings = {name: value for name, value in document.settings.items() if name != DEVICE_URLS.option}
    types = _types(balena, declared | ({settings["device_type"]} if "device_type" in settings else set()), found)
    if "device_type" in settings:
        settings["device_type"] = types[settings["device_type"]]
    settings["name"] = f"{document.fleet.partition('/')[0]}/{document.name}"
    create, fleet = None, found
    if fleet is None:
        create = _creation(balena, scope, settings)
        fleet = _blank(create, settings["device_type"])
    members = find_members(
        document,
        fleet,
        read_elsewhere(balena, missing_uuids(document, fleet)),
        types,
        sections=scope.sections,
        purge_tags="tags" in scope.purge,
    )
    staying = [member for member in members if not is_removed(scope, member)]
    releases = find_releases(scope, fleet)
    targets = find_targets(balena, scope, releases, fleet, staying)
    keys = provisioning_keys.plan(balena, scope, fleet)
    access = _access(balena, scope, fleet, create)
    return Known(scope, fleet, create, settings, types, members, staying, releases, targets, keys, access)


def is_removed(scope: Scope, member: Member) -> bool:
    """Whether a device is removed, since the document does not know it."""
    return "devices" in scope.purge and not member.listed


def _read_fleet(balena: Balena, scope: Scope) -> LiveFleet | None:
    section, document = provisioning_keys.SECTION, scope.document
    keys = section in scope.sections and bool(document.keys or section in scope.purge)
    build = "variables" in scope.sections and bool(document.build or "variables" in scope.purge)
    access = tuple(document.access) if "access" in scope.purge else None
    return snapshot.read(balena, document.fleet, keys=keys, build=keys or build, access=access)


def _access(balena: Balena, scope: Scope, fleet: LiveFleet, create: Change | None) -> Membership | None:
    """What becomes of the collaborators, if the document says something of them or they are purged.

    :raises DeclarationError: a role does not exist, or the server has no collaborators.
    """
    declared = scope.document.access
    # A server that has no collaborators has none to purge.
    if "access" not in scope.sections or not (declared or fleet.access):
        return None
    row = fleet.application
    if create:
        row = {**row, "organization": [{"id": create.identity["organization"]}]}
    return collaborators.membership(
        balena, row, declared, purge="access" in scope.purge, option="access", people=fleet.access
    )


def _types(balena: Balena, names: set[str], fleet: LiveFleet | None) -> dict[str, Record]:
    """The declared device types; those that the fleet has are known."""
    used = [related(row, "is_of__device_type") for row in fleet.devices] if fleet else []
    used += fleet.application["is_for__device_type"] if fleet else []
    known = {row["slug"]: row for row in used}
    return {**known, **find_all(balena, names - set(known))}


def _creation(balena: Balena, scope: Scope, settings: Settings) -> Change:
    slug = scope.document.fleet
    if not scope.create:
        raise DeclarationError(f"fleet '{slug}' does not exist; create: true makes it")
    if "application" not in scope.sections:
        raise DeclarationError(f"fleet '{slug}' does not exist, and the section application is not among the sections")
    if "device_type" not in settings:
        raise DeclarationError(f"fleet '{slug}' does not exist; device_type is needed to create it")
    return creation(settings, organization(balena, settings["name"]), settings["name"])


def _blank(create: Change, device_type: Record) -> LiveFleet:
    """A fleet that is to be created, as it will be read then."""
    relations: dict[str, Any] = {name: [] for name in snapshot.APPLICATION}
    row = {
        **relations,
        "id": NewId("application", create.key),
        "slug": create.key[0],
        "is_for__device_type": [device_type],
        "should_track_latest_release": True,
    }
    return LiveFleet(row, build=(), keys=())
