# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How updates of balenaOS go: what the devices report, and what the device actions service says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from ...engine.plan import DeclarationError
from ...engine.waiting import Sight, State
from ...sdk import os_version
from ...sdk.errors import BalenaError, BalenaRequestError
from ...sdk.os_actions import OsActions
from ..query import Record
from ..releases.status import (
    OFFLINE,
    ONLINE_COLUMNS,
    UPDATE_COLUMNS,
    Word,
    given_up,
    is_offline,
    read_again,
    update_word,
)
from .targets import Device, bare

if TYPE_CHECKING:
    from ...sdk import Balena

#: In which a device says how far it is.
_PROGRESS = ("provisioning_progress", "provisioning_state")
_COLUMNS = ("os_version", *_PROGRESS, *ONLINE_COLUMNS, *UPDATE_COLUMNS)
_NOT_STARTED = "not started"
_UNDER_WAY = ("configuring", "in_progress")


def is_under_way(status: Record) -> bool:
    """Whether a status of the service is that of an update that has not ended."""
    return status.get("status") in _UNDER_WAY


def target_of(status: Record | None) -> str | None:
    """The version that a status of the service is about."""
    version: str | None = ((status or {}).get("parameters") or {}).get("target_version")
    return version


def after_the_end(balena: Balena, devices: Sequence[Device]) -> dict[str, str]:
    """What devices do whose update to their target has ended, as the service says, but had not when they were read.

    :returns: by uuid, C(done), C(rebooting), or C(other) for one that is up with another version: it was changed by
        other means since that update.
    """
    ids = {device.uuid: device.row["id"] for device in devices}
    targets = {device.uuid: bare(device.target) for device in devices}
    found = {}
    for uuid, row in read_again(balena, ids, _fleets(devices), _COLUMNS).items():
        arrived = os_version.compare(bare(row["os_version"]), targets[uuid]) == 0
        found[uuid] = "done" if arrived else "rebooting" if is_offline(row) else "other"
    return found


def no_service(error: BalenaRequestError) -> DeclarationError | None:
    """The sentence for a server that does not know the service: an openBalena one answers 404 (recording 15)."""
    if error.status_code != 404:
        return None
    return DeclarationError(
        "this server has no device actions service, which updates online devices at once: "
        "with method: target they follow a target by themselves"
    )


def read_statuses(
    balena: Balena, actions: OsActions, uuids: Sequence[str], *, needed: bool = True
) -> dict[str, Record]:
    """How the updates of some devices go. The service answers for one device at a time, so several are asked at once.

    :param needed: whether it is an error when the server has no such service; else nothing is known then.
    :raises DeclarationError: the server has no such service.
    """
    if not uuids:
        return {}
    try:
        actions.urls_base()
        return dict(zip(uuids, balena.map_parallel(actions.status, uuids), strict=True))
    except BalenaRequestError as error:
        missing = no_service(error)
        if missing and not needed:
            return {}
        raise missing or error from None


def looking(
    balena: Balena, devices: Sequence[Device], live: Collection[str]
) -> Callable[[Sequence[str]], Mapping[str, Sight]]:
    """A look (see L(waiting)) at the updates: one request for what all devices report.

    The service is asked about those that it updates and that do not report their target yet: it alone knows of
    failures.

    :param live: the uuids of the devices that the service updates.
    """
    actions = OsActions(balena)
    targets = {device.uuid: bare(device.target or device.current) for device in devices}
    said = {device.uuid: update_word(device.row) for device in devices}
    ids = {device.uuid: device.row["id"] for device in devices}
    fleets = _fleets(devices)

    def look(uuids: Sequence[str]) -> Mapping[str, Sight]:
        rows = read_again(balena, {uuid: ids[uuid] for uuid in uuids}, fleets, _COLUMNS)
        sights = {uuid: _see(row, targets[uuid], said[uuid]) for uuid, row in rows.items()}
        asked = [uuid for uuid, sight in sights.items() if sight.state is State.PENDING and uuid in live]
        for uuid, status in zip(asked, balena.map_parallel(lambda one: _status(actions, one), asked), strict=True):
            sights[uuid] = _with_status(sights[uuid], status)
        return sights

    return look


def _fleets(devices: Sequence[Device]) -> list[int]:
    return sorted({device.row["belongs_to__application"]["__id"] for device in devices})


def _see(row: Record, target: str | None, said: Word) -> Sight:
    """What a device reports. One that has not come back from its reboot is not done."""
    if is_offline(row):
        return Sight(State.PENDING, OFFLINE)
    if os_version.compare(bare(row["os_version"]), target) == 0:
        return Sight(State.DONE)
    return given_up(row, said) or Sight(State.PENDING, _how_far(row))


def _how_far(row: Record) -> str:
    share, state = (row[name] for name in _PROGRESS)
    return _NOT_STARTED if share is None else f"{str(state or 'updating').lower()} ({share} %)"


def _status(actions: OsActions, uuid: str) -> Record:
    """The status of one device; a question that fails says nothing about the update."""
    try:
        return actions.status(uuid)
    except BalenaError:
        return {}


def _with_status(sight: Sight, status: Record) -> Sight:
    if status.get("status") == "error":
        return Sight(State.FAILED, str(status.get("error") or "the update failed"))
    if sight.detail == _NOT_STARTED and status.get("status"):
        return Sight(State.PENDING, str(status["status"]))
    return sight
