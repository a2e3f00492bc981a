# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual clock."""

from __future__ import annotations

import pytest

from emulator.simulation.clock import Clock, iso_time

START = 1_800_000_000.0


class Bell:
    """Rings at given times; remembers what the clock showed."""

    def __init__(self, clock: Clock, times: list[float]) -> None:
        self.clock = clock
        self.times = times
        self.rung: list[float] = []
        clock.attach(self)

    def next_due(self) -> float | None:
        return self.times[0] if self.times else None

    def run_due(self, now: float) -> None:
        while self.times and self.times[0] <= now:
            self.times.pop(0)
            self.rung.append(self.clock.timestamp())


def test_a_frozen_clock_moves_only_when_told() -> None:
    clock = Clock(START, rate=0)
    assert clock.timestamp() == START
    clock.advance(90.5)
    assert clock.timestamp() == START + 90.5
    assert clock.iso() == "2027-01-15T08:01:30.500Z"
    assert clock.now().timestamp() == START + 90.5


def test_time_passes_at_the_rate() -> None:
    clock = Clock(START, rate=1_000_000)
    assert clock.timestamp() >= START
    clock.freeze()
    assert clock.timestamp() > START
    assert clock.timestamp() == clock.timestamp()


def test_events_on_the_way_run_at_their_own_time() -> None:
    clock = Clock(START, rate=0)
    bell = Bell(clock, [START + 10, START + 20, START + 500])
    clock.advance(60)
    assert bell.rung == [START + 10, START + 20]
    assert clock.timestamp() == START + 60


def test_a_jump_runs_them_late_and_detached_ones_never() -> None:
    clock = Clock(START, rate=0)
    bell = Bell(clock, [START + 10, START + 20])
    clock.set(START + 15)
    clock.tick()
    assert bell.rung == [START + 15]
    clock.detach(bell)
    clock.advance(100)
    assert bell.rung == [START + 15]


def test_time_does_not_run_backwards() -> None:
    clock = Clock(START, rate=0)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="backwards"):
        clock.set_rate(-1)


def test_the_form_of_a_time() -> None:
    assert iso_time(0.25) == "1970-01-01T00:00:00.250Z"
