# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a rollout: what its steps came to, one after the other. Reports are made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...engine import dates
from ..waves.outcome import Verdict

Record = Mapping[str, Any]
#: The options of a step.
Want = Mapping[str, Any]
Result = Mapping[str, Any]

#: The state of a rollout whose next step may be made.
RUNNING = "running"
#: What becomes of it with a step that went wrong.
_GONE_WRONG = {Verdict.GIVE_UP.value: "aborted", Verdict.TRY_AGAIN.value: "failed"}
#: What a record has to have, and of which kind.
KINDS = {"state": str, "problem": str, "downloads": list, "waves": list, "rolled_back": list}


def begin(application: str | None, release: Record | None, empty_waves: Sequence[Record]) -> dict[str, Any]:
    """The record of a rollout of which no step has been made.

    :param release: as results show it.
    """
    return {
        "state": RUNNING,
        "application": application,
        "release": release,
        "began": dates.as_stored(dates.now()),
        "downloads": [],
        "waves": [],
        "empty_waves": list(empty_waves),
        "rolled_back": [],
        "problem": "",
        "rollout": None,
    }


def is_over(record: Record, want: Want) -> bool:
    """Whether a step is not to be made any more, since an earlier one went wrong or the rollout was stopped."""
    return bool(record["state"] != RUNNING and want["state"] != "rolled_back")


def add(record: Record, want: Want, result: Result, *, check_mode: bool) -> dict[str, Any]:
    """The record with one more step.

    :param want: the options of the step.
    :param result: what it returned, with its C(outcome).
    """
    told = {"wave": _wave, "finished": _finished, "rolled_back": _rolled_back}[want["state"]](record, want, result)
    under_way = result.get("rollout")
    if under_way and not check_mode:
        told["rollout"] = under_way["id"]
    return {**record, **told}


def _wave(record: Record, want: Want, result: Result) -> dict[str, Any]:
    outcome, waited = result["outcome"], result.get("waited", {})
    state = _GONE_WRONG.get(outcome["verdict"])
    problem = outcome["sentence"] if state else ""
    # Where the API could not be asked, the wave is the one that was planned.
    planned: list[Record] = [one for one in want["planned"] if one.get("number") == want["wave"]]
    wave = result.get("wave") or (planned[0] if planned else {})
    row = {
        "number": want["wave"],
        "name": wave.get("name", ""),
        "passed": result.get("passed"),
        "done": len(waited.get("done", ())),
        "failed": waited.get("failed", []),
        "pending": waited.get("pending", []),
    }
    ended = {"state": state, "problem": problem} if state else {}
    if want["phase"] == "download":
        return {"downloads": [*record["downloads"], row], **ended}
    row |= {
        "devices": wave.get("devices", []),
        "total": wave.get("total", 0),
        "ended": dates.as_stored(dates.now()),
        "problem": problem,
    }
    return {"waves": [*record["waves"], row], **ended}


def _finished(_record: Record, _want: Want, result: Result) -> dict[str, Any]:
    outcome = result["outcome"]
    wrong = outcome["verdict"] in _GONE_WRONG
    return {"state": "failed" if wrong else "finished", "problem": outcome["sentence"] if wrong else ""}


def _rolled_back(record: Record, _want: Want, result: Result) -> dict[str, Any]:
    outcome = result["outcome"]
    # A sentence also when devices have their former target, and do not run it yet.
    problems = [text for text in (record["problem"], result.get("msg")) if text]
    return {
        "state": "failed" if outcome["verdict"] in _GONE_WRONG else outcome["state"],
        "rolled_back": result.get("devices", []),
        "problem": ". In rolling back: ".join(problems),
    }
