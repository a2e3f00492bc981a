# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watch the devices that a rollout has reached: until enough run the release, and then whether they keep to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...engine import waiting
from ...engine.apply import Outcome
from ...engine.task import Followed, Progress
from ...engine.waiting import Look, Sight, State
from ...engine.wording import counted
from ..query import Record
from ..releases import status
from ..waves.division import Wave
from ..waves.gate import Gate
from ..waves.hold import Hold
from . import reached, survey
from .health import Baseline
from .options import Want
from .probe import probing
from .survey import Fleet

if TYPE_CHECKING:
    from ...sdk import Balena

Follower = Callable[["Balena", Outcome, Progress], Followed]

NOT_WAITED_FOR = "offline, not waited for"


def follower(
    want: Want,
    gate: Gate,
    fleet: Fleet,
    wave: Wave,
    members: Sequence[Record],
    todo: Sequence[Record],
    baseline: Baseline | None = None,
) -> Follower:
    """What waits for a wave to pass the gate.

    :param members: the devices of the wave and of all before it, as they were before it.
    :param todo: those of them that get the release now.
    :param baseline: how they were before; None if they are not diagnosed.
    """
    aside = reached.set_aside(members, fleet.memory, {row["uuid"] for row in todo}) if want["offline"] == "skip" else []

    def follow(balena: Balena, outcome: Outcome, progress: Progress) -> Followed:
        return Watch(balena, want, gate, fleet, wave, members, aside, baseline, progress).result()

    return follow


def see(row: Record, release: int, policy: str, said: status.Word | None = None) -> Sight:
    """What a device shows on its way to a release. It has arrived when it runs the release and can be reached.

    :param said: what it said of its last update before it got the release.
    """
    sight = status.see_release(row, release, policy, said)
    if sight.state is not State.DONE or not status.is_offline(row):
        return sight
    return Sight(State.FAILED if policy == "fail" else State.PENDING, "runs it, but is offline")


class Watch:
    """The watch over one wave."""

    #: What the devices are waited for to have done.
    verb = ""

    def __init__(
        self,
        balena: Balena,
        want: Want,
        gate: Gate,
        fleet: Fleet,
        wave: Wave,
        members: Sequence[Record],
        skipped: Sequence[str],
        baseline: Baseline | None,
        progress: Progress,
    ) -> None:
        self.want, self.gate, self.wave, self.progress = want, gate, wave, progress
        self.release, self.version = fleet.target["id"], fleet.target["raw_version"]
        self.names = {row["uuid"]: row["device_name"] for row in members}
        self.skipped, self.baseline = skipped, baseline
        awaited = [row for row in members if row["uuid"] not in set(skipped)]
        self.uuids = [row["uuid"] for row in awaited]
        self.seen = self._seen_before(awaited)
        self.said = self._said_before(awaited, fleet)
        self.look = self._looking(balena, {row["uuid"]: row["id"] for row in awaited}, fleet.row["id"])

    def _seen_before(self, rows: Sequence[Record]) -> dict[str, Sight]:
        """What ran already when the wave was planned was seen once; without further questions that is like any look."""
        if self.want["probe"] is not None or self.baseline is not None:
            return {}
        sights = {row["uuid"]: see(row, self.release, "wait") for row in rows if survey.runs_it(row, self.release)}
        return {uuid: sight for uuid, sight in sights.items() if sight.state is State.DONE}

    def _said_before(self, rows: Sequence[Record], fleet: Fleet) -> dict[str, status.Word]:
        """What devices had said of their updates before the rollout gave them one."""
        words = {row["uuid"]: status.update_word(row) for row in rows}
        known, now = fleet.memory, {row["uuid"] for row in rows if not survey.has_target(row, self.release)}
        return {
            uuid: word
            for uuid, word in words.items()
            if uuid in now or known is None or (word[1] and word[1] < known.started)
        }

    def _looking(self, balena: Balena, ids: Mapping[str, int], application: int) -> Look:
        policy = self.want["offline"]
        look = status.looking(
            balena, ids, [application], lambda uuid, row: see(row, self.release, policy, self.said.get(uuid))
        )
        look = probing(balena, self.want["probe"], look)
        return look if self.baseline is None else self.baseline.looking(balena, ids, application, look)

    def result(self) -> Followed:
        """Wait, hold, and say what came of it."""
        limits = self.gate.limits(len(self.uuids))
        # Time for the looks that tell, at the end, which devices are too late.
        limits = replace(limits, timeout=limits.timeout + waiting.LOOKS * limits.interval)
        look = _timed(self.look, self.gate.waits.timeout)
        waited = waiting.wait_for(
            self.uuids,
            look,
            limits,
            self._show,
            things="devices",
            seen=self.seen,
            names=self.names,
            quiet=waiting.LINE_EVERY,
        )
        problem = waited.problem or self._nobody(waited)
        unseen = waited.trouble is not None
        if problem is None:
            held = Hold(waited, self.look, self.gate, limits, self.want["soak"])
            problem, unseen = held.problem(lambda line: self.progress(f"{self._name()} {line}")), held.unseen
        passed = problem is None
        if problem is not None:
            problem = f"{self._name()} of release {self.version} did not pass. {problem}"
        result = {"waited": self._named(waited), "passed": passed, "unseen": unseen, "line": self._line(waited.line())}
        return Followed(result, problem)

    def _nobody(self, waited: waiting.Waited) -> str | None:
        """What is wrong when no device has shown that the next wave may follow."""
        if waited.among(State.DONE):
            return None
        number = len(self.names)
        none = "its only device is not done" if number == 1 else f"none of its {number} devices is done"
        gone = counted(len(self.skipped), "was offline before it was changed", "were offline before they were changed")
        return (
            f"It shows nothing: {none}, and {gone}. "
            "Begin with devices that are online, or wait for them (offline: wait)"
        )

    def _named(self, waited: waiting.Waited) -> dict[str, Any]:
        """The result of the waiting with the devices' names."""
        found = waited.result()
        found["pending"] += [{"uuid": uuid, "reason": NOT_WAITED_FOR} for uuid in self.skipped]
        for state in (State.PENDING.value, State.FAILED.value):
            found[state] = [{**item, "name": self.names[item["uuid"]]} for item in found[state]]
        return found

    def _show(self, line: str) -> None:
        self.progress(self._line(line))

    def _line(self, counts: str) -> str:
        skipped = f", {len(self.skipped)} {NOT_WAITED_FOR}" if self.skipped else ""
        return f"{self._name()} {counts}{skipped}"

    def _name(self) -> str:
        name = f"Wave {self.wave.number} ({self.wave.name})"
        return f"{name}, {self.verb}," if self.verb else name


def _timed(look: Look, seconds: float) -> Look:
    """A look at which devices that are still not done after some seconds have failed."""
    end = time.monotonic() + seconds

    def looking(uuids: Sequence[str]) -> Mapping[str, Sight]:
        sights = look(uuids)
        if time.monotonic() < end:
            return sights
        late = {uuid: sight.detail or "not done" for uuid, sight in sights.items() if sight.state is State.PENDING}
        return {
            **sights,
            **{uuid: Sight(State.FAILED, f"{why} after {counted(seconds, 'second')}") for uuid, why in late.items()},
        }

    return looking
