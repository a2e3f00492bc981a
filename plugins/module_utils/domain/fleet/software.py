# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fleet and its devices should run: releases, supervisor and balenaOS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.plan import Change, DeclarationError, NamedId, Row, compare
from ...engine.wording import called, counted, listed
from ..device_names import named_uuid
from ..host_os import supervisors
from ..host_os.names import read_version_name
from ..host_os.targets import COLUMN, queued
from ..host_os.updates import decide_all
from ..query import Record
from ..releases import pins
from ..releases.find import of_application
from ..releases.names import ReleaseName, label
from .extent import Scope
from .members import Member
from .snapshot import LiveFleet

if TYPE_CHECKING:
    from ...sdk import Balena

PIN = "is_pinned_on__release"


@dataclass(frozen=True)
class Releases:
    """What the names of releases in a document mean.

    :param found: the releases by their names; to track means the latest, None where there is none yet.
    :param pending: what the document says of releases that do not exist, and why it is left out.
    """

    found: Mapping[str, Record | None]
    pending: tuple[dict[str, Any], ...]

    def known(self, name: ReleaseName | None) -> bool:
        """Whether a name is given, and means something that can be had now."""
        if name is None or name.text not in self.found:
            return False
        return name.kind == "track" or self.found[name.text] is not None


def find_releases(scope: Scope, fleet: LiveFleet) -> Releases:
    """Look up every release that is named.

    :raises DeclarationError: one does not exist and C(allow_pending) is not set, or is the name of several.
    """
    if "release" not in scope.sections:
        return Releases({}, ())
    document, rows, where = scope.document, fleet.application["owns__release"], of_application(fleet.slug)
    places = [("release", document.release), *((f"{one.path}.release", one.release) for one in document.layers)]
    names: dict[str, ReleaseName] = {}
    paths: dict[str, list[str]] = {}
    for path, name in places:
        if name is not None:
            names[name.text] = name
            paths.setdefault(name.text, []).append(path)
    releases = Releases({text: name.choose(name.among(rows), where) for text, name in names.items()}, ())
    absent = [(name, name.missing(where) + name.drafts(rows)) for name in names.values() if not releases.known(name)]
    if absent and not scope.allow_pending:
        raise DeclarationError(
            "; ".join(f"{', '.join(paths[name.text])}: {reason}" for name, reason in absent)
            + ". With allow_pending: true this is left out until it can be"
        )
    pending = (
        {"path": path, "release": name.text, "reason": reason} for name, reason in absent for path in paths[name.text]
    )
    return Releases(releases.found, tuple(pending))


@dataclass(frozen=True)
class Targets:
    """What devices should run, by uuid; devices that are not in a mapping stay as they are.

    :param os_versions: the version of balenaOS that the document means, also of devices that only have it judged.
    """

    pins: Mapping[str, NamedId | None]
    supervisors: Mapping[str, NamedId]
    os: Mapping[str, NamedId]
    os_versions: Mapping[str, str]
    warnings: tuple[str, ...]

    def of_new(self, member: Member) -> dict[str, Any]:
        """The columns with which a device is registered."""
        uuid = member.subject.uuid
        found = {
            PIN: self.pins.get(uuid),
            supervisors.COLUMN: self.supervisors.get(uuid),
            COLUMN: self.os.get(uuid),
        }
        return {column: value for column, value in found.items() if value is not None}


def find_targets(
    balena: Balena, scope: Scope, releases: Releases, fleet: LiveFleet, members: Sequence[Member]
) -> Targets:
    """What all devices should run; supervisors and versions of balenaOS are read if they are declared.

    :raises DeclarationError: a version that does not exist, or a release that devices should not run.
    """
    pinned = _pins(scope, releases, fleet, members) if "release" in scope.sections else {}
    rows = [member.row for member in members]
    managed, unmanaged = _supervisors(balena, scope, rows)
    operated, versions, stuck = _os(balena, scope, rows)
    return Targets(pinned, managed, operated, versions, (*unmanaged, *stuck))


def _pins(scope: Scope, releases: Releases, fleet: LiveFleet, members: Sequence[Member]) -> dict[str, NamedId | None]:
    found: dict[str, NamedId | None] = {}
    for member in members:
        name = member.holds.release
        if name is not None and releases.known(name):
            release = None if name.kind == "track" else releases.found[name.text]
            found[member.subject.uuid] = NamedId(release["id"], label(release)) if release else None
            if release is not None and _pinned(member) != release["id"]:
                pins.check_release(release, fleet.slug, allow_invalidated=scope.allow_invalidated)
    return found


