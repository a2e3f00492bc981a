# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, services and variables of a fleet and its devices: what has to change."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.named import Comparison
from ...engine.plan import Change, DeclarationError, Key, NewId, Row
from ...engine.wording import listed
from ...sdk._related import related, related_or_none
from ..cloud import missing
from ..devices.switches import VARIABLES, desired_rows
from ..query import Record
from ..tags.compare import Tagged, compare_tags
from ..variables.compare import RESOURCES, Parent, add_variables
from .document import Document, Secret, Values
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


@dataclass(frozen=True)
class Holder:
    """What has variables of one kind: the fleet, a service, a device, or a service on a device.

    :param kind: a key of L(RESOURCES).
    :param path: where they are declared, for messages.
    :param values: what is declared of them.
    :param actual: its variables as they are.
    """

    kind: tuple[str, str]
    parent: Parent
    path: str
    values: Values
    actual: Sequence[Record] = ()


def variable_holders(scope: Scope, fleet: LiveFleet, members: Sequence[Member]) -> Iterator[Holder]:
    """All that has variables, in the order in which these are written.

    :raises DeclarationError: build variables, of a server that has none.
    """
    if "variables" in scope.sections:
        yield from _of_application(scope.document, fleet)
    if "services" in scope.sections:
        yield from _of_services(scope, fleet, members)
    if "variables" in scope.sections:
        for kind, relation in (("env", "device_environment_variable"), ("config", "device_config_variable")):
            for member in members:
                parent = Parent(member.subject.id, member.subject.key)
                path, values = f"device {member.subject.label}", getattr(member.holds, kind)
                yield Holder(("device", kind), parent, path, values, member.row[relation])
    if "services" in scope.sections:
        yield from _of_services_on_devices(fleet, members)


def _of_application(document: Document, fleet: LiveFleet) -> Iterator[Holder]:
    row = fleet.application
    parent = Parent(row["id"], (fleet.slug,))
    if document.build and fleet.build is None:
        raise DeclarationError(missing(["variables.build"]))
    for kind, part, values, actual in (
        (("application", "env"), "env", document.env, row["application_environment_variable"]),
        (("application", "config"), "config", document.config, row["application_config_variable"]),
        (("build", "env"), "build", document.build, fleet.build or ()),
    ):
        yield Holder(kind, parent, f"variables.{part}", values, actual)


def _of_services(scope: Scope, fleet: LiveFleet, members: Sequence[Member]) -> Iterator[Holder]:
    actual = {row["service_name"]: row["service_environment_variable"] for row in fleet.application["service"]}
    for name, id_ in _services(scope.document, fleet, members).items():
        values = scope.document.services.get(name, {})
        yield Holder(
            ("service", "env"), Parent(id_, (fleet.slug, name)), f"services.{name}.env", values, actual.get(name, ())
        )


def _of_services_on_devices(fleet: LiveFleet, members: Sequence[Member]) -> Iterator[Holder]:
    for member in members:
        there = fleet.installs(member.row)
        for name in dict.fromkeys([*there, *_with_values(member)]):
            key = (*member.subject.key, name)
            id_ = there[name]["id"] if name in there else NewId("service_install", key)
            actual = there[name]["device_service_environment_variable"] if name in there else ()
            path, values = f"device {member.subject.label} service {name}", member.holds.services.get(name, {})
            yield Holder(("device_service", "env"), Parent(id_, key), path, values, actual)


def _services(document: Document, fleet: LiveFleet, members: Sequence[Member]) -> dict[str, int | NewId]:
    """The services that the fleet has or gets, by their names."""
    found: dict[str, int | NewId] = {row["service_name"]: row["id"] for row in fleet.application["service"]}
    for name in [*document.services, *(name for member in members for name in _with_values(member))]:
        found.setdefault(name, NewId("service", (fleet.slug, name)))
    return found


def _with_values(member: Member) -> list[str]:
    """The services of which a device is to have a variable at all."""
    services = member.holds.services.items()
    return [name for name, values in services if any(value is not None for value in values.values())]


