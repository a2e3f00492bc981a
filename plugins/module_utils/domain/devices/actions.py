# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices do at once and once: reboot, restart a service, blink. Nothing of it is a state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome, Writers
from ...engine.explain import explain
from ...engine.near import near
from ...engine.plan import Act, DeclarationError, Plan
from ...engine.task import Task
from ...engine.wording import counted, listed, spelled
from ...sdk._related import related
from ...sdk.errors import (
    BalenaDeviceNotFound,
    BalenaError,
    BalenaRequestError,
    BalenaSupervisorLockedError,
    BalenaUnknownOutcomeError,
)
from ...sdk.models.device import DeviceModel
from ..device_names import named_uuid
from ..options import DeviceSelection, needed
from ..query import Record
from ..selector import select_devices
from . import services

if TYPE_CHECKING:
    from ...sdk import Balena

_RESOURCE = "device_action"

#: Failures that say nothing about other devices.
_OF_ONE_DEVICE = (
    BalenaDeviceNotFound,
    BalenaRequestError,
    BalenaSupervisorLockedError,
    BalenaUnknownOutcomeError,
)


@dataclass(frozen=True)
class Action:
    """One thing that devices can be told to do.

    :param call: gets the SDK's devices, the id of a device, the id of the image of the service, and whether to
        override update locks.
    :param of_service: it is about one service.
    :param can_force: it can override update locks.
    :param leaves_no_trace: the device is afterwards as it was.
    """

    call: Callable[[DeviceModel, int, int, bool], Any]
    of_service: bool = False
    can_force: bool = False
    leaves_no_trace: bool = False


ACTIONS: dict[str, Action] = {
    "blink": Action(lambda devices, id_, image, force: devices.identify(id_), leaves_no_trace=True),
    "ping": Action(lambda devices, id_, image, force: devices.ping(id_), leaves_no_trace=True),
    "purge": Action(lambda devices, id_, image, force: devices.purge(id_)),
    "reboot": Action(lambda devices, id_, image, force: devices.reboot(id_, force=force), can_force=True),
    "restart": Action(lambda devices, id_, image, force: devices.restart_application(id_)),
    "restart_service": Action(lambda devices, id_, image, force: devices.restart_service(id_, image), of_service=True),
    "shutdown": Action(lambda devices, id_, image, force: devices.shutdown(id_, force=force), can_force=True),
    "start_service": Action(lambda devices, id_, image, force: devices.start_service(id_, image), of_service=True),
    "stop_service": Action(lambda devices, id_, image, force: devices.stop_service(id_, image), of_service=True),
    "update": Action(lambda devices, id_, image, force: devices.update(id_, force=force), can_force=True),
}

# The containers of a device that are there; of one service there can be several while it is updated.
_INSTALLS: dict[str, Any] = {
    "$select": ["id", "install_date"],
    "$filter": {"status": {"$ne": "deleted"}},
    "$expand": {"image": {"$select": ["id"], "$expand": {"is_a_build_of__service": services.SERVICE}}},
}


class Want(DeviceSelection):
    """The options of the module balena_device_action."""

    action: str
    service: str | None
    force: bool
    offline: str


def plan(balena: Balena, want: Want) -> Task:
    """One act for each device that is told to do something.

    :param want: the options of the module balena_device_action.
    :raises DeclarationError: options that do not fit the action; a device that is offline, unless those are skipped;
        a device that does not have the service.
    """
    action = ACTIONS[want["action"]]
    _check(want, action)
    expand = {"image_install": _INSTALLS} if action.of_service else None
    devices = select_devices(balena, want, select=("is_online",), expand=expand)
    online = [device for device in devices if device["is_online"]]
    if len(online) < len(devices) and want["offline"] == "fail":
        raise DeclarationError(_offline([device for device in devices if not device["is_online"]]))
    images = _images(online, needed(want["service"])) if action.of_service else {}
    shown = {"action": want["action"], **({"service": want["service"]} if action.of_service else {})}
    acts = tuple(
        Act(
            _RESOURCE,
            (named_uuid(row),),
            shown,
            arguments={"image": images.get(row["id"], 0), "force": want["force"]},
            id=row["id"],
            leaves_no_trace=action.leaves_no_trace,
        )
        for row in online
    )

    def result(outcome: Outcome) -> dict[str, Any]:
        told = {"devices": _results(devices, outcome)}
        return told if outcome.complete else {**told, "msg": _failure(outcome, len(devices))}

    planned = Plan((), len(devices), {"devices": _results(devices, Outcome())}, acts=acts)
    return Task(planned, WRITERS, result=result)