def _pinned(member: Member) -> int | None:
    """What a device is pinned on. A device that changes its fleet loses its pin (recording 08)."""
    pin = member.row[PIN]
    return pin[0]["id"] if pin and not member.comes else None


def _supervisors(balena: Balena, scope: Scope, rows: Sequence[Record]) -> tuple[dict[str, NamedId], list[str]]:
    """The supervisors of devices, and a warning about those that cannot get theirs."""
    if not scope.document.supervisor or "supervisor" not in scope.sections:
        return {}, []
    wanted = read_version_name(scope.document.supervisor["version"], "supervisor.version")
    targets = supervisors.choose(balena, wanted, rows)
    problems = {row["uuid"]: supervisors.problem(row, targets[row["uuid"]]) for row in rows}
    named = [_named(row, problem) for row in rows if (problem := problems[row["uuid"]])]
    found = {uuid: target for uuid, target in targets.items() if not problems[uuid]}
    return found, _summary("supervisor", wanted.text, named)


def _os(balena: Balena, scope: Scope, rows: Sequence[Record]) -> tuple[dict[str, NamedId], dict[str, str], list[str]]:
    """The balenaOS of devices, the versions that are meant, and a warning about those that cannot get theirs."""
    policy = scope.document.os
    if not policy or "os" not in scope.sections:
        return {}, {}, []
    wanted = read_version_name(policy["version"], "os.version")
    applied = policy.get("apply") == "target"
    if not applied and not wanted.is_word:
        return {}, {}, []  # whether devices meet it can be seen without knowing which versions there are
    devices = decide_all(balena, wanted, rows, policy.get("os_type", "default"))
    meant = [(device, device.release) for device in devices if not device.problem and device.release is not None]
    versions = {device.uuid: release.label for device, release in meant}
    if not applied:
        return {}, versions, []
    found = {device.uuid: release for device, release in meant if device.target is not None or device.strays}
    problems = [_named(device.row, device.problem) for device in devices if device.problem]
    return found, versions, _summary("balenaOS", wanted.text, problems)


def _named(row: Record, problem: str) -> str:
    return f"{called(row['uuid'], row['device_name'])}: {problem}"


def _summary(what: str, version: str, problems: Sequence[str]) -> list[str]:
    if not problems:
        return []
    who = counted(
        len(problems),
        f"device cannot get {what} {version} and stays as it is",
        f"devices cannot get {what} {version} and stay as they are",
    )
    return [f"{who}: {listed(problems, 5, '; ', '; and {} more')}"]


def host_changes(targets: Targets, members: Sequence[Member]) -> list[Change]:
    """Targets of supervisor and balenaOS, of devices that exist."""
    found: list[Change] = []
    for column, wanted, present in (
        (supervisors.COLUMN, targets.supervisors, supervisors.present),
        (COLUMN, targets.os, queued),
    ):
        rows = [member.row for member in members if not member.new and member.subject.uuid in wanted]
        desired = [Row((named_uuid(row),), {column: wanted[row["uuid"]]}) for row in rows]
        actual = [Row((named_uuid(row),), {column: present(row)}, {}, row["id"]) for row in rows]
        found += compare("device", desired, actual)
    return found


def pin_changes(
    scope: Scope, releases: Releases, targets: Targets, fleet: LiveFleet, members: Sequence[Member]
) -> list[Change]:
    """Pins of devices that exist, and the release of the fleet, in an order in which no device runs a third release.

    Devices are pinned before their fleet moves on, and follow it again after it has moved.
    """
    rows = [
        {**member.row, PIN: []} if member.comes else member.row
        for member in members
        if not member.new and member.subject.uuid in targets.pins
    ]
    changes = pins.pin_changes(rows, targets.pins)
    pinned = [change for change in changes if (change.after or {})[PIN] is not None]
    freed = [change for change in changes if (change.after or {})[PIN] is None]
    return [*pinned, *_fleet_release(scope, releases, fleet), *freed]


def _fleet_release(scope: Scope, releases: Releases, fleet: LiveFleet) -> list[Change]:
    name, home = scope.document.release, fleet.application
    if name is None or not releases.known(name) or not isinstance(home["id"], int):
        return []
    release = releases.found[name.text]
    present = home["should_be_running__release"]
    if release is not None and (not present or present[0]["id"] != release["id"]):
        pins.check_release(release, fleet.slug, allow_invalidated=scope.allow_invalidated)
    return pins.application_changes(home, release, track=name.kind == "track")
