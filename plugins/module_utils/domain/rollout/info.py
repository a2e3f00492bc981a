# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The waves of a rollout and how far it has come, as balena_rollout_info returns them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ...engine import dates
from ...engine.plan import DeclarationError
from ..query import Record
from ..releases import pins
from ..waves import approval, windows
from ..waves.division import Idle, Wave
from . import lines, memory, record, survey
from .options import Shown

if TYPE_CHECKING:
    from ...sdk import Balena


PASSED, CURRENT, PENDING = "passed", "current", "pending"


def read(balena: Balena, want: Shown) -> dict[str, Any]:
    """The waves, and with a release also how far its rollout has come.

    :param want: the options of the module balena_rollout_info.
    :raises DeclarationError: there are C(mistakes), or what L(survey) and L(windows) refuse.
    """
    if want["mistakes"]:
        raise DeclarationError("; ".join(want["mistakes"]))
    opening = windows.look(windows.read_windows(want["windows"]), dates.now())
    fleet = survey.read_fleet(balena, want, want["release"]) if want["release"] is not None else None
    crew = survey.read_crew(balena, want)
    found: dict[str, Any] = {
        "total": len(crew.rows),
        "devices": [{"uuid": uuid, "name": row["device_name"]} for uuid, row in crew.rows.items()],
        "kept_out": [{"uuid": row["uuid"], "name": row["device_name"]} for row in crew.kept_out],
        "window": opening,
        "empty_waves": [asdict(wave) for wave in crew.idle],
        "approval": approval.needed(want["approval"], sorted([*crew.waves, *crew.idle], key=_number)),
    }
    if fleet is None:
        begun = record.begin(want["application"], None, found["empty_waves"])
        return {**found, "waves": [_wave(wave) for wave in crew.waves], "record": begun}
    upcoming = survey.next_wave(crew, fleet, want)
    release = pins.shown(fleet.target)
    found |= {
        "waves": [{**_wave(wave), **_progress(wave, crew.rows, fleet, upcoming)} for wave in crew.waves],
        "release": release,
        "next_wave": upcoming.number if upcoming else None,
        "rollout": memory.shown(fleet.memory),
        "record": record.begin(want["application"], release, found["empty_waves"]),
        "warnings": list(fleet.warnings),
    }
    return {**found, "lines": lines.of_plan(want["application"], found)}


def _wave(wave: Wave) -> dict[str, Any]:
    return {"number": wave.number, "name": wave.name, "devices": list(wave.devices), "total": wave.total}


def _number(wave: Wave | Idle) -> int:
    return wave.number


def _progress(wave: Wave, rows: Mapping[str, Record], fleet: survey.Fleet, upcoming: Wave | None) -> dict[str, Any]:
    release = fleet.target["id"]
    devices = [rows[uuid] for uuid in wave.devices]
    return {
        "state": _state(wave, upcoming),
        "targeted": _count(survey.has_target(row, release) for row in devices),
        "running": _count(survey.runs_it(row, release) for row in devices),
    }


def _count(holds: Any) -> int:
    return sum(map(bool, holds))


def _state(wave: Wave, upcoming: Wave | None) -> str:
    if upcoming is None or wave.number < upcoming.number:
        return PASSED
    return CURRENT if wave.number == upcoming.number else PENDING