def _check(want: Want, action: Action) -> None:
    if action.of_service != bool(want["service"]):
        need = "is needed" if action.of_service else "cannot be used"
        raise DeclarationError(f"service {need} with action '{want['action']}'")
    if want["force"] and not action.can_force:
        able = ", ".join(name for name, one in ACTIONS.items() if one.can_force)
        raise DeclarationError(f"force cannot be used with action '{want['action']}', only with {able}")


def _offline(devices: Sequence[Record]) -> str:
    names = listed([named_uuid(row).label for row in devices], 5)
    who = counted(len(devices), "device is offline", "devices are offline")
    return f"{who}: {names}. Nothing was done; offline: skip leaves out those that are offline"


def _images(devices: Sequence[Record], service: str) -> dict[int, int]:
    """The id of the image that each device runs as the service, by the id of the device."""
    found: dict[int, int] = {}
    lacking = []
    for device in devices:
        of_service = [row for row in services.own(device) if _name(row) == service]
        if of_service:
            newest = max(of_service, key=lambda row: row["install_date"] or "")
            found[device["id"]] = related(newest, "image")["id"]
        else:
            lacking.append(device["uuid"])
    if lacking:
        known = sorted({_name(row) for device in devices for row in services.own(device)})
        raise DeclarationError(
            f"service '{service}' is not installed on {len(lacking)} of the devices, such as {lacking[0]} "
            f"(the devices have: {', '.join(known) or 'none'}){near(service, known)}"
        )
    return found


def _name(install: services.Row) -> str:
    name: str = services.service_of(install)["service_name"]
    return name


def _tell(balena: Balena, act: Act, outcome: Outcome) -> None:
    """Tell one device to do something."""
    action = ACTIONS[act.shown["action"]]
    try:
        action.call(DeviceModel(balena), act.id or 0, act.arguments["image"], act.arguments["force"])
    except _OF_ONE_DEVICE as error:
        raise _about_one_device(error, action) from error


WRITERS: Writers = {(_RESOURCE, "act"): _tell}


def _about_one_device(error: BalenaError, action: Action) -> BalenaError:
    """What a failure means for one device; it says nothing about the others, unless the token is refused."""
    status = getattr(error, "status_code", None)
    if status in (401, 403):
        return error
    if status == 404 or isinstance(error, BalenaDeviceNotFound):
        return BalenaError("the device cannot be reached: it went offline, or this server does not pass on actions")
    if status == 423 or isinstance(error, BalenaSupervisorLockedError):
        hint = "; force: true overrides it" if action.can_force else ""
        return BalenaError(f"the device's containers hold the update lock{hint}")
    return BalenaError(explain(error))


def _failure(outcome: Outcome, devices: int) -> str:
    first = outcome.failed[0]
    return (
        f"{len(outcome.failed)} of {devices} devices failed, such as {spelled(first.change.key)}: "
        f"{explain(first.error)}. "
        "The result lists what became of each. Running the task again tells all of them again"
    )


def _results(devices: Sequence[Record], outcome: Outcome) -> list[dict[str, Any]]:
    """What became of each device that was told; of an empty outcome, what is expected of each."""
    failed = {failure.change.id: explain(failure.error) for failure in outcome.failed}
    not_done = {change.id for change in outcome.not_done}
    results = []
    for row in devices:
        if row["id"] in failed:
            became, message = "failed", failed[row["id"]]
        elif row["id"] in not_done:
            became, message = "not_tried", "not tried after the failures of others"
        elif not row["is_online"]:
            became, message = "skipped", "the device is offline"
        else:
            became, message = "done", None
        who = {"id": row["id"], "uuid": row["uuid"], "name": row["device_name"]}
        results.append({**who, "outcome": became, "message": message})
    return results
