# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The balenaOS of devices, as the module balena_os_update declares it.

An online device is updated at once by the device actions service; any device can get a target that it follows by
itself, when it is back if it is offline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome, Writers
from ...engine.plan import Act, Change, Plan
from ...engine.task import Followed, Progress, Task
from ...sdk import os_version
from ...sdk.errors import BalenaRequestError
from ...sdk.models.device import DeviceModel
from ...sdk.models.os import OsModel
from ...sdk.os_actions import OsActions
from ..accounts.whom import accounting
from ..device_names import named_uuid, names_of
from ..forecast.plan import forecasting
from ..options import DeviceSelection, Forecast
from ..query import Record
from ..releases.status import ONLINE_COLUMNS, UPDATE_COLUMNS, Wait, is_offline
from ..rows import homes_of
from ..selector import refuse_wandering_limit, select_devices
from ..waves.gate import Gate, Gated
from . import supervisors
from .fates import (
    OFFLINE,
    OFFLINE_PROBLEM,
    QUEUE,
    QUEUED,
    SKIPPED,
    UP_TO_DATE,
    UPDATE,
    UPDATING,
    not_waited_for,
    of_offline,
)
from .names import VersionName, read_version_name, refuse_all
from .progress import after_the_end, is_under_way, looking, no_service, read_statuses, target_of
from .targets import COLUMN, Device, decide, queued, slug_of
from .watch import Watch

if TYPE_CHECKING:
    from ...sdk import Balena

_LIVE = (UPDATE, UPDATING)
_AWAY = (OFFLINE, QUEUE, QUEUED, SKIPPED)

_COLUMNS = ("os_version", "os_variant", *ONLINE_COLUMNS, *UPDATE_COLUMNS)
_EXPAND: dict[str, Any] = {
    "is_of__device_type": {"$select": ["id", "slug"]},
    COLUMN: {"$select": ["id", "raw_version"]},
}


class Want(DeviceSelection, Gated, Forecast):
    """The options of the module balena_os_update."""

    version: str
    os_type: str
    supervisor_version: str | None
    method: str
    offline: str
    wave: int | None
    record: dict[str, Any] | None
    planned: list[dict[str, Any]]


@accounting
@forecasting
def plan(balena: Balena, want: Want) -> Task:
    """What has to change for devices to get the declared OS.

    :param want: the options of the module balena_os_update.
    :raises DeclarationError: a version that does not exist, or that a device cannot get; names the devices. Nothing
        is started then.
    """
    gate = Gate.of(want, at_least=0)
    wanted = read_version_name(want["version"], "version")
    refuse_wandering_limit(want, columns=("os_version", "os_variant", COLUMN, *_supervisor_columns(want)))
    rows = select_devices(balena, want, **_reading(want))
    devices = decide_all(balena, wanted, rows, want["os_type"])
    actions = OsActions(balena)
    fates = {device.uuid: _fate(device, want) for device in devices}
    # An update ends with a reboot: a device that is offline may be in the middle of it, and is not left aside then.
    asked = [device for device in devices if _may_be_updating(device, fates[device.uuid], want)]
    needed = any(fates[device.uuid] == UPDATE for device in asked)
    statuses = read_statuses(balena, actions, [device.uuid for device in asked], needed=needed)
    fates.update(_joined(balena, asked, fates, statuses))
    judged = [(device.row, _problem(device, fates[device.uuid], statuses.get(device.uuid))) for device in devices]
    refuse_all("balenaOS", wanted, judged)
    pins, pinned = _supervisors(balena, want, [row for row in rows if fates[row["uuid"]] != SKIPPED])
    planned = Plan(
        (*pins, *(_queueing(device) for device in devices if fates[device.uuid] == QUEUE)),
        len(rows),
        {"devices": [{**_shown(device, fates[device.uuid]), **pinned.get(device.uuid, {})} for device in devices]},
        # Where the service is was asked for the statuses; each start uses that.
        acts=tuple(_updating(device, actions.urls_base()) for device in asked if fates[device.uuid] == UPDATE),
    )
    return Task(planned, WRITERS, wait=_follower(want, gate, devices, fates), homes=homes_of(rows))


def _reading(want: Want) -> dict[str, Any]:
    """What has to be known of devices."""
    if want["supervisor_version"] is None:
        return {"select": _COLUMNS, "expand": _EXPAND}
    return {"select": (*_COLUMNS, "supervisor_version"), "expand": {**_EXPAND, **supervisors.EXPAND}}


def _supervisor_columns(want: Want) -> tuple[str, ...]:
    return () if want["supervisor_version"] is None else ("supervisor_version", supervisors.COLUMN)


def _supervisors(
    balena: Balena, want: Want, rows: Sequence[Record]
) -> tuple[list[Change], Mapping[str, Mapping[str, str]]]:
    """What gives the devices their supervisor, if one is declared; and what is shown of it, by uuid."""
    if want["supervisor_version"] is None:
        return [], {}
    changes, targets = supervisors.pins(balena, want["supervisor_version"], "supervisor_version", rows)
    return changes, {uuid: {"supervisor": version} for uuid, version in targets.items()}


