# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a fleet what its document says, in one plan: one set of reads, one diff, one guard, writes in a safe order."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.plan import Change, DeclarationError, NewId, Plan, join
from ...sdk._related import related, related_or_none
from ..applications.plan import creation, differences, organization, predict, predict_new, reader
from ..cloud import account_of_cloud_only, missing
from ..devices.options import OPTIONS
from ..devices.plan import check_architecture, check_types, compare_rows, desired_row
from ..devices.types import find_all
from ..query import Record
from ..tags.compare import Tagged, resulting_tags
from ..variables import config_schema
from . import drift, provisioning_keys, purging, snapshot, software
from . import members as membership
from .document import read
from .extent import Scope
from .members import Member
from .snapshot import LiveFleet
from .values import Variables, config_writes, tag_changes

if TYPE_CHECKING:
    from ...sdk import Balena

Want = Mapping[str, Any]

#: What a server that is not balenaCloud shows of these columns and cannot change.
_ACCOUNT = account_of_cloud_only({"is_web_accessible": "public_url"})


def plan(balena: Balena, want: Want) -> Plan:
    """What has to change for a fleet to be as its document says.

    The number of requests does not depend on how many devices, groups and variables there are.

    :param want: the options of the module balena_fleet.
    :raises DeclarationError: a document that is wrong, names what does not exist, or declares what cannot be.
    """
    document = read(want["document"])
    scope = Scope.of(document, want)
    given = _read(balena, scope)
    return _Planner(balena, want, scope, given).plan()


@dataclass(frozen=True)
class _Given:
    """What was read.

    :param fleet: the fleet; one that is to be created, as it would then be.
    :param create: what creates it, if it does not exist.
    :param settings: the document's settings in the options of the module balena_application.
    :param types: the declared device types by the names that were declared.
    """

    fleet: LiveFleet
    create: Change | None
    settings: Want
    types: Mapping[str, Record]
    members: Sequence[Member]


def _read(balena: Balena, scope: Scope) -> _Given:
    document = scope.document
    with_keys = bool(
        provisioning_keys.SECTION in scope.sections and (document.keys or provisioning_keys.SECTION in scope.purge)
    )
    found = snapshot.read(
        balena,
        document.fleet,
        keys=with_keys,
        build=with_keys or ("variables" in scope.sections and bool(document.build or "variables" in scope.purge)),
    )
    declared = {entry.device_type for entry in document.devices if entry.device_type}
    settings = {name: value for name, value in document.settings.items() if name != "device_urls"}
    types = _types(balena, declared | ({settings["device_type"]} if "device_type" in settings else set()), found)
    want = {**settings, "name": f"{document.fleet.partition('/')[0]}/{document.name}"}
    create = None
    fleet = found
    if fleet is None:
        create = _creation(balena, scope, want, types)
        fleet = _blank(create, types[settings["device_type"]])
    elsewhere = membership.read_elsewhere(balena, membership.missing_uuids(document, fleet))
    members = membership.find(
        document, fleet, elsewhere, types, sections=scope.sections, purge_tags="tags" in scope.purge
    )
    return _Given(fleet, create, want, types, members)


def _types(balena: Balena, names: set[str], fleet: LiveFleet | None) -> dict[str, Record]:
    """The declared device types; those that the fleet has are known."""
    used = [related(row, "is_of__device_type") for row in fleet.devices] if fleet else []
    used += fleet.application["is_for__device_type"] if fleet else []
    known = {row["slug"]: row for row in used}
    return {**known, **find_all(balena, names - set(known))}


def _creation(balena: Balena, scope: Scope, settings: Want, types: Mapping[str, Record]) -> Change:
    slug = scope.document.fleet
    if not scope.create:
        raise DeclarationError(f"fleet '{slug}' does not exist; create: true makes it")
    if "application" not in scope.sections:
        raise DeclarationError(f"fleet '{slug}' does not exist, and the section application is not among the sections")
    if "device_type" not in settings:
        raise DeclarationError(f"fleet '{slug}' does not exist; device_type is needed to create it")
    return creation(settings, organization(balena, settings), types[settings["device_type"]])


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
    return LiveFleet(row, build=())


