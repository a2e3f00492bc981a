# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the devices that waves have reached so far, and whether the next wave may follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...engine.wording import counted
from .outcome import Outcome, Verdict, going_on, of_failure

Step = Mapping[str, Any]

#: What results say of a device that has all that it needs.
_THERE = "up_to_date"


def account(
    waves: Sequence[Mapping[str, Any]],
    number: int,
    steps: Sequence[Step],
    *,
    ready: Iterable[str] = (),
    before: Mapping[str, Any] | None = None,
    problem: str = "",
    foreseen: bool = False,
) -> dict[str, Any]:
    """A wave in the account of all that the waves have reached so far, with its C(outcome).

    :param waves: all of them, with C(number), C(name), C(devices) and C(total).
    :param number: the wave that was made.
    :param steps: the results of its tasks, one after the other; those that were not needed are left out.
    :param ready: devices of whatever wave that needed nothing from the start.
    :param before: the account of the wave before it.
    :param problem: what is wrong beyond what the tasks say.
    :param foreseen: whether it was only foreseen.
    """
    row = _row(waves, number, steps[-1] if steps else {}, ready, before or {})
    wrong = _wrong(row, steps, problem, foreseen)
    found = _gone_wrong(row, wrong) if wrong else _gone_well(waves, row, foreseen)
    passed = None if foreseen else wrong is None
    return {**row, "passed": passed, "problem": wrong.sentence if wrong else "", "outcome": found.shown()}


def _row(
    waves: Sequence[Mapping[str, Any]], number: int, last: Step, ready: Iterable[str], earlier: Mapping[str, Any]
) -> dict[str, Any]:
    """What became of the devices that were reached so far."""
    wave = next(one for one in waves if one["number"] == number)
    reached = {uuid for one in waves if one["number"] <= number for uuid in one["devices"]}
    waited = last.get("waited", {})
    lost = {one["uuid"] for one in waited.get("failed", ())}
    there = [one["uuid"] for one in last.get("devices", ()) if one["action"] == _THERE]
    done = [*(uuid for uuid in ready if uuid in reached), *earlier.get("done", ()), *there, *waited.get("done", ())]
    return {
        "number": number,
        "name": wave["name"],
        "total": wave["total"],
        "devices": last.get("devices", []),
        "done": [uuid for uuid in dict.fromkeys(done) if uuid not in lost],
        **{state: [*earlier.get(state, ()), *waited.get(state, ())] for state in ("failed", "pending")},
    }


def _wrong(row: Mapping[str, Any], steps: Sequence[Step], problem: str, foreseen: bool) -> Outcome | None:
    """What is wrong with a wave, if something is; what the tasks say of it comes first."""
    wrong = next((failed for step in steps if (failed := of_failure(step))), None)
    if wrong is not None:
        return wrong
    if not (problem or foreseen or row["done"]):
        problem = _nothing_shown(row["total"])
    return Outcome("failed", Verdict.GIVE_UP, problem) if problem else None


def _nothing_shown(total: int) -> str:
    """What is wrong with a wave of which no device is done."""
    only = "the only device reached is not done"
    none = only if total == 1 else f"none of the {counted(total, 'device')} reached is done"
    return f"It shows nothing: {none}. Begin with devices that are online"


def _gone_wrong(row: Mapping[str, Any], wrong: Outcome) -> Outcome:
    sentence = (
        f"Wave {row['number']} ({row['name']}) has failed. {wrong.sentence}. The devices of later waves were not "
        "touched. Running it again goes on with this wave."
    )
    return replace(wrong, sentence=sentence, next_wave=row["number"])


def _gone_well(waves: Sequence[Mapping[str, Any]], row: Mapping[str, Any], foreseen: bool) -> Outcome:
    number, name = row["number"], f"Wave {row['number']} ({row['name']})"
    following = next((one["number"] for one in waves if one["number"] > number), None)
    state = "foreseen" if foreseen else "passed"
    told = f"{len(row['done'])} of {counted(row['total'], 'device')} done"
    sentence = f"{name}: {told}, {len(row['failed'])} failed, {len(row['pending'])} pending"
    return Outcome(state, going_on(following), sentence, following)
