# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a rollout may go on, and when it is given up.

What is counted are all devices that the rollout has reached, not those of the last wave alone: a device that failed in
an early wave is not forgotten in a later one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...engine.limits import Limits, Waiting, check_option
from ..bounds import BOUNDS


class Gated(Waiting):
    """What decides whether devices that got something are fine."""

    max_failure_percentage: float | None
    min_devices: int
    soak: float


@dataclass(frozen=True)
class Gate:
    """The thresholds of a rollout.

    :param waits: how long to wait for the devices, and how many of them have to be done.
    :param max_failure_percentage: which share of the devices may fail.
    :param min_devices: that share counts when at least this many devices are reached.
    """

    waits: Limits
    max_failure_percentage: float | None = None
    min_devices: int = 1

    @classmethod
    def of(cls, want: Gated, at_least: int = 1) -> Gate:
        """The thresholds that the options of a task declare.

        :param at_least: how many devices have to be done, whatever share is enough: a wave of which no device is done
            shows nothing.
        :raises DeclarationError: a number that makes no sense.
        """
        share = want["max_failure_percentage"]
        if share is not None:
            check_option("max_failure_percentage", share, BOUNDS)
        check_option("soak", want["soak"], BOUNDS)
        check_option("min_devices", want["min_devices"], BOUNDS)
        return cls(replace(Limits.of(want), at_least=at_least), share, want["min_devices"])

    def limits(self, total: int) -> Limits:
        """How to wait for a number of devices."""
        return replace(self.waits, max_failures=self.allowed_failures(total))

    def allowed_failures(self, total: int) -> int | None:
        """How many of C(total) devices may fail; None if there is no limit besides the success that is needed."""
        limits = [] if self.waits.max_failures is None else [self.waits.max_failures]
        if self.max_failure_percentage is not None and total >= self.min_devices:
            limits.append(int(total * self.max_failure_percentage / 100 + 1e-9))
        return min(limits, default=None)

    def may_be_lost(self, total: int, done: int, failed: int) -> int:
        """How many of the devices that are done may fail afterwards, until it is too many."""
        allowed = self.allowed_failures(total)
        left = done - self.waits.needed(total)
        return left if allowed is None else min(left, allowed - failed)
