# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of a step of a rollout, also of one that failed before it was planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...engine.wording import counted
from ..options import needed
from ..waves.outcome import Outcome, Verdict, going_on, of_wave
from .options import Want


def outcome(want: Want, result: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The C(outcome) of a task of the module balena_rollout.

    :param want: the options.
    :param result: all else that the task returns.
    """
    if want["state"] == "wave":
        return _wave(want, result, check_mode).shown()
    return {"finished": _finished, "rolled_back": _rolled_back}[want["state"]](result).shown()


def _wave(want: Want, result: Mapping[str, Any], check_mode: bool) -> Outcome:
    wave = result.get("wave", {})
    following = wave.get("next")
    found = of_wave(needed(want["wave"]), following, result)
    if found is not None and want["phase"] == "download" and found.verdict is Verdict.FINISH:
        return replace(found, verdict=Verdict.GO_ON)  # with switching
    if found is not None:
        return found
    # Nobody has watched the devices: nobody was to, or it is check mode.
    name = f"Wave {wave['number']} ({wave['name']})"
    if check_mode:
        added = counted(len(wave["devices"]), "device")
        return Outcome("foreseen", going_on(following), f"{name} would add {added}, {wave['total']} in all", following)
    given = counted(wave["pinned"], "device gets", "devices get")
    sentence = f"{name} is not watched: {given} release {result['release']['version']}"
    return Outcome("begun", going_on(following), sentence, following)


def _finished(result: Mapping[str, Any]) -> Outcome:
    if "msg" in result:
        return Outcome("incomplete", Verdict.TRY_AGAIN, result["msg"])
    return Outcome("finished", Verdict.END, f"The rollout of release {result['release']['version']} is finished")


def _rolled_back(result: Mapping[str, Any]) -> Outcome:
    # The targets are set, even where a device does not run it yet; only what could not be written is incomplete.
    if "msg" in result:
        set_already = "waited" in result
        state, verdict = ("rolled_back", Verdict.END) if set_already else ("incomplete", Verdict.TRY_AGAIN)
        return Outcome(state, verdict, result["msg"])
    if result.get("rollout") is None and not result["changed"]:
        return Outcome(
            "unchanged",
            Verdict.END,
            "No rollout was under way and nothing has this release as its target, so there was nothing to undo",
        )
    back = counted(len(result["devices"]), "device has its", "devices have their")
    return Outcome("rolled_back", Verdict.END, f"{back} former target again")
