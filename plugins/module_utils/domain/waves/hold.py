# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The soak: devices that are done are watched for a while, since what runs may still fall over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...engine import waiting
from ...engine.limits import Limits
from ...engine.task import Progress
from ...engine.waiting import Look, Sight, State, Waited
from ...engine.wording import counted, listed
from .gate import Gate

#: Devices that a message names.
_NAMED = 3


class Hold:
    """The time for which a wave is held: those that are done have to stay so, and somebody has to see it.

    :param waited: how the waiting for the devices ended. What is lost is noted there.
    :param look: what it was done with; it shows a device that is offline as not done.
    :param limits: those of the waiting.
    :param soak: seconds for which the devices are held.
    :param there: further devices that were done from the start.
    """

    def __init__(
        self, waited: Waited, look: Look, gate: Gate, limits: Limits, soak: float, there: Sequence[str] = ()
    ) -> None:
        self.waited, self.look, self.soak = waited, look, soak
        # Without a patience of one's own, that of a look that fails just at the end.
        self.waits = replace(limits, patience=limits.patience or waiting.LOOKS * limits.interval)
        self.done = [*waited.among(State.DONE), *there]
        failed, total = len(waited.among(State.FAILED)), len(waited.sights) + len(there)
        # The waiting may have put up with more failures: it counts offline devices too, which nobody waits for.
        self.allowed = max(0, gate.may_be_lost(total, len(self.done), failed))
        self.unseen = False

    def problem(self, progress: Progress) -> str | None:
        """Hold the devices, and say what is wrong at the end, if something is."""
        if not (self.soak and self.done):
            return None
        progress(f"{self.waited.line()}; holding for {counted(self.soak, 'second')}")
        held = self._hold()
        while held.looked == 0 and held.trouble is None:
            held = self._hold()  # the server was away for all that time, which so does not count
        ended = held if held.trouble or _lost(held) > self.allowed else self._see_the_end(held)
        self._note(held, ended)
        if _lost(ended) > self.allowed:
            return self._told(ended)
        if ended.trouble is None:
            return None
        self.unseen = True
        return (
            f"{counted(len(self.done), 'device')} ran it, but whether they kept it for "
            f"{counted(self.soak, 'second')} (soak) was not seen, since the server could not be asked: {ended.trouble}"
        )

    def _hold(self) -> Waited:
        """Look again and again until the time is over; what is lost in two looks in a row is lost."""
        limits = replace(self.waits, timeout=self.soak, success=100.0, max_failures=self.allowed)
        return waiting.wait_for(self.done, self._looking_for_losses, limits, _silent, things="devices")

    def _see_the_end(self, held: Waited) -> Waited:
        """Look once more at those that were well at last, until it is sure that they are, or that they are not."""
        lost = held.among(State.FAILED)
        left = [uuid for uuid in self.done if uuid not in lost]
        # What the last look saw is the first of two; a look may take longer than all the time that is left for more.
        seen = {uuid: _right_way_round(held.sights[uuid]) for uuid in left}
        looks = waiting.LOOKS * self.waits.interval
        limits = replace(self.waits, timeout=looks, success=100.0, max_failures=self.allowed - len(lost))
        ended = waiting.wait_for(left, self._looking_at_the_end, limits, _silent, things="devices", seen=seen)
        ended.sights.update(lost)
        ended.believed.update(lost)
        return ended

    def _note(self, *found: Waited) -> None:
        for held in found:
            lost = held.among(State.FAILED)
            self.waited.sights.update(lost)
            self.waited.believed.update(lost)

    def _looking_for_losses(self, uuids: Sequence[str]) -> Mapping[str, Sight]:
        """The same look the other way round: a device that is well is waited for, one that is not has failed."""
        return {
            uuid: Sight(State.PENDING) if sight.state is State.DONE else sight
            for uuid, sight in self._looking_at_the_end(uuids).items()
        }

    def _looking_at_the_end(self, uuids: Sequence[str]) -> Mapping[str, Sight]:
        return {
            uuid: sight if sight.state is State.DONE else Sight(State.FAILED, sight.detail or "fell back")
            for uuid, sight in self.look(uuids).items()
        }

    def _told(self, held: Waited) -> str:
        lost = held.among(State.FAILED)
        reasons = [f"{self.waited.called(uuid)} {sight.detail}".strip() for uuid, sight in lost.items()]
        who = counted(
            len(self.done),
            "device ran it and did not keep it",
            f"devices ran it, and {len(lost)} of them did not keep it",
        )
        return f"{who} for {counted(self.soak, 'second')} (soak): {listed(reasons, _NAMED, '; ')}"


def _right_way_round(sight: Sight) -> Sight:
    """What a look for losses saw, as the look at the end has it."""
    return Sight(State.DONE) if sight.state is State.PENDING else sight


def _lost(held: Waited) -> int:
    return len(held.among(State.FAILED))


def _silent(_line: str) -> None:
    """The line about holding says it all."""
