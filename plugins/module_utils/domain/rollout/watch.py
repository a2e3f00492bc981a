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
from ...engine.limits import Limits
from ...engine.task import Followed, Progress
from ...engine.waiting import Look, Sight, State
from ...engine.wording import counted
from ..query import Record
from ..releases import status
from ..waves.division import Wave
from ..waves.gate import Gate
from . import reached, survey
from .probe import probing
from .survey import Fleet

if TYPE_CHECKING:
    from ...sdk import Balena

Want = Mapping[str, Any]
Follower = Callable[["Balena", Outcome, Progress], Followed]

NOT_WAITED_FOR = "offline, not waited for"

#: Devices that a message names.
_NAMED = 3


def follower(
    want: Want, gate: Gate, fleet: Fleet, wave: Wave, members: Sequence[Record], todo: Sequence[Record]
) -> Follower:
    """What waits for a wave to pass the gate.

    :param members: the devices of the wave and of all before it, as they were before it.
    :param todo: those of them that get the release now.
    """
    aside = reached.set_aside(members, fleet.memory, {row["uuid"] for row in todo}) if want["offline"] == "skip" else []

    def follow(balena: Balena, outcome: Outcome, progress: Progress) -> Followed:
        return _Watch(balena, want, gate, fleet, wave, members, aside, progress).result()

    return follow


def see(row: Record, release: int, policy: str, said: status.Word | None = None) -> Sight:
    """What a device shows on its way to a release. It has arrived when it runs the release and can be reached.

    :param said: what it said of its last update before it got the release.
    """
    sight = status.see_release(row, release, policy, said)
    if sight.state is not State.DONE or not status.is_offline(row):
        return sight
    return Sight(State.FAILED if policy == "fail" else State.PENDING, "runs it, but is offline")


class _Watch:
    """The watch over one wave."""

    def __init__(
        self,
        balena: Balena,
        want: Want,
        gate: Gate,
        fleet: Fleet,
        wave: Wave,
        members: Sequence[Record],
        skipped: Sequence[str],
        progress: Progress,
    ) -> None:
        self.want, self.gate, self.wave, self.progress = want, gate, wave, progress
        self.release, self.version = fleet.target["id"], fleet.target["raw_version"]
        self.names = {row["uuid"]: row["device_name"] for row in members}
        self.skipped = skipped
        awaited = [row for row in members if row["uuid"] not in set(skipped)]
        self.uuids = [row["uuid"] for row in awaited]
        self.seen = self._seen_before(awaited)
        self.said = self._said_before(awaited, fleet)
        self.look = self._looking(balena, {row["uuid"]: row["id"] for row in awaited}, fleet.row["id"])

    def _seen_before(self, rows: Sequence[Record]) -> dict[str, Sight]:
        """What ran already when the wave was planned was seen once; without a probe that is a look like any other."""
        if self.want.get("probe") is not None:
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
        return probing(balena, self.want.get("probe"), look)

    def result(self) -> Followed:
        """Wait, hold, and say what came of it."""
        limits = self.gate.limits(len(self.uuids))
        # Time for the looks that tell, at the end, who is too late.
        limits = replace(limits, timeout=limits.timeout + waiting.LOOKS * limits.interval)
        look = _timed(self.look, self.gate.waits.timeout)
        waited = waiting.wait_for(self.uuids, look, limits, self.progress, seen=self.seen)
        problem = waited.problem or self._nobody(waited)
        unseen = waited.trouble is not None
        if problem is None:
            held = _Hold(self, waited, limits)
            problem, unseen = held.problem(), held.unseen
        passed = problem is None
        if problem is not None:
            problem = f"Wave {self.wave.number} ({self.wave.name}) of release {self.version} did not pass. {problem}"
        result = {"waited": self._named(waited), "passed": passed, "unseen": unseen, "line": self._line(waited)}
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

    def _line(self, waited: waiting.Waited) -> str:
        skipped = f", {len(self.skipped)} {NOT_WAITED_FOR}" if self.skipped else ""
        return f"Wave {self.wave.number} ({self.wave.name}) {waited.line()}{skipped}"


