# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of a step through waves and what is to be done now, so that whoever goes through them need not guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Verdict(str, Enum):
    """What is to be done after a step, or before a wave."""

    #: The next wave may follow.
    GO_ON = "go_on"
    #: All waves are done.
    FINISH = "finish"
    #: Nothing is left to be done.
    END = "end"
    #: Devices have failed: no other wave, and whoever wants to takes the change back.
    GIVE_UP = "give_up"
    #: Something other than the devices failed: run it again, and take nothing back because of that.
    TRY_AGAIN = "try_again"
    #: The wave may begin.
    BEGIN = "begin"
    #: It may begin in a while.
    WAIT = "wait"
    #: It may begin once somebody approves it.
    ASK = "ask"
    #: It may not begin in this run.
    STOP = "stop"


@dataclass(frozen=True)
class Outcome:
    """What came of a step.

    :param state: how things stand, in a word.
    :param sentence: the same for people; where something failed, why.
    :param next_wave: number of the wave that is to be done next, which may be the same one again.
    """

    state: str
    verdict: Verdict
    sentence: str
    next_wave: int | None = None

    def shown(self) -> dict[str, Any]:
        """The outcome as results show it."""
        return {**asdict(self), "verdict": self.verdict.value}


def of_wave(number: int, following: int | None, result: Mapping[str, Any]) -> Outcome | None:
    """What came of a wave, as the result of its task tells.

    :param number: the wave.
    :param following: the wave after it, if there is one.
    :param result: with C(passed), C(unseen) and C(line) if the devices were watched, and C(msg) if something failed.
    :returns: None if nothing failed and the devices were not watched.
    """
    failed = of_failure(result, number)
    if failed or "passed" not in result:
        return failed
    return Outcome("passed", going_on(following), result["line"], following)


def of_failure(result: Mapping[str, Any], number: int | None = None) -> Outcome | None:
    """What came of a step that failed; None if nothing did.

    :param number: the wave that it was about, if it was about one.
    :param result: as L(of_wave) takes it.
    """
    problem, judged = result.get("msg"), "passed" in result
    if problem is None:
        return None
    if judged and not result.get("unseen"):
        return Outcome("failed", Verdict.GIVE_UP, problem, number)
    return Outcome("unseen" if judged else "incomplete", Verdict.TRY_AGAIN, problem, number)


def going_on(following: int | None) -> Verdict:
    """The verdict on a wave with which all is well."""
    return Verdict.FINISH if following is None else Verdict.GO_ON
