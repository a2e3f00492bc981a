# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a fleet is from its document: what is declared, what the API has, and what the devices run.

Pure: it judges a fleet that was read and a plan that was made. A value that is or may be secret is never shown.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...engine import dates
from ...engine.plan import Change, NamedId
from ...engine.visible import visible_in
from ...engine.wording import counted
from ...sdk import os_version
from ..host_os.names import read_version_name
from ..query import Record
from ..releases.names import TRACK, label
from ..releases.status import is_offline
from .document import Document
from .drift_changes import planned_findings
from .findings import Finding
from .members import Member
from .overrides import override_findings
from .snapshot import LiveFleet

_TARGET = "should_be_running__release"
_PIN = "is_pinned_on__release"
_SUPERVISOR = "should_be_managed_by__release"
_OS = "should_be_operated_by__release"


@dataclass(frozen=True)
class Situation:
    """A fleet, what is declared of it, and what would have to change.

    :param fleet: None when it does not exist yet.
    :param members: the devices of the fleet, with what holds for each.
    :param changes: the plan that makes the fleet what the document says.
    :param os_versions: the version of balenaOS that the document means for devices, by uuid, where it takes more than
        the document to know (C(latest), C(recommended)).
    :param sections: the parts of the document that count.
    :param silent_days: days without a sign of life after which a device is reported; 0: none is.
    """

    document: Document
    fleet: LiveFleet | None
    members: Sequence[Member]
    changes: Sequence[Change]
    os_versions: Mapping[str, str]
    sections: Collection[str]
    silent_days: float
    now: datetime.datetime = field(default_factory=dates.now)


def report(given: Situation, made: Sequence[Change] = ()) -> dict[str, Any]:
    """The drift of a fleet, as the module balena_fleet returns it.

    :param made: those of the changes that were made since the fleet was read.
    :returns: C(fleet), C(drifted) (whether any finding was not mended), C(findings), C(counts) of these by kind,
        C(devices), and C(spread): how many devices run which release, OS and supervisor.
    """
    findings = sorted(_findings(given, made), key=lambda finding: finding.order)
    devices = given.fleet.devices if given.fleet else ()
    return {
        "fleet": given.document.fleet,
        "drifted": not all(finding.mended for finding in findings),
        "counts": dict(sorted(Counter(finding.kind for finding in findings).items())),
        "findings": [finding.shown() for finding in findings],
        "devices": len(devices),
        "spread": visible_in(_spread(devices)),
    }


def _findings(given: Situation, made: Sequence[Change]) -> Iterator[Finding]:
    yield from planned_findings(given.document.fleet, given.fleet, given.changes, made)
    if given.fleet is None:
        return
    planned = Afterwards(given.fleet, given.changes)
    removed = {change.key[0] for change in given.changes if (change.resource, change.action) == ("device", "delete")}
    theirs = [one for one in given.members if not (one.new or one.comes or one.subject.uuid in removed)]
    if {"variables", "services"} & set(given.sections):
        yield from override_findings(given.document, given.fleet, theirs, given.changes)
    for member in theirs:
        pinned = list(_pin(given, member, planned))
        yield from pinned
        yield from _running(member.row, planned, pinned=not pinned)
        yield from _supervisor(given, member.row, planned)
        yield from _os(given, member.row, planned)
        yield from _undeclared(given, member)
        yield from _silent(given, member.row)


class Afterwards:
    """What devices and their fleet should run and be, once the changes are made."""

    def __init__(self, fleet: LiveFleet, changes: Sequence[Change]) -> None:
        self._fleet = fleet
        self._after = {
            (change.key[0], column): value
            for change in changes
            if change.resource in ("application", "device") and change.action == "update"
            for column, value in change.body.items()
        }

    def changed(self, row: Record, column: str) -> bool:
        """Whether the changes give a device another target."""
        return (row["uuid"], column) in self._after

    def version(self, row: Record, column: str) -> str | None:
        """The version of the host's software that a device is to have."""
        value = self._after.get((row["uuid"], column))
        if isinstance(value, NamedId):
            return value.label
        return row[column][0]["raw_version"] if row[column] else None

    def release(self, row: Record, *, pinned: bool) -> int | None:
        """The id of the release that a device is to run: the one it is pinned on, or its fleet's.

        :param pinned: whether a pin counts.
        """
        pin = self._after.get((row["uuid"], _PIN), _id(row[_PIN])) if pinned else None
        if pin is not None:
            return int(pin)
        application = self._fleet.application
        whole = self._after.get((application["slug"], _TARGET), _id(application[_TARGET]))
        return None if whole is None else int(whole)


