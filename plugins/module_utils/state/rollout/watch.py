# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watch the devices that a rollout has reached: until enough run the release, and then whether they keep to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import waiting
from ..plan import Followed, Progress
from ..reading import Record
from ..resources import running
from ..waiting import Limits, Look, Sight, State
from . import survey
from .gate import Gate
from .probe import probing
from .survey import Fleet
from .waves import Wave

if TYPE_CHECKING:
    from ...sdk import Balena

Want = Mapping[str, Any]
Follower = Callable[["Balena", Progress], Followed]

NOT_WAITED_FOR = "offline, not waited for"

#: Devices that a message names.
_NAMED = 3


def follower(want: Want, gate: Gate, fleet: Fleet, wave: Wave, members: Sequence[Record]) -> Follower:
    """What waits for a wave to pass the gate.

    :param members: the devices of the wave and of all before it, as they were before it.
    """

    def follow(balena: Balena, progress: Progress) -> Followed:
        return _Watch(balena, want, gate, fleet, wave, members, progress).result()

    return follow


def see(row: Record, release: int, policy: str) -> Sight:
    """What a device shows on its way to a release. It has arrived when it runs the release and can be reached."""
    sight = running.see_release(row, release, policy)
    if sight.state is not State.DONE or not running.is_offline(row):
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
        progress: Progress,
    ) -> None:
        self.want, self.gate, self.wave, self.progress = want, gate, wave, progress
        self.release, self.version = fleet.target["id"], fleet.target["raw_version"]
        self.names = {row["uuid"]: row["device_name"] for row in members}
        skips = want["offline"] == "skip"
        self.skipped = [row["uuid"] for row in members if skips and running.is_offline(row)]
        awaited = [row for row in members if row["uuid"] not in set(self.skipped)]
        self.uuids = [row["uuid"] for row in awaited]
        self.seen = self._seen_before(awaited)
        self.look = self._looking(balena, {row["uuid"]: row["id"] for row in awaited}, fleet.row["id"])

    def _seen_before(self, rows: Sequence[Record]) -> dict[str, Sight]:
        """What ran already when the wave was planned was seen once; without a probe that is a look like any other."""
        if self.want.get("probe") is not None:
            return {}
        sights = {row["uuid"]: see(row, self.release, "wait") for row in rows if survey.runs_it(row, self.release)}
        return {uuid: sight for uuid, sight in sights.items() if sight.state is State.DONE}

    def _looking(self, balena: Balena, ids: Mapping[str, int], application: int) -> Look:
        policy = self.want["offline"]
        look = running.looking(balena, ids, [application], lambda _uuid, row: see(row, self.release, policy))
        return probing(balena, self.want.get("probe"), look)

    def result(self) -> Followed:
        """Wait, hold, and say what came of it."""
        limits = self.gate.limits(len(self.uuids))
        # Time for the looks that tell, at the end, who is too late.
        limits = replace(limits, timeout=limits.timeout + waiting.LOOKS * limits.interval)
        look = _timed(self.look, self.gate.waits.timeout)
        waited = waiting.wait_for(self.uuids, look, limits, self.progress, seen=self.seen)
        problem = waited.problem
        if problem is None:
            problem = self._hold(waited)
        passed = problem is None
        if problem is not None:
            problem = f"Wave {self.wave.number} ({self.wave.name}) of release {self.version} did not pass. {problem}"
        return Followed({"waited": self._named(waited), "passed": passed, "line": self._line(waited)}, problem)

    def _hold(self, waited: waiting.Waited) -> str | None:
        """Watch those that are done for the time of the soak; what they show twice in a row counts."""
        soak = self.want["soak"]
        done = list(waited.among(State.DONE))
        if not (soak and done):
            return None
        self.progress(f"{waited.line()}; holding for {soak:g} seconds")
        allowed = self.gate.may_be_lost(len(self.uuids), len(done), len(waited.among(State.FAILED)))
        limits = Limits(soak, self.gate.waits.interval, max_failures=allowed)
        held = waiting.wait_for(done, self._looking_for_losses, limits, _silent)
        lost = held.among(State.FAILED)
        for uuid, sight in lost.items():
            waited.sights[uuid] = sight
        if len(lost) <= allowed:
            return None
        reasons = [f"{uuid[:7]} {sight.detail}".strip() for uuid, sight in lost.items()]
        more = f" and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
        return (
            f"{len(done)} devices ran it, and {len(lost)} of them did not keep it for {soak:g} seconds (soak): "
            f"{'; '.join(reasons[:_NAMED])}{more}"
        )

    def _looking_for_losses(self, uuids: Sequence[str]) -> Mapping[str, Sight]:
        """The same look the other way round: a device that is well is waited for, one that is not has failed."""
        return {
            uuid: Sight(State.PENDING)
            if sight.state is State.DONE
            else Sight(State.FAILED, sight.detail or "fell back")
            for uuid, sight in self.look(uuids).items()
        }

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
            **{uuid: Sight(State.FAILED, f"{detail} after {seconds:g} seconds") for uuid, detail in late.items()},
        }

    return looking


def _silent(_line: str) -> None:
    """The line about holding says it all."""