def decide_all(balena: Balena, wanted: VersionName, rows: Sequence[Record], os_type: str) -> list[Device]:
    """The devices with their targets; the versions of all device types are read in one request.

    :param rows: with C(os_version), C(os_variant) and their device types.
    :raises DeclarationError: there is no such version.
    """
    slugs = sorted({slug_of(row) for row in rows})
    draft = wanted.kind == "exact" and bool(os_version.prerelease(wanted.text))
    available = OsModel(balena).get_available_os_versions(slugs, include_draft=draft) if slugs else {}
    model = DeviceModel(balena)
    return [decide(row, model.get_os_version(row), wanted, available, os_type) for row in rows]


def _fate(device: Device, want: Want) -> str:
    """What becomes of a device, as far as the API alone can say."""
    if device.target is None:
        # Another version that it is meant to get is taken back; that asks nothing of the device itself.
        leaves = not device.strays or (want["offline"] == "skip" and is_offline(device.row))
        return (SKIPPED if device.strays else UP_TO_DATE) if leaves else QUEUE
    if want["method"] == "action" and not is_offline(device.row):
        return UPDATE
    has_target = queued(device.row) == device.release
    return of_offline(want["offline"] if want["method"] == "action" else "queue", has_target)


def _may_be_updating(device: Device, fate: str, want: Want) -> bool:
    """Whether the device actions service may be updating a device to its target."""
    return device.target is not None and want["method"] == "action" and fate in (UPDATE, *_AWAY)


def _joined(
    balena: Balena, devices: Sequence[Device], fates: Mapping[str, str], statuses: Mapping[str, Record]
) -> dict[str, str]:
    """The fates of devices that are being updated already, or have been since they were read: no second start."""
    same = [device for device in devices if target_of(statuses.get(device.uuid)) == device.target]
    found = {device.uuid: UPDATING for device in same if is_under_way(statuses[device.uuid])}
    ended = [device for device in same if statuses[device.uuid].get("status") == "done"]
    for uuid, state in after_the_end(balena, ended).items():
        found[uuid] = {"done": UP_TO_DATE, "rebooting": UPDATING}.get(state, fates[uuid])
    return found


def _problem(device: Device, fate: str, status: Record | None) -> str | None:
    """Why a device cannot get the version, or cannot get it now."""
    if device.problem:
        return device.problem
    if fate == OFFLINE:
        return OFFLINE_PROBLEM
    if fate == UPDATE and device.current is None:
        return "it has not reported the version that it runs"
    if fate == UPDATE and status is not None and is_under_way(status):
        return f"it is being updated to {target_of(status)}"
    return None


def _queueing(device: Device) -> Change:
    before, after = {COLUMN: queued(device.row)}, {COLUMN: device.release}
    return Change("update", "device", (named_uuid(device.row),), before, after, {}, device.row["id"])


def _updating(device: Device, urls_base: str) -> Act:
    before, after = {"os_version": device.current}, {"os_version": device.target}
    return Act(_RESOURCE, (named_uuid(device.row),), after, before, {"urls_base": urls_base}, device.row["id"])


def _start(balena: Balena, act: Act, outcome: Outcome) -> None:
    """Start the update of one device; several of them start at the same time."""
    try:
        actions = OsActions(balena, act.arguments["urls_base"])
        # The device works alone, so that an update outlives a connection that is lost in the middle of it.
        actions.start(act.key[0], act.shown["os_version"], run_detached=True)
    except BalenaRequestError as error:
        raise no_service(error) or error from None


_RESOURCE = "os_update"
WRITERS: Writers = {(_RESOURCE, "act"): _start}


def _follower(want: Want, gate: Gate, devices: Sequence[Device], fates: Mapping[str, str]) -> Wait | None:
    if not want["wait"]:
        return None
    skipped = not_waited_for([device.row for device in devices], fates)
    followed = [device for device in devices if device.target is not None and device.uuid not in skipped]
    there = [
        device
        for device in devices
        if device.target is None and fates[device.uuid] == UP_TO_DATE and not is_offline(device.row)
    ]
    watch = Watch(
        gate,
        gate.limits(len(devices)),
        want["soak"],
        [device.uuid for device in followed],
        [device.uuid for device in there],
        skipped,
        names_of(device.row for device in devices),
    )

    def follow(balena: Balena, outcome: Outcome, progress: Progress) -> Followed:
        look = looking(balena, [*followed, *there], {uuid for uuid, fate in fates.items() if fate in _LIVE})
        return watch.follow(look, look, progress)

    return follow


def _shown(device: Device, fate: str) -> dict[str, Any]:
    return {
        "uuid": device.uuid,
        "name": device.row["device_name"],
        "device_type": slug_of(device.row),
        "os_version": device.current,
        "target": device.target or (device.current if fate in (UP_TO_DATE, QUEUE) else None),
        "action": fate,
    }
