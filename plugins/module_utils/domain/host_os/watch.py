# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watch devices that get another balenaOS or supervisor: until enough have it, and then whether they stay well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...engine import waiting
from ...engine.limits import Limits
from ...engine.task import Followed, Progress
from ...engine.waiting import Look
from ..waves.gate import Gate
from ..waves.hold import Hold


@dataclass(frozen=True)
class Watch:
    """Who is watched, and what for.

    :param limits: how long to wait for how many.
    :param soak: seconds for which they are watched afterwards.
    :param awaited: the uuids of the devices that do not have the version yet.
    :param there: those that have it and are online. They are not waited for, but held like the others.
    :param skipped: those that are not waited for, and why.
    :param names: what all of these are called.
    """

    gate: Gate
    limits: Limits
    soak: float
    awaited: Sequence[str]
    there: Sequence[str]
    skipped: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def follow(self, look: Look, keeps: Look, progress: Progress) -> Followed:
        """Wait, hold, and say what came of it.

        :param look: whether devices have the version.
        :param keeps: whether they have it and are online.
        """
        waited = waiting.wait_for(
            self.awaited, look, self.limits, progress, things="devices", names=self.names, quiet=waiting.LINE_EVERY
        )
        problem, unseen = waited.problem, waited.trouble is not None
        if problem is None:
            held = Hold(waited, keeps, self.gate, self.limits, self.soak, self.there)
            problem, unseen = held.problem(progress), held.unseen
        shown = waited.result()
        shown["pending"] += [{"uuid": uuid, "reason": reason} for uuid, reason in self.skipped.items()]
        return Followed({"waited": shown, "passed": problem is None, "unseen": unseen, "line": waited.line()}, problem)
