# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One wave of a rollout: what the devices had is remembered, they get the release, and they are watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...engine import dates
from ...engine.plan import Change, DeclarationError, NamedId, Plan, in_order
from ...engine.task import Task
from ..options import needed
from ..query import Record
from ..releases import pins
from ..releases.names import label
from ..waves.division import Wave
from ..waves.gate import Gate
from . import ending, health, lock, memory, past, probe, survey, watch
from .memory import Memory
from .options import Want
from .phases import Phased
from .reached import marks, other_marks, pin_of, read_marked
from .survey import Crew, Fleet

if TYPE_CHECKING:
    from ...sdk import Balena


def plan(balena: Balena, want: Want) -> Task:
    """What has to change for a wave, and all before it, to get the release.

    :param want: the options of the module balena_rollout.
    :raises DeclarationError: options that make no sense or contradict the rollout that is under way.
    """
    gate = Gate.of(want)
    probe.check(balena, want["probe"])
    fleet = survey.read_fleet(balena, want, want["release"], locked=want["phase"] is not None)
    survey.refuse_other_rollout(want, fleet.memory)
    judge = health.Judge.of(want, fleet.memory)
    _refuse_if_given_up(fleet)
    crew = survey.read_crew(balena, want, diagnosed=want["diagnosis"] is not None, locked=want["phase"] is not None)
    survey.refuse_other_selection(want, fleet.memory)
    end = ending.chosen(balena, want, fleet, crew)
    wave = _wave(crew, needed(want["wave"]))
    members = crew.upto(wave)
    todo = [row for row in members if not survey.has_target(row, fleet.target["id"])]
    phased = Phased.of(want, fleet, crew, members, todo)
    named = NamedId(fleet.target["id"], label(fleet.target))
    present = {row["uuid"]: judge.mark(row) for row in todo} if judge else {}
    known = _memory(want, fleet, crew, wave, todo, judge)
    changes = _remembering(balena, want, fleet, known, todo, present)
    changes += phased.before() if phased else []
    changes += pins.pin_changes(todo, {row["uuid"]: named for row in todo})
    planned = Plan(
        in_order(changes),
        len(crew.rows),
        {
            "wave": _shown(crew, wave, todo),
            "devices": [survey.shown(row, named) for row in members],
            "release": pins.shown(fleet.target),
            "finish": end,
            "rollout": memory.shown(known),
        },
        fleet.warnings,
        promise=_promise(fleet, crew, end),
    )
    baseline = health.Baseline.of(judge, members, fleet.memory, present)
    follower = phased.follower if phased else watch.follower
    wait = follower(want, gate, fleet, wave, members, todo, baseline) if want["wait"] else None
    after = phased.after if phased and phased.switches else None
    return Task(
        planned, lock.WRITERS, wait=wait, after=after, homes=(fleet.row["id"],), work=known.run if known else None
    )


def _promise(fleet: Fleet, crew: Crew, end: str) -> dict[str, Any]:
    """What is promised of the whole rollout: the release, what becomes of the targets, and the devices of each wave."""
    waves = {
        f"wave {wave.number}": {uuid: crew.rows[uuid]["device_name"] for uuid in wave.devices} for wave in crew.waves
    }
    return {"release": label(fleet.target), "finish": end, **waves}


def _refuse_if_given_up(fleet: Fleet) -> None:
    known = fleet.memory
    if known is not None and known.rolling_back:
        raise DeclarationError(
            f"the rollout of release {known.version} was given up and is being rolled back: "
            "complete that with state 'rolled_back' before it begins again"
        )


def _wave(crew: Crew, number: int) -> Wave:
    """The wave of a number; one that adds no device is like the one before it."""
    if not crew.waves:
        raise DeclarationError(f"wave {number} does not exist: no device takes part in this rollout")
    last = crew.waves[-1].number
    if not 1 <= number <= last:
        raise DeclarationError(f"wave {number} does not exist: the waves are numbered 1 to {last}")
    reached = [wave for wave in crew.waves if wave.number <= number]
    return reached[-1] if reached else Wave(number, "empty", (), 0)


def _memory(
    want: Want, fleet: Fleet, crew: Crew, wave: Wave, todo: Sequence[Record], judge: health.Judge | None
) -> Memory | None:
    """What is known of the rollout once the wave is begun. Nothing, if none is under way and none has to begin."""
    known = fleet.memory
    if known is None:
        return _begun(want, fleet, crew, wave, judge) if todo else None
    division = survey.division_of(want, known.run)
    # A wave that is done again, after a later one had begun, does not turn the rollout back.
    begun = max(known.wave, wave.number) if known.waves == division else wave.number
    if want["phase"]:
        known = replace(known, phased=True, switching=_switching(want, known, wave))
    # Where it is not wanted any more, what later waves were like is not known.
    return replace(known, wave=begun, waves=division, health=known.health if judge else None)


def _remembering(
    balena: Balena,
    want: Want,
    fleet: Fleet,
    known: Memory | None,
    todo: Sequence[Record],
    health_marks: Mapping[str, str],
) -> list[Change]:
    """What is written down before any device is changed."""
    if known is None:
        return []
    if fleet.memory is None or known.marking:
        return _beginning(balena, want, fleet, known, todo, health_marks)
    return [*lock.write(fleet, lock.remembered(fleet), known), *marks(todo, known, health_marks)]


def _beginning(
    balena: Balena,
    want: Want,
    fleet: Fleet,
    known: Memory,
    todo: Sequence[Record],
    health_marks: Mapping[str, str],
) -> list[Change]:
    """The application's tag, before all others: whoever writes it first has the application for this rollout.

    Where devices beside those of the wave need tags, it says that these are not complete until they are.
    """
    marked = read_marked(balena, fleet, want["keep_out_tag"])
    others = other_marks(marked, known, {row["uuid"] for row in todo})
    first, complete = replace(known, marking=bool(others)), replace(known, marking=False)
    return [
        *lock.write(fleet, lock.remembered(fleet), first),
        *past.write(fleet.row, None),
        *others,
        *marks(todo, known, health_marks),
        *lock.write(fleet, first, complete),
    ]


def _begun(want: Want, fleet: Fleet, crew: Crew, wave: Wave, judge: health.Judge | None) -> Memory:
    release = fleet.target["id"]
    phase = want["phase"]
    run = lock.new_run()
    behind = [row for row in crew.rows.values() if not survey.has_target(row, release)]
    return Memory(
        release=release,
        version=fleet.target["raw_version"],
        started=dates.as_stored(dates.now()),
        former=memory.most_common(pin_of(row) for row in behind),
        wave=wave.number,
        waves=survey.division_of(want, run),
        selection=survey.selection_of(want, run),
        kept_out=want["keep_out_tag"],
        run=run,
        health=health.of_most(judge.mark(row) for row in behind) if judge else None,
        phased=phase is not None,
        switching=wave.number if phase == "switch" else 0,
    )


def _switching(want: Want, known: Memory, wave: Wave) -> int:
    return max(known.switching, wave.number) if want["phase"] == "switch" else known.switching


def _shown(crew: Crew, wave: Wave, todo: Sequence[Record]) -> dict[str, Any]:
    return {
        "number": wave.number,
        "of": crew.waves[-1].number,
        "next": next((other.number for other in crew.waves if other.number > wave.number), None),
        "name": wave.name,
        "devices": list(wave.devices),
        "total": wave.total,
        "pinned": len(todo),
    }
