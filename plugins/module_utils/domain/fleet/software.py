# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fleet and its devices should run: releases, supervisor and balenaOS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...engine.plan import Change, DeclarationError, NamedId, Row, compare
from ...engine.wording import counted
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


class Releases:
    """What the names of releases in a document mean."""

    def __init__(self, scope: Scope, fleet: LiveFleet) -> None:
        """Look up every release that is named.

        :raises DeclarationError: one does not exist and C(allow_pending) is not set, or is the name of several.
        """
        self._where = of_application(fleet.slug)
        self._found: dict[str, Record | None] = {}
        paths: dict[str, list[str]] = {}
        named = [
            ("release", scope.document.release),
            *((f"{one.path}.release", one.release) for one in scope.document.layers),
        ]
        for path, name in named if "release" in scope.sections else ():
            if name is not None:
                paths.setdefault(name.text, []).append(path)
                self._found[name.text] = name.choose(name.among(fleet.application["owns__release"]), self._where)
        names = {name.text: name for _path, name in named if name is not None}
        absent = [name for text, name in names.items() if text in paths and not self.known(name)]
        if absent and not scope.allow_pending:
            raise DeclarationError(
                "; ".join(f"{', '.join(paths[name.text])}: {self._missing(name, fleet)}" for name in absent)
                + ". With allow_pending: true this is left out until it can be"
            )
        for name in absent:
            for path in paths[name.text]:
                scope.pending.append({"path": path, "release": name.text, "reason": self._missing(name, fleet)})

    def _missing(self, name: ReleaseName, fleet: LiveFleet) -> str:
        return name.missing(self._where) + name.drafts(fleet.application["owns__release"])

    def known(self, name: ReleaseName | None) -> bool:
        """Whether a name is given, and means something that can be had now."""
        return name is not None and (name.kind == "track" or self._found.get(name.text) is not None)

    def row(self, name: ReleaseName) -> Record | None:
        """The release; to track means the latest, if there is one."""
        return self._found[name.text]


@dataclass
class Targets:
    """What devices should run, by uuid; devices that are not in a mapping stay as they are."""

    pins: dict[str, NamedId | None] = field(default_factory=dict)
    supervisors: dict[str, NamedId] = field(default_factory=dict)
    os: dict[str, NamedId] = field(default_factory=dict)
    os_versions: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def of_new(self, member: Member) -> dict[str, Any]:
        """The columns with which a device is registered."""
        uuid = member.subject.uuid
        found = {
            PIN: self.pins.get(uuid),
            supervisors.COLUMN: self.supervisors.get(uuid),
            COLUMN: self.os.get(uuid),
        }
        return {column: value for column, value in found.items() if value is not None}


def find(balena: Balena, scope: Scope, releases: Releases, fleet: LiveFleet, members: Sequence[Member]) -> Targets:
    """What all devices should run; supervisors and versions of balenaOS are read if they are declared.

    :raises DeclarationError: a version that does not exist, or a release that devices should not run.
    """
    found = Targets()
    for member in members if "release" in scope.sections else ():
        name = member.holds.release
        if name is not None and releases.known(name):
            release = None if name.kind == "track" else releases.row(name)
            found.pins[member.subject.uuid] = NamedId(release["id"], label(release)) if release else None
            if release is not None and _pinned(member) != release["id"]:
                pins.check_release(release, fleet.slug, {"allow_invalidated": scope.allow_invalidated})
    rows = [member.row for member in members]
    if scope.document.supervisor and "supervisor" in scope.sections:
        _find_supervisors(balena, scope.document.supervisor, rows, found)
    if scope.document.os and "os" in scope.sections:
        _find_os(balena, scope.document.os, rows, found)
    return found


def _pinned(member: Member) -> int | None:
    """What a device is pinned on. A device that changes its fleet loses its pin (recording 08)."""
    pin = member.row[PIN]
    return pin[0]["id"] if pin and not member.comes else None


def _find_supervisors(balena: Balena, policy: Mapping[str, Any], rows: Sequence[Record], found: Targets) -> None:
    wanted = read_version_name(policy["version"], "supervisor.version")
    targets = supervisors.choose(balena, wanted, rows)
    problems = []
    for row in rows:
        problem = supervisors.problem(row, targets[row["uuid"]])
        if problem:
            problems.append(f"{row['device_name']} ({row['uuid'][:7]}): {problem}")
        else:
            found.supervisors[row["uuid"]] = targets[row["uuid"]]
    found.warnings += _summary("supervisor", wanted.text, problems)


def _find_os(balena: Balena, policy: Mapping[str, Any], rows: Sequence[Record], found: Targets) -> None:
    wanted = read_version_name(policy["version"], "os.version")
    applied = policy.get("apply") == "target"
    if not applied and not wanted.is_word:
        return  # whether devices meet it can be seen without knowing which versions there are
    problems = []
    for device in decide_all(balena, wanted, rows, policy.get("os_type", "default")):
        if device.problem:
            problems.append(f"{device.row['device_name']} ({device.uuid[:7]}): {device.problem}")
        elif device.release is not None:
            found.os_versions[device.uuid] = device.release.label
            if applied and (device.target is not None or device.strays):
                found.os[device.uuid] = device.release
    found.warnings += _summary("balenaOS", wanted.text, problems) if applied else []


def _summary(what: str, version: str, problems: Sequence[str]) -> list[str]:
    if not problems:
        return []
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    who = counted(
        len(problems),
        f"device cannot get {what} {version} and stays as it is",
        f"devices cannot get {what} {version} and stay as they are",
    )
    return [f"{who}: {'; '.join(problems[:5])}{more}"]


def host_changes(targets: Targets, members: Sequence[Member]) -> list[Change]:
    """Targets of supervisor and balenaOS, of devices that exist."""
    found: list[Change] = []
    for column, wanted, present in (
        (supervisors.COLUMN, targets.supervisors, supervisors.present),
        (COLUMN, targets.os, queued),
    ):
        rows = [member.row for member in members if not member.new and member.subject.uuid in wanted]
        desired = [Row((row["uuid"],), {column: wanted[row["uuid"]]}) for row in rows]
        actual = [Row((row["uuid"],), {column: present(row)}, {}, row["id"]) for row in rows]
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
    release = releases.row(name)
    present = home["should_be_running__release"]
    if release is not None and (not present or present[0]["id"] != release["id"]):
        pins.check_release(release, fleet.slug, {"allow_invalidated": scope.allow_invalidated})
    return pins.application_changes(home, release, track=name.kind == "track")
