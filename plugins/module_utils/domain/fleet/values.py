# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, services and variables of a fleet and its devices: what has to change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine.plan import Change, DeclarationError, Key, NewId, Row
from ...sdk._related import related, related_or_none
from ..cloud import missing
from ..devices.switches import VARIABLES, desired_rows
from ..tags.compare import Tagged, compare_tags
from ..variables.compare import KEPT, RESOURCES, Comparison, Parent
from .extent import Scope
from .likely_secrets import is_likely_secret
from .members import Member
from .snapshot import LiveFleet

if TYPE_CHECKING:
    from ...sdk import Balena


def tag_changes(scope: Scope, fleet: LiveFleet, members: Sequence[Member]) -> list[Change]:
    """Tags of the fleet and of its devices.

    Only devices that the document names lose tags: of others it does not know all.
    """
    if "tags" not in scope.sections:
        return []
    row, purge = fleet.application, "tags" in scope.purge
    changes = compare_tags(
        "application",
        [Tagged(row["id"], (fleet.slug,), scope.document.tags, row["application_tag"])],
        purge=purge,
    )
    for named in (True, False):
        things = [
            Tagged(member.subject.id, member.subject.key, member.holds.tags, member.row["device_tag"])
            for member in members
            if bool(member.entry) == named
        ]
        changes += compare_tags("device", things, purge=purge and named)
    return changes


