# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which supervisor devices should have, as the module balena_supervisor_update declares it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.plan import Change, NamedId, Plan, Row, compare
from ...engine.task import Followed, Progress, Task
from ...engine.waiting import Sight, State
from ...sdk import os_version
from ...sdk._related import related
from ...sdk.errors import BalenaError
from ...sdk.models.os import OsModel
from ...sdk.supervisor import check_choice
from ..accounts.whom import accounting
from ..device_names import named_uuid, names_of
from ..devices.types import WITH_ARCHITECTURE, architecture
from ..forecast.plan import forecasting
from ..options import DeviceSelection, Forecast
from ..query import Record
from ..releases import status
from ..rows import homes_of
from ..selector import refuse_wandering_limit, select_devices
from ..waves.gate import Gate, Gated
from .fates import OFFLINE, OFFLINE_PROBLEM, QUEUE, UP_TO_DATE, UPDATE, UPDATING, not_waited_for, of_offline
from .names import VersionName, read_version_name, refuse_all
from .watch import Watch

if TYPE_CHECKING:
    from ...sdk import Balena

#: Which supervisor a device should have.
COLUMN = "should_be_managed_by__release"

_COLUMNS = ("supervisor_version", "os_version", *status.ONLINE_COLUMNS)
#: The relations of a device that its supervisor is chosen by.
EXPAND: dict[str, Any] = {
    "is_of__device_type": WITH_ARCHITECTURE,
    COLUMN: {"$select": ["id", "raw_version"]},
}


class Want(DeviceSelection, Gated, Forecast):
    """The options of the module balena_supervisor_update."""

    version: str
    offline: str
    wave: int | None
    record: dict[str, Any] | None
    planned: list[dict[str, Any]]


@accounting
@forecasting
def plan(balena: Balena, want: Want) -> Task:
    """What has to change for devices to get the declared supervisor.

    :param want: the options of the module balena_supervisor_update.
    :raises DeclarationError: a version that does not exist for the architecture of a device, or that a device cannot
        get; names the devices. Nothing is written then.
    """
    gate = Gate.of(want, at_least=0)
    wanted = read_version_name(want["version"], "version")
    refuse_wandering_limit(want, columns=("supervisor_version", COLUMN))
    rows = select_devices(balena, want, select=_COLUMNS, expand=EXPAND)
    targets = choose(balena, wanted, rows)
    fates = {row["uuid"]: _fate(row, targets[row["uuid"]], wanted, want["offline"]) for row in rows}
    judged = [(row, _problem(row, targets[row["uuid"]], fates[row["uuid"]])) for row in rows]
    refuse_all("supervisor", wanted, judged)
    planned = Plan(
        tuple(_changes([row for row in rows if fates[row["uuid"]] in (UPDATE, QUEUE)], targets)),
        len(rows),
        {"devices": [_shown(row, targets[row["uuid"]], fates[row["uuid"]]) for row in rows]},
    )
    wait = _follower(want, gate, rows, targets, fates) if want["wait"] else None
    return Task(planned, wait=wait, homes=homes_of(rows))


def pins(balena: Balena, version: str, option: str, rows: Sequence[Record]) -> tuple[list[Change], dict[str, str]]:
    """What gives devices a supervisor beside another change of theirs; and by uuid, the version that each should have.

    :param version: what was declared.
    :param option: the option that declares it, for messages.
    :param rows: with C(supervisor_version), C(os_version) and L(EXPAND).
    :raises DeclarationError: as L(plan).
    """
    wanted = read_version_name(version, option)
    targets = choose(balena, wanted, rows)
    kept = {row["uuid"]: newer(row, targets[row["uuid"]]) if wanted.is_word else None for row in rows}
    concerned = [row for row in rows if not kept[row["uuid"]]]
    judged = [(row, problem(row, targets[row["uuid"]])) for row in concerned if present(row) != targets[row["uuid"]]]
    refuse_all("supervisor", wanted, judged)
    shown = {uuid: kept[uuid] or target.label for uuid, target in targets.items()}
    return _changes(concerned, targets), shown


def _changes(rows: Sequence[Record], targets: Mapping[str, NamedId]) -> list[Change]:
    desired = [Row((named_uuid(row),), {COLUMN: targets[row["uuid"]]}) for row in rows]
    actual = [Row((named_uuid(row),), {COLUMN: present(row)}, {}, row["id"]) for row in rows]
    return compare("device", desired, actual)


def _fate(row: Record, target: NamedId, wanted: VersionName, offline: str) -> str:
    """What becomes of a device."""
    if wanted.is_word and newer(row, target):
        return UP_TO_DATE
    has_target = present(row) == target
    if has_target and _runs(row, target.label):
        return UP_TO_DATE
    if status.is_offline(row):
        return of_offline(offline, has_target)
    return UPDATING if has_target else UPDATE


