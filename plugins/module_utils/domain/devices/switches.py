# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local mode and the override of update locks: switches of a device that are kept as config variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine.plan import Change, DeclarationError, Key, Row, compare
from ...sdk._related import related
from ...sdk.models.device import DeviceModel
from ..rows import children
from .fields import SWITCHES
from .subjects import Subject

if TYPE_CHECKING:
    from ...sdk import Balena

#: Option -> variable.
VARIABLES = {switch.option: switch.columns[0] for switch in SWITCHES}

#: What has to be read of a device to know whether it can be put into local mode.
LOCAL_MODE_COLUMNS = ("os_version", "os_variant", "supervisor_version", "last_connectivity_event")


def compare_switches(balena: Balena, subjects: Sequence[Subject], application_id: int | None) -> list[Change]:
    """Compare the switches of all devices, in one read, and one more for what their applications say.

    :param application_id: where the devices will be; None: where they are.
    :raises DeclarationError: a device that does not support local mode; the message says why.
    """
    wanted = _wanted(subjects)
    if not wanted:
        return []
    actual = _own(balena, subjects, {VARIABLES[option] for subject, option, on in wanted})
    inherited = _inherited(balena, wanted, application_id)

    def home(subject: Subject) -> str | None:
        return inherited.get(application_id if application_id is not None else _application(subject))

    desired = desired_rows(balena, subjects, {row.key: row.fields["value"] for row in actual}, home)
    return compare("device_config_variable", desired, actual)


def desired_rows(
    balena: Balena, subjects: Sequence[Subject], actual: Mapping[Key, str], inherited: Callable[[Subject], str | None]
) -> list[Row]:
    """The config variables that switch devices which are not yet as declared; without a request.

    :param actual: the values of the devices' own variables, by the keys of the devices and the names.
    :param inherited: what the application that a device belongs to says about update locks.
    :raises DeclarationError: a device that does not support local mode; the message says why.
    """
    desired = []
    for subject, option, on in _wanted(subjects):
        key = (*subject.key, VARIABLES[option])
        value = actual.get(key, inherited(subject) if option == "lock_override" else None)
        if (value == "1") != on:
            _check_local_mode(balena, subject, option, on)
            identity = {"device": subject.id, "name": VARIABLES[option]}
            desired.append(Row(key, {"value": "1" if on else "0"}, identity))
    return desired


def _wanted(subjects: Sequence[Subject]) -> list[tuple[Subject, str, bool]]:
    return [
        (subject, option, subject.wanted[option])
        for subject in subjects
        for option in VARIABLES
        if subject.wanted.get(option) is not None
    ]


def _own(balena: Balena, subjects: Sequence[Subject], names: Iterable[str]) -> list[Row]:
    keys = {subject.found["id"]: subject.key for subject in subjects if subject.found}
    fleets = sorted({_application(subject) for subject in subjects if subject.found})
    rows = children(
        balena,
        "device_config_variable",
        "device",
        list(keys),
        select=("name", "value"),
        where={"name": {"$in": sorted(names)}},
        through={"device": {"belongs_to__application": {"$in": fleets}}},
    )
    found = []
    for row in rows:
        device = row["device"]["__id"]
        identity = {"device": device, "name": row["name"]}
        found.append(Row((*keys[device], row["name"]), {"value": row["value"]}, identity, row["id"]))
    return found


def _inherited(
    balena: Balena, wanted: Sequence[tuple[Subject, str, bool]], application_id: int | None
) -> Mapping[int, str]:
    """What the applications say about update locks: it holds for their devices that do not say it themselves."""
    asking = [subject for subject, option, on in wanted if option == "lock_override"]
    if application_id is not None:
        homes = {application_id} if asking else set()
    else:
        homes = {_application(subject) for subject in asking}
    rows = children(
        balena,
        "application_config_variable",
        "application",
        sorted(homes),
        select=("value",),
        where={"name": VARIABLES["lock_override"]},
    )
    return {row["application"]["__id"]: row["value"] for row in rows}


def _application(subject: Subject) -> int:
    row: dict[str, Any] = subject.found or {}
    id_: int = related(row, "belongs_to__application")["id"]
    return id_


def _check_local_mode(balena: Balena, subject: Subject, option: str, on: bool) -> None:
    if option != "local_mode" or not on:
        return
    support = DeviceModel(balena).get_local_mode_support(subject.found or {})
    if not support["supported"]:
        raise DeclarationError(f"device {subject.label} cannot be put into local mode: {support['message']}")
