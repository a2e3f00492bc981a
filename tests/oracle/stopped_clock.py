# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that stands still, and moves on only when somebody sleeps."""

from __future__ import annotations

import datetime
import threading

from ansible_collections.community.balena.plugins.module_utils.sdk import _clock

from .recording import FROZEN_CLOCK

_OWN = {name: getattr(_clock, name) for name in ("now", "epoch", "monotonic", "sleep")}


class StoppedClock:
    """Replaces the SDK's clock; starts at the moment of the recordings."""

    def __init__(self) -> None:
        self.started = 1000.0
        self._passed = 0.0
        self._lock = threading.Lock()

    def install(self) -> None:
        """Make the SDK use this clock."""
        _clock.now, _clock.epoch = self.now, self.epoch
        _clock.monotonic, _clock.sleep = self.monotonic, self.advance

    @staticmethod
    def uninstall() -> None:
        """Give the SDK its own clock back."""
        for name, function in _OWN.items():
            setattr(_clock, name, function)

    def now(self) -> datetime.datetime:
        """The time, in UTC."""
        return FROZEN_CLOCK + datetime.timedelta(seconds=self._passed)

    def epoch(self) -> float:
        """The time in seconds since 1970."""
        return self.now().timestamp()

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.started + self._passed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._passed += seconds
