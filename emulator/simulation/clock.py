# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's time: everything that writes or compares a time asks one Clock.

A virtual clock lets a test see an hour of a fleet's life at once: `advance` jumps, `freeze` stands still, `set_rate`
runs faster than real time. What happens at a certain time (the simulated devices) is attached as a Timeline and is run
in order, with the clock standing at each event's own time.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from typing import Protocol

from ..store.values import iso


class Timeline(Protocol):
    """Something with events in the future, such as the simulation."""

    def next_due(self) -> float | None:
        """Virtual time (seconds since 1970) of the next event, or None."""

    def run_due(self, now: float) -> None:
        """Run the events that are due at `now`."""


class Clock:
    """Thread-safe virtual time in seconds since 1970.

    start: virtual time to begin with (None: the real time); rate: virtual seconds in a real second (0: frozen).
    """

    def __init__(self, start: float | None = None, rate: float = 1.0) -> None:
        self._lock = threading.RLock()
        self._moving = threading.RLock()
        self._timelines: list[Timeline] = []
        self._rate = rate
        self.advancing = False
        self._virtual = time.time() if start is None else start
        self._real = time.monotonic()

    def timestamp(self) -> float:
        """Seconds since 1970."""
        with self._lock:
            return self._virtual + (time.monotonic() - self._real) * self._rate

    def now(self) -> datetime:
        """The time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.timestamp(), timezone.utc)

    def iso(self) -> str:
        """The time as the API writes it: `2026-01-01T00:00:00.000Z`."""
        return iso_time(self.timestamp())

    @property
    def rate(self) -> float:
        """Virtual seconds that pass in a real second."""
        return self._rate

    def set_rate(self, rate: float) -> None:
        """Let the time pass `rate` times as fast as the real one; 0 freezes it."""
        if rate < 0:
            raise ValueError("time does not run backwards")
        with self._lock:
            self._rebase(self.timestamp())
            self._rate = rate

    def freeze(self) -> None:
        """Stand still: from here only `advance` and `set` move the time."""
        self.set_rate(0.0)

    def set(self, timestamp: float) -> None:
        """Jump to a time without running what lies between."""
        with self._lock:
            self._rebase(timestamp)

    def attach(self, timeline: Timeline) -> None:
        """Run the timeline's events when their time comes."""
        with self._moving:
            self._timelines.append(timeline)

    def detach(self, timeline: Timeline) -> None:
        """Forget a timeline."""
        with self._moving:
            self._timelines = [other for other in self._timelines if other is not timeline]

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`, running every event on the way at its own time."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        with self._moving:
            rate = self._rate
            self.set_rate(0.0)
            self.advancing = True
            try:
                self._run_until(self.timestamp() + seconds)
            finally:
                self.advancing = False
                self.set_rate(rate)

    def tick(self) -> None:
        """Run what has become due by the passing of time."""
        with self._moving:
            now = self.timestamp()
            for timeline in self._timelines:
                timeline.run_due(now)

    def _run_until(self, end: float) -> None:
        while True:
            due = [when for timeline in self._timelines if (when := timeline.next_due()) is not None and when <= end]
            if not due:
                break
            self.set(max(min(due), self.timestamp()))
            self.tick()
        self.set(end)

    def _rebase(self, timestamp: float) -> None:
        self._virtual = timestamp
        self._real = time.monotonic()


def iso_time(timestamp: float) -> str:
    """Seconds since 1970 as the API writes a time, with milliseconds."""
    return iso(datetime.fromtimestamp(timestamp, timezone.utc))