class Variables:
    """The variables of a fleet, and the services that they are for."""

    def __init__(self, scope: Scope, fleet: LiveFleet, members: Sequence[Member]) -> None:
        """Plan for one fleet."""
        self._scope, self._fleet, self._members = scope, fleet, members
        self._services: dict[str, int | NewId] = {
            row["service_name"]: row["id"] for row in fleet.application["service"]
        }
        self._secret = scope.document.secret_variables()

    def changes(self, balena: Balena) -> list[Change]:
        """What has to change; what must be there for others comes before them."""
        found: list[Change] = []
        if "services" in self._scope.sections:
            found += self._new_services()
        if "variables" in self._scope.sections:
            found += self._of_application()
        if "services" in self._scope.sections:
            found += self._of_services()
        if "variables" in self._scope.sections:
            found += self._of_devices(balena)
        if "services" in self._scope.sections:
            found += self._of_services_on_devices()
        return found

    def _new_services(self) -> list[Change]:
        """Services that no release has brought yet; the API lets anybody with a key make them (recording 04)."""
        wanted = dict.fromkeys(self._scope.document.services)
        for member in self._members:
            wanted.update(dict.fromkeys(name for name, values in member.holds.services.items() if _any(values)))
        application = self._fleet.application["id"]
        found = []
        for name in wanted:
            if name not in self._services:
                key = (self._fleet.slug, name)
                identity = {"application": application, "service_name": name}
                found.append(Change("create", "service", key, None, {}, identity))
                self._services[name] = NewId("service", key)
        return found

    def _of_application(self) -> list[Change]:
        document, fleet = self._scope.document, self._fleet
        parent = Parent(fleet.application["id"], (fleet.slug,))
        if document.build and fleet.build is None:
            raise DeclarationError(missing(["variables.build"]))
        found: list[Change] = []
        for scope, kind, part, values, actual in (
            ("application", "env", "env", document.env, fleet.application["application_environment_variable"]),
            ("application", "config", "config", document.config, fleet.application["application_config_variable"]),
            ("build", "env", "build", document.build, fleet.build or ()),
        ):
            compared = self._comparison(scope, kind)
            self._add(compared, parent, f"variables.{part}", values, actual)
            found += self._compared(compared, "variables")
        return found

    def _of_services(self) -> list[Change]:
        actual = {
            row["service_name"]: row["service_environment_variable"] for row in self._fleet.application["service"]
        }
        compared = self._comparison("service", "env")
        for name, id_ in self._services.items():
            values = self._scope.document.services.get(name, {})
            parent = Parent(id_, (self._fleet.slug, name))
            self._add(compared, parent, f"services.{name}.env", values, actual.get(name, ()))
        return self._compared(compared, "services")

    def _of_devices(self, balena: Balena) -> list[Change]:
        found: list[Change] = []
        for kind, relation in (("env", "device_environment_variable"), ("config", "device_config_variable")):
            compared = self._comparison("device", kind)
            for member in self._members:
                parent = Parent(member.subject.id, member.subject.key)
                values = getattr(member.holds, kind)
                self._add(compared, parent, f"device {member.subject.label}", values, member.row[relation])
            if kind == "config":
                self._switch(balena, compared)
            found += self._compared(compared, "variables")
        return found

    def _switch(self, balena: Balena, compared: Comparison) -> None:
        """Add the options of devices that are kept as config variables; what they stand for is not purged."""
        actual = {row.key: row.fields["value"] for row in compared.actual}
        # What the fleet says of update locks, now or by what is declared: a device need not repeat it.
        inherited = {row["name"]: row["value"] for row in self._fleet.application["application_config_variable"]}
        inherited.update(self._scope.revealed(self._scope.document.config))
        lock = inherited.get(VARIABLES["lock_override"])
        subjects = [member.subject for member in self._members]
        rows = desired_rows(balena, subjects, actual, lambda subject: lock)
        compared.desired += rows
        changed = {row.key for row in rows}
        for subject in subjects:
            for option, variable in VARIABLES.items():
                key = (*subject.key, variable)
                if subject.wanted.get(option) is not None and key in actual and key not in changed:
                    compared.desired.append(Row(key, {}, {"device": subject.id, "name": variable}))

    def _of_services_on_devices(self) -> list[Change]:
        installs: list[Change] = []
        compared = self._comparison("device_service", "env")
        for member in self._members:
            there = self._fleet.installs(member.row)
            for name in dict.fromkeys([*there, *member.holds.services]):
                values = member.holds.services.get(name, {})
                key = (*member.subject.key, name)
                if name not in there and not _any(values):
                    continue
                if name in there:
                    parent = Parent(there[name]["id"], key)
                    actual = there[name]["device_service_environment_variable"]
                else:
                    # The server itself adds the row when a release with the service becomes the device's target.
                    parent, actual = Parent(NewId("service_install", key), key), ()
                    identity = {"device": member.subject.id, "installs__service": self._services[name]}
                    installs.append(Change("create", "service_install", key, None, {}, identity))
                self._add(compared, parent, f"device {member.subject.label} service {name}", values, actual)
        return installs + self._compared(compared, "services")

    def _comparison(self, scope: str, kind: str) -> Comparison:
        return Comparison(*RESOURCES[scope, kind])

    def _add(
        self, compared: Comparison, parent: Parent, where: str, values: Mapping[str, Any], actual: Sequence[Any]
    ) -> None:
        wanted = self._scope.revealed(values)
        there = {record["name"] for record in actual}
        for name, value in wanted.items():
            if value is KEPT and name not in there:
                self._scope.wanting.setdefault(values[name].name, []).append(f"{where}.{name}")
        compared.add(parent, wanted, actual)

    def _compared(self, compared: Comparison, section: str) -> list[Change]:
        changes = compared.changes(purge=section in self._scope.purge)
        return [dataclasses.replace(change, secret=True) if self._hidden(change) else change for change in changes]

    def _hidden(self, change: Change) -> bool:
        """Whether a value may be secret: so are those that the document does not know; of config only some names."""
        name = change.key[-1]
        unknown = change.action == "delete" and ("config" not in change.resource or is_likely_secret(name))
        return unknown or name in self._secret


def config_writes(
    fleet: LiveFleet, members: Sequence[Member], changes: Sequence[Change]
) -> Iterator[tuple[str | None, Change]]:
    """The changes of config variables with the device types that they are for."""
    types: dict[Key, str | None] = {
        member.subject.key: related(member.row, "is_of__device_type")["slug"] for member in members
    }
    usual = related_or_none(fleet.application, "is_for__device_type")
    types[fleet.slug,] = usual["slug"] if usual else None
    for change in changes:
        if change.resource in ("application_config_variable", "device_config_variable"):
            yield types[change.key[:-1]], change


def _any(values: Mapping[str, Any]) -> bool:
    """Whether there is to be a variable at all."""
    return any(value is not None for value in values.values())