def _problem(row: Record, target: NamedId, fate: str) -> str | None:
    if fate == UP_TO_DATE:
        return None
    return OFFLINE_PROBLEM if fate == OFFLINE else problem(row, target)


def _runs(row: Record, version: str) -> bool:
    reported = row["supervisor_version"]
    return bool(reported) and os_version.compare(reported, version) == 0


def _follower(
    want: Want, gate: Gate, rows: Sequence[Record], targets: Mapping[str, NamedId], fates: Mapping[str, str]
) -> status.Wait:
    """Waits for the devices that do not report their target yet and could."""
    skipped = not_waited_for(rows, fates)
    # Those that are newer than what was asked for stay as they are.
    there = {
        row["uuid"]: row["supervisor_version"]
        for row in rows
        if fates[row["uuid"]] == UP_TO_DATE and row["supervisor_version"] and not status.is_offline(row)
    }
    awaited = [row["uuid"] for row in rows if fates[row["uuid"]] != UP_TO_DATE and row["uuid"] not in skipped]
    watched = [row for row in rows if row["uuid"] in {*awaited, *there}]
    ids, fleets = {row["uuid"]: row["id"] for row in watched}, sorted({status.home_of(row) for row in watched})
    watch = Watch(gate, gate.limits(len(rows)), want["soak"], awaited, [*there], skipped, names_of(rows))

    def see(uuid: str, row: Record) -> Sight:
        if _runs(row, there.get(uuid, targets[uuid].label)):
            return Sight(State.DONE)
        return Sight(State.PENDING, status.OFFLINE if status.is_offline(row) else "not updated yet")

    def keeps(uuid: str, row: Record) -> Sight:
        return Sight(State.FAILED, status.OFFLINE) if status.is_offline(row) else see(uuid, row)

    def follow(balena: Balena, outcome: Outcome, progress: Progress) -> Followed:
        looks = [status.looking(balena, ids, fleets, one, columns=_COLUMNS) for one in (see, keeps)]
        return watch.follow(looks[0], looks[1], progress)

    return follow


def choose(balena: Balena, wanted: VersionName, rows: Sequence[Record]) -> dict[str, NamedId]:
    """The supervisor that each device should have, by its uuid; read in one request for each architecture.

    :param rows: with their device types, as L(WITH_ARCHITECTURE) reads them.
    :raises DeclarationError: there is no such version.
    """
    model = OsModel(balena)
    architectures = {row["uuid"]: architecture(related(row, "is_of__device_type")) for row in rows}
    targets = {slug: _choose(model, slug, wanted) for slug in sorted(set(architectures.values()))}
    return {uuid: targets[slug] for uuid, slug in architectures.items()}


def _choose(model: OsModel, architecture: str, wanted: VersionName) -> NamedId:
    """The release that the declared version means for an architecture; they are read in one request."""
    releases: Sequence[Record] = model.get_supervisor_releases_for_cpu_architecture(architecture)
    versions = [row["raw_version"] for row in releases]
    version = wanted.choose(versions, recommended=next(_without_issues(releases), None))
    if version is None:
        raise wanted.missing(f"supervisor for the CPU architecture {architecture}", versions)
    return NamedId(next(row["id"] for row in releases if row["raw_version"] == version), version)


def _without_issues(releases: Sequence[Record]) -> Any:
    return (row["raw_version"] for row in releases if not row["known_issue_list"])


def present(row: Record) -> NamedId | None:
    """The supervisor that a device should have so far."""
    releases = row[COLUMN]
    return NamedId(releases[0]["id"], releases[0]["raw_version"]) if releases else None


def problem(row: Record, target: NamedId) -> str | None:
    """Why a device cannot get a supervisor: its own or its OS is too old, or it has or should have a newer one."""
    try:
        check_choice(row)
    except BalenaError as error:
        return str(error)
    version = newer(row, target)
    return f"it has, or should have, {version}, and supervisors are not downgraded" if version else None


def newer(row: Record, target: NamedId) -> str | None:
    """The version that a device has or should have, if it is newer than a target."""
    should = present(row)
    versions = (row["supervisor_version"], should.label if should else None)
    return next((version for version in versions if version and os_version.gt(version, target.label)), None)


def _shown(row: Record, target: NamedId, fate: str) -> dict[str, Any]:
    kept = newer(row, target) if fate == UP_TO_DATE else None
    return {
        "uuid": row["uuid"],
        "name": row["device_name"],
        "supervisor_version": row["supervisor_version"],
        "target": kept or target.label,
        "action": fate,
    }