def _pin(given: Situation, member: Member, planned: Afterwards) -> Iterator[Finding]:
    """A pin on a single device of which the document says nothing, while it says what the fleet runs."""
    row, said = member.row, member.holds.release
    if "release" not in given.sections or given.document.release is None or said is not None or not row[_PIN]:
        return
    if not planned.changed(row, _PIN):
        pin = label(row[_PIN][0])
        text = f"is pinned on {pin}, of which the document says nothing: the fleet runs {given.document.release.text}"
        yield Finding.of(row, "pin", text, declared=TRACK, actual=pin, running=_running_label(row))


def _running(row: Record, planned: Afterwards, *, pinned: bool) -> Iterator[Finding]:
    """A device that runs neither what the API wants nor what the document wants.

    :param pinned: whether its pin is what the document wants.
    """
    target, runs = row[_TARGET], _id(row["is_running__release"])
    if not target or (runs is None and _never_seen(row)) or runs in (_id(target), planned.release(row, pinned=pinned)):
        return
    wanted, has = label(target[0]), _running_label(row)
    state = "it is offline" if is_offline(row) else f"its status is {row['status'] or 'unknown'}"
    text = f"runs {has or 'no release'}, not its target {wanted}; {state}"
    yield Finding.of(row, "running", text, declared=wanted, actual=wanted, running=has)


def _supervisor(given: Situation, row: Record, planned: Afterwards) -> Iterator[Finding]:
    """A supervisor that has not become what the document says, although nothing is left to be changed for it."""
    if given.document.supervisor is None or "supervisor" not in given.sections or planned.changed(row, _SUPERVISOR):
        return
    wanted, has = planned.version(row, _SUPERVISOR), row["supervisor_version"]
    if wanted is not None and has and not _same(has, wanted):
        text = f"has the supervisor {has}, and {wanted} is its target"
        yield Finding.of(row, "supervisor", text, declared=wanted, actual=wanted, running=has)


def _os(given: Situation, row: Record, planned: Afterwards) -> Iterator[Finding]:
    """A balenaOS that is not what the document says."""
    if given.document.os is None or "os" not in given.sections or planned.changed(row, _OS):
        return
    has = row["os_version"]
    policy = given.os_versions.get(row["uuid"], given.document.os["version"])
    if has and not _satisfies(has, policy):
        text = f"has {has}, and the document says {policy}"
        yield Finding.of(row, "os", text, declared=policy, actual=planned.version(row, _OS), running=has)


def _satisfies(version: str, policy: str) -> bool:
    """Whether a version is what a policy says; a word such as C(latest) that nobody has looked up says nothing."""
    name = read_version_name(policy, "os.version")
    if name.kind == "range":
        return os_version.satisfies(version, name.text)
    return name.is_word or _same(version, name.text)


def _same(version: str, other: str) -> bool:
    """Whether two versions are the same but for what comes after a plus sign, which devices tell or leave out."""
    parsed = [os_version.parse(text) for text in (version, other)]
    return all(parsed) and len({found["version"] for found in parsed if found}) == 1


def _undeclared(given: Situation, member: Member) -> Iterator[Finding]:
    if given.document.devices and "devices" in given.sections and not member.listed:
        text = "is in the fleet, and the document neither names it nor has a group that takes it"
        yield Finding.of(member.row, "undeclared_device", text, actual=member.row["device_name"])


def _silent(given: Situation, row: Record) -> Iterator[Finding]:
    """A device that has not been heard of for long."""
    if not given.silent_days or not is_offline(row):
        return
    never = _never_seen(row)
    last = row["created_at"] if never else _last_sign(row)
    moment = dates.read(last)
    days = (given.now - moment).total_seconds() / 86400 if moment else 0
    if days > given.silent_days:
        text = f"has never been heard of since its registration {counted(round(days), 'day')} ago"
        if not never:
            text = f"has not been heard of for {counted(round(days), 'day')}"
        yield Finding.of(row, "silent", text, running=None if never else dates.as_stored(moment or given.now))


def _never_seen(row: Record) -> bool:
    return not row["is_online"] and _last_sign(row) is None


def _last_sign(row: Record) -> str | None:
    """The last time that a device came or went, by the VPN or by its heartbeat."""
    signs = [row.get(name) for name in ("last_connectivity_event", "last_vpn_event")]
    return max((sign for sign in signs if sign), default=None)


def _running_label(row: Record) -> str | None:
    running = row["is_running__release"]
    return label(running[0]) if running else None


def _id(expanded: Sequence[Record]) -> int | None:
    return expanded[0]["id"] if expanded else None


def _spread(devices: Sequence[Record]) -> dict[str, dict[str, int]]:
    """How many devices have what; those that have never told count as C(none)."""
    versions = {
        "release": [_running_label(row) for row in devices],
        "os": [row["os_version"] for row in devices],
        "supervisor": [row["supervisor_version"] for row in devices],
    }
    return {
        what: dict(sorted(Counter(version or "none" for version in found).items())) for what, found in versions.items()
    }