def refuse_missing_secrets(scope: Scope, holders: Iterable[Holder]) -> None:
    """Refuse to make variables whose values are not known.

    :raises DeclarationError: names the secrets, and where each is used.
    """
    wanting: dict[str, list[str]] = {}
    for holder in holders:
        there = {row["name"] for row in holder.actual}
        for name, value in holder.values.items():
            if isinstance(value, Secret) and value.name not in scope.secrets and name not in there:
                wanting.setdefault(value.name, []).append(f"{holder.path}.{name}")
    if wanting:
        needs = "; ".join(f"{name} (for {listed(places, 3)})" for name, places in sorted(wanting.items()))
        raise DeclarationError(
            f"The option secrets has to give the values of secrets whose variables do not exist yet: {needs}"
        )


def variable_changes(
    balena: Balena, scope: Scope, fleet: LiveFleet, members: Sequence[Member], holders: Iterable[Holder]
) -> list[Change]:
    """What has to change of services and variables; what must be there for others comes before them.

    :param holders: what L(variable_holders) finds.
    """
    secret = scope.document.secret_variables()
    services = _services(scope.document, fleet, members) if "services" in scope.sections else {}
    found = _new_services(fleet, services)
    for kind, group in itertools.groupby(holders, lambda holder: holder.kind):
        compared = Comparison(*RESOURCES[kind])
        for holder in group:
            add_variables(compared, holder.parent, scope.revealed(holder.values), holder.actual)
        if kind == ("device", "config"):
            compared.desired += _switches(balena, scope, fleet, members, compared.actual)
        if kind[0] == "device_service":
            found += _new_installs(fleet, members, services)
        section = "services" if "service" in kind[0] else "variables"
        for change in compared.changes(purge=section in scope.purge):
            hidden = _is_hidden(change, secret)
            found.append(dataclasses.replace(change, secret=True, kept=_is_kept(change, secret)) if hidden else change)
    return found


def _new_services(fleet: LiveFleet, services: Mapping[str, int | NewId]) -> list[Change]:
    """Services that no release has brought yet; the API lets anybody with a key make them (recording 04)."""
    application = fleet.application["id"]
    return [
        Change("create", "service", id_.key, None, {}, {"application": application, "service_name": name})
        for name, id_ in services.items()
        if isinstance(id_, NewId)
    ]


def _new_installs(fleet: LiveFleet, members: Sequence[Member], services: Mapping[str, int | NewId]) -> Iterator[Change]:
    """Services of devices; the server itself adds them when a release with them becomes the device's target."""
    for member in members:
        there = fleet.installs(member.row)
        for name in _with_values(member):
            if name not in there:
                identity = {"device": member.subject.id, "installs__service": services[name]}
                yield Change("create", "service_install", (*member.subject.key, name), None, {}, identity)


def _switches(
    balena: Balena, scope: Scope, fleet: LiveFleet, members: Sequence[Member], rows: Sequence[Row]
) -> list[Row]:
    """The options of devices that are kept as config variables; what they stand for is not purged.

    :param rows: the config variables that the devices have.
    """
    actual = {row.key: row.fields["value"] for row in rows}
    # What the fleet says of update locks, now or by what is declared: a device need not repeat it.
    inherited = {row["name"]: row["value"] for row in fleet.application["application_config_variable"]}
    inherited.update(scope.revealed(scope.document.config))
    lock = inherited.get(VARIABLES["lock_override"])
    subjects = [member.subject for member in members]
    desired = desired_rows(balena, subjects, actual, lambda subject: lock)
    changed = {row.key for row in desired}
    for subject in subjects:
        for option, variable in VARIABLES.items():
            key = (*subject.key, variable)
            if subject.wanted.get(option) is not None and key in actual and key not in changed:
                desired.append(Row(key, {}, {"device": subject.id, "name": variable}))
    return desired


def _is_hidden(change: Change, secret: Collection[str]) -> bool:
    """Whether a value may be secret: so are those that the document does not know; of config only some names."""
    name = change.key[-1]
    unknown = change.action == "delete" and ("config" not in change.resource or is_likely_secret(name))
    return unknown or name in secret


def _is_kept(change: Change, secret: Collection[str]) -> bool:
    """Whether an account may have a value that is hidden because the document does not know it."""
    name, value = change.key[-1], (change.before or {}).get("value")
    return change.action == "delete" and name not in secret and not is_likely_secret(name, value)


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