class _Planner:
    """Puts the plans of all sections together."""

    def __init__(self, balena: Balena, want: Want, scope: Scope, given: _Given) -> None:
        self._balena, self._want, self._scope, self._given = balena, want, scope, given
        self._doomed = self._undeclared()
        gone = {change.key[0] for change in self._doomed}
        #: The devices that the fleet has in the end.
        self._members = [member for member in given.members if member.subject.uuid not in gone]
        self._releases = software.Releases(scope, given.fleet)
        self._targets = software.find(balena, scope, self._releases, given.fleet, self._members)
        self._keys = provisioning_keys.plan(balena, scope, given.fleet)

    def plan(self) -> Plan:
        """All changes, in the order in which they are safe to make."""
        fleet, members = self._given.fleet, self._members
        tagged = tag_changes(self._scope, fleet, members)
        changes = join(
            [
                self._application(),
                self._devices(),
                tagged,
                Variables(self._scope, fleet, members).changes(self._balena),
                self._keys.changes,
                software.host_changes(self._targets, members),
                software.pin_changes(self._scope, self._releases, self._targets, fleet, members),
                self._doomed,
            ]
        )
        purging.refuse_to_purge_what_is_absent(self._scope.document, self._scope.purge, changes)
        self._need_secrets()
        apart = self._compared(changes)
        return Plan(
            changes,
            len(self._given.members) + 1,
            {**self._result(tagged), "drift": drift.report(apart)},
            refresh=self._refresh if self._given.create else None,
            writers=self._keys.writers,
            warnings=(*self._targets.warnings, *self._keys.warnings, *self._left_out(), *self._judged(changes)),
            in_order=True,
            account=lambda outcome: {
                **self._account(outcome),
                "drift": drift.report(apart, [*outcome.done, *outcome.met]),
            },
        )

    def _compared(self, changes: Sequence[Change]) -> drift.Comparison:
        """How far the fleet is from the document."""
        given = self._given
        return drift.Comparison(
            self._scope.document,
            None if given.create else given.fleet,
            given.members,
            changes,
            self._targets.os_versions,
            self._scope.sections,
            self._want["silent_days"],
        )

    def _undeclared(self) -> list[Change]:
        """The devices that are removed."""
        if "devices" not in self._scope.purge:
            return []
        return [
            Change("delete", "device", member.subject.key, {"device_name": member.row["device_name"]}, None, {}, id_)
            for member in self._given.members
            if not member.listed and (id_ := member.row["id"])
        ]

    def _application(self) -> list[Change]:
        if self._given.create:
            return [self._given.create]
        if "application" not in self._scope.sections:
            return []
        settings, row = self._given.settings, self._given.fleet.application
        _check_columns(row, {"support_access_until": ("is_accessible_by_support_until__date",)}, settings)
        return differences(settings, row, self._device_type(settings))

    def _device_type(self, settings: Want) -> Record | None:
        name = settings.get("device_type")
        fleet = self._given.fleet.application
        return self._given.types[name] if name else related_or_none(fleet, "is_for__device_type")

    def _devices(self) -> list[Change]:
        """Registrations, and the settings of the devices that exist."""
        if "devices" not in self._scope.sections:
            return []
        kind = self._device_type(self._given.settings)
        application = {**self._given.fleet.application, "is_for__device_type": [kind] if kind else []}
        subjects = [member.subject for member in self._members]
        for member in self._members:
            if member.subject.found:
                columns = {name: option.columns for name, option in OPTIONS.items()}
                _check_columns(member.row, columns, member.subject.wanted)
        check_types(subjects, self._given.types)
        check_architecture(subjects, application, self._given.types)
        rows = []
        for member in self._members:
            row = desired_row(member.subject, application, self._given.types)
            more = self._targets.of_new(member) if member.new else {}
            rows.append(dataclasses.replace(row, fields={**row.fields, **more}))
        return compare_rows(rows, subjects)

    def _need_secrets(self) -> None:
        if self._scope.wanting:
            needs = "; ".join(
                f"{name} (for {', '.join(places[:3])})" for name, places in sorted(self._scope.wanting.items())
            )
            raise DeclarationError(
                f"The option secrets has to give the values of secrets whose variables do not exist yet: {needs}"
            )

    def _left_out(self) -> list[str]:
        return [f"{one['path']} is left out: {one['reason']}" for one in self._scope.pending]

    def _judged(self, changes: Sequence[Change]) -> list[str]:
        writes = config_writes(self._given.fleet, self._members, changes)
        return config_schema.judge(self._balena, writes, self._want["check_config"])

    def _result(self, tagged: Sequence[Change]) -> dict[str, Any]:
        shown = self._shown()
        things = [Tagged(0, (self._given.fleet.slug,), {}, self._given.fleet.application["application_tag"])]
        of_fleet = [change for change in tagged if change.resource == "application_tag"]
        shown["tags"] = resulting_tags(things, of_fleet)[things[0].key]
        release = self._scope.document.release
        if release and "release" in self._scope.sections and self._releases.known(release):
            shown["track_latest_release"] = release.kind == "track"
        return {
            "fleet": {**shown, "device_count": len(self._members)},
            "registered": self._registered(known=False),
            "pending": self._scope.pending,
            **self._keys.predicted(),
        }

    def _shown(self) -> dict[str, Any]:
        settings, create = self._given.settings, self._given.create
        if create:
            return predict_new(create, settings, self._given.types[settings["device_type"]])
        used = settings if "application" in self._scope.sections else {}
        return predict(used, self._given.fleet.application, self._device_type(used))

    def _registered(self, *, known: bool) -> list[dict[str, Any]]:
        """The devices that are registered; a generated uuid is only known afterwards."""
        return [
            {
                "name": member.subject.wanted.get("name"),
                "uuid": member.subject.uuid if known or member.entry.uuid else None,
            }
            for member in self._members
            if member.new and member.entry
        ]

    def _account(self, outcome: Outcome) -> dict[str, Any]:
        return {**_ACCOUNT(outcome), "registered": self._registered(known=True), **self._keys.account(outcome)}

    def _refresh(self, balena: Balena) -> dict[str, Any]:
        read_again = reader(self._given.fleet.slug, {})
        return {"fleet": read_again(balena)["application"]}


def _check_columns(row: Record, columns: Mapping[str, Sequence[str]], declared: Mapping[str, Any]) -> None:
    """Refuse what the server has no place for.

    :raises DeclarationError: names the options.
    """
    absent = [name for name in declared if any(column not in row for column in columns.get(name, ()))]
    if absent:
        raise DeclarationError(missing(absent))
