# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How devices were before a rollout changed them, and whether they are worse now.

What is remembered are not figures but results, since only these are compared. Those of most devices stand in the tag of
the application, beside their former target; a device has a tag of its own where its results were others. So a rollout
that is interrupted still compares with how things were before it, from whatever controller it goes on.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine import dates
from ...engine.limits import check_option
from ...engine.plan import DeclarationError
from ...engine.waiting import Look, Sight, State
from ..bounds import BOUNDS
from ..diagnosis import checks, judging, metrics
from ..diagnosis.together import told
from ..query import Record
from ..releases import status
from . import memory, reached
from .memory import HEALTH_TAG, Memory
from .options import Want

if TYPE_CHECKING:
    from ...sdk import Balena

Results = Mapping[str, str]

#: How a device is whose checks are all good.
_WELL = "good"
#: Checks that tell nothing here, unless they are asked for: which release runs is what the wave waits for, and how busy
#: the processors are changes from one moment to the next.
_LEFT_OUT = ("release", "cpu")


@dataclass(frozen=True)
class Judge:
    """How devices are judged before and after.

    :param known: all checks that the API alone makes possible. What is remembered does not depend on those wanted.
    :param wanted: the names of the checks that count.
    :param settle: for how many seconds a device may be worse until it has failed.
    """

    known: Sequence[checks.Check]
    wanted: frozenset[str]
    settle: float

    @classmethod
    def of(cls, want: Want, memory_: Memory | None) -> Judge | None:
        """How the option C(diagnosis) wants devices to be judged; None without it.

        :param memory_: the rollout that is under way.
        :raises DeclarationError: a check or a threshold that makes no sense; the rollout was begun without it.
        """
        declared = want["diagnosis"]
        if declared is None:
            return None
        check_option("diagnosis.settle", declared["settle"], BOUNDS)
        try:
            every = checks.declared({"checks": None, "thresholds": declared["thresholds"]}, checks.API)
            wanted = checks.declared(declared, checks.API)
        except DeclarationError as error:
            raise DeclarationError(f"diagnosis: {error}") from error
        if memory_ is not None and memory_.health is None:
            raise DeclarationError(
                f"diagnosis: the rollout of release {memory_.version} under way was begun without it, so it is not "
                "known how its devices were before. Go on without it, or roll the rollout back and begin again"
            )
        left_out = () if declared["checks"] else _LEFT_OUT
        return cls(every, frozenset(check.name for check in wanted if check.name not in left_out), declared["settle"])

    def diagnose(self, row: Record) -> dict[str, dict[str, Any]]:
        """The judged checks of a device, by name.

        :param row: with L(metrics.COLUMNS) and L(metrics.EXPANSIONS).
        """
        measured = metrics.measures(row, dates.now())
        return {check.name: judging.judge(check, measured.get(check.name)) for check in self.known}

    def mark(self, row: Record) -> str:
        """How a device is now, as it is remembered: C(good), or what is not (C(bad:storage unknown:cpu,memory))."""
        groups: dict[str, list[str]] = {}
        for name, check in self.diagnose(row).items():
            if check["result"] != judging.GOOD:
                groups.setdefault(check["result"], []).append(name)
        return " ".join(f"{result}:{','.join(sorted(groups[result]))}" for result in sorted(groups)) or _WELL

    def results(self, mark: str) -> dict[str, str]:
        """What a mark says of each check that is wanted. One that cannot be understood says that nothing is known."""
        found = dict.fromkeys(self.wanted, judging.GOOD)
        for part in [] if mark == _WELL else mark.split(" "):
            result, _colon, names = part.partition(":")
            if result not in judging.RESULTS or not names:
                return dict.fromkeys(self.wanted, judging.UNKNOWN)
            found.update({name: result for name in names.split(",") if name in self.wanted})
        return found

    def worse(self, before: Results, row: Record) -> str:
        """What is worse about a device, in words; an empty text if nothing is."""
        now = {name: check for name, check in self.diagnose(row).items() if name in self.wanted}
        names = judging.worse(before, {name: check["result"] for name, check in now.items()})
        return "; ".join(told(name, before[name], now[name]) for name in names)


def of_most(marks: Iterable[str]) -> str:
    """The mark that needs no tags on devices: that of most. Among equals it is the same one every time."""
    counts = Counter(marks)
    return min(counts, key=lambda mark: (-counts[mark], mark), default=_WELL)


@dataclass(frozen=True)
class Baseline:
    """How the devices were that a rollout has changed, by uuid, and how they are judged now."""

    judge: Judge
    before: Mapping[str, Results]

    @classmethod
    def of(cls, judge: Judge | None, members: Iterable[Record], known: Memory | None, now: Mapping[str, str]) -> Any:
        """What is known of the devices of a wave and of those before it; None if they are not diagnosed.

        Devices that had the release before are none of the rollout's, so that nothing about them is compared.

        :param known: the rollout as it was before this step.
        :param now: the marks of the devices that get the release in this step.
        """
        if judge is None:
            return None
        marks = dict(now)
        for row in members:
            if row["uuid"] not in now and reached.is_changed(row, known):
                marks[row["uuid"]] = memory.tag_of(row, HEALTH_TAG) or (known.health if known else None) or ""
        return cls(judge, {uuid: judge.results(mark) for uuid, mark in marks.items()})

    def looking(self, balena: Balena, ids: Mapping[str, int], application: int, look: Look) -> Look:
        """A look that believes a device to be done only if it is no worse than before; one more request for all."""
        since: dict[str, float] = {}
        columns = [*metrics.COLUMNS, "belongs_to__application"]

        def judged(uuid: str, row: Record) -> Sight:
            worse = self.judge.worse(self.before[uuid], row)
            if not worse:
                since.pop(uuid, None)
                return Sight(State.DONE)
            over = time.monotonic() - since.setdefault(uuid, time.monotonic()) >= self.judge.settle
            return Sight(State.FAILED if over else State.PENDING, worse)

        def looking(uuids: Sequence[str]) -> Mapping[str, Sight]:
            sights = dict(look(uuids))
            done = {uuid: ids[uuid] for uuid, sight in sights.items() if sight.state is State.DONE}
            wanted = {uuid: id_ for uuid, id_ in done.items() if uuid in self.before}
            rows = status.read_again(balena, wanted, [application], columns, metrics.EXPANSIONS)
            sights.update({uuid: judged(uuid, row) for uuid, row in rows.items()})
            return sights

        return looking
