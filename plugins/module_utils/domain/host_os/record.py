# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of an update in waves: who needs it, and what became of the waves. Reports are made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...engine import dates
from ...engine.visible import one_line
from ...engine.wording import counted
from ..waves.account import account
from ..waves.lines import of_waves
from ..waves.outcome import Verdict
from .fates import QUEUE, UP_TO_DATE, UPDATE, UPDATING

Record = Mapping[str, Any]
#: The options of a step.
Want = Mapping[str, Any]
Result = Mapping[str, Any]

#: The state of an update whose next step may be made.
RUNNING = "running"
#: What a record has to have, and of which kind.
KINDS = {"state": str, "waves": list, "empty_waves": list, "todo": list, "ready": list}
#: What becomes of devices that a wave is needed for.
_NEEDY = (UPDATE, UPDATING, QUEUE)
_WRONG = {Verdict.GIVE_UP.value, Verdict.TRY_AGAIN.value}


def is_over(record: Record, _want: Want) -> bool:
    """Whether no step is to be made any more, since an earlier one went wrong or the update was stopped."""
    return bool(record["state"] != RUNNING)


def add(record: Record, want: Want, result: Result, *, check_mode: bool) -> dict[str, Any]:
    """The record with one more step.

    :param want: the options of the step; without a C(wave), what all devices need is only foreseen.
    :param result: what it returned, with its C(outcome).
    """
    if want["wave"] is None:
        return {**record, **_foreseen(record, want, result)}
    earlier = [row for row in record["waves"] if row["number"] != want["wave"]]
    before = earlier[-1] if earlier else {}
    row = account(want["planned"], want["wave"], [result], ready=record["ready"], before=before, foreseen=check_mode)
    added = {**record, "waves": [*earlier, {**row, "ended": dates.as_stored(dates.now())}]}
    if row["outcome"]["verdict"] in _WRONG:
        added |= {"state": "failed", "problem": row["problem"]}
    return added


def _foreseen(record: Record, want: Want, result: Result) -> dict[str, Any]:
    """The waves in which there is something to do, and the devices that have all that is declared."""
    fates = {device["uuid"]: device["action"] for device in result.get("devices", ())}
    needy = {uuid for uuid, fate in fates.items() if fate in _NEEDY}
    todo = [wave["number"] for wave in want["planned"] if needy.intersection(wave["devices"])]
    there = [uuid for uuid, fate in fates.items() if fate == UP_TO_DATE]
    if record.get("foreseen"):  # by the step for the supervisor
        there = [uuid for uuid in there if uuid in set(record["ready"])]
    return {"todo": sorted({*record["todo"], *todo}), "ready": there, "foreseen": True}


def lines(record: Record, want: Want, what: str, result: Result) -> Iterator[str]:
    """What is going to happen, after all devices were looked at.

    :param what: what the devices get.
    """
    if want["wave"] is not None or "msg" in result:
        return
    title = f"{what} {want['version']} for {counted(len(result['devices']), 'device')}"
    yield one_line(title + (f", {record['kept_out']} kept out" if record.get("kept_out") else ""))
    needy = {device["uuid"] for device in result["devices"] if device["action"] in _NEEDY}
    yield from of_waves(
        want["planned"],
        record["empty_waves"],
        lambda wave: f"{len(needy.intersection(wave['devices']))} to update",
    )