class _Hold:
    """The time for which a wave is held: those that are done have to stay so, and somebody has to see it."""

    def __init__(self, watch: _Watch, waited: waiting.Waited, limits: Limits) -> None:
        self.soak: float = watch.want["soak"]
        self.watch, self.waited = watch, waited
        # Without a patience of one's own, that of a look that fails just at the end.
        self.waits = replace(limits, patience=limits.patience or waiting.LOOKS * limits.interval)
        self.done = list(waited.among(State.DONE))
        failed = len(waited.among(State.FAILED))
        self.allowed = watch.gate.may_be_lost(len(watch.uuids), len(self.done), failed)
        self.unseen = False

    def problem(self) -> str | None:
        """Hold the wave, and say why it does not pass, if it does not."""
        if not (self.soak and self.done):
            return None
        self.watch.progress(f"{self.waited.line()}; holding for {counted(self.soak, 'second')}")
        held = self._hold()
        while held.looked == 0 and held.trouble is None:
            held = self._hold()  # the server was away for all that time, which so does not count
        ended = held if held.trouble or self._lost(held) > self.allowed else self._see_the_end(held)
        self._note(held, ended)
        if self._lost(ended) > self.allowed:
            return self._told(ended)
        if ended.trouble is None:
            return None
        self.unseen = True
        return (
            f"{counted(len(self.done), 'device')} ran it, but whether the release was kept for "
            f"{counted(self.soak, 'second')} (soak) was not seen, since the server could not be asked: {ended.trouble}"
        )

    def _hold(self) -> waiting.Waited:
        """Look again and again until the time is over; what is lost in two looks in a row is lost."""
        limits = replace(self.waits, timeout=self.soak, success=100.0, max_failures=self.allowed)
        return waiting.wait_for(self.done, self._looking_for_losses, limits, _silent)

    def _see_the_end(self, held: waiting.Waited) -> waiting.Waited:
        """Look once more at those that were well at last, until it is sure that they are, or that they are not."""
        lost = held.among(State.FAILED)
        left = [uuid for uuid in self.done if uuid not in lost]
        seen = {uuid: Sight(State.DONE) for uuid in left if held.sights[uuid].state is State.PENDING}
        looks = waiting.LOOKS * self.waits.interval
        limits = replace(self.waits, timeout=looks, success=100.0, max_failures=self.allowed - len(lost))
        ended = waiting.wait_for(left, self._looking_at_the_end, limits, _silent, seen=seen)
        ended.sights.update(lost)
        ended.believed.update(lost)
        return ended

    def _lost(self, held: waiting.Waited) -> int:
        return len(held.among(State.FAILED))

    def _note(self, *found: waiting.Waited) -> None:
        for held in found:
            self.waited.sights.update(held.among(State.FAILED))

    def _looking_for_losses(self, uuids: Sequence[str]) -> Mapping[str, Sight]:
        """The same look the other way round: a device that is well is waited for, one that is not has failed."""
        return {
            uuid: Sight(State.PENDING) if sight.state is State.DONE else sight
            for uuid, sight in self._looking_at_the_end(uuids).items()
        }

    def _looking_at_the_end(self, uuids: Sequence[str]) -> Mapping[str, Sight]:
        return {
            uuid: sight if sight.state is State.DONE else Sight(State.FAILED, sight.detail or "fell back")
            for uuid, sight in self.watch.look(uuids).items()
        }

    def _told(self, held: waiting.Waited) -> str:
        lost = held.among(State.FAILED)
        reasons = [f"{uuid[:7]} {sight.detail}".strip() for uuid, sight in lost.items()]
        more = f" and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
        who = counted(
            len(self.done),
            "device ran it and did not keep it",
            f"devices ran it, and {len(lost)} of them did not keep it",
        )
        return f"{who} for {counted(self.soak, 'second')} (soak): {'; '.join(reasons[:_NAMED])}{more}"


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


def _silent(_line: str) -> None:
    """The line about holding says it all."""
