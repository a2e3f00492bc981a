# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator answers as the server did from which the exchanges were recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.emulator import BASE_DATA
from tests.recordings.base_values import BaseValues
from tests.recordings.replay import deviations, play_file
from tests.recordings.scenario import Player

if TYPE_CHECKING:
    from emulator import Emulator

HERE = Path(__file__).resolve().parent
SCENARIOS = sorted(HERE.glob("[0-9][0-9]_*.json"))
MOST_DEVIATIONS = 0.03


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_answers_as_recorded(path: Path, emulator: Emulator, count_replayed: Callable[..., None]) -> None:
    player = Player(emulator.url, emulator.clock.advance)
    base_data = json.loads(BASE_DATA.read_text(encoding="utf-8"))
    outcome = play_file(player, path, BaseValues(player, base_data, None).look_up(), deviations())
    count_replayed("recorded exchanges", outcome.passed, outcome.deviating, len(outcome.failures))
    shown = [f"[{number}] {difference}" for number, _exchange, found in outcome.failures for difference in found[:2]]
    assert not outcome.failures, "\n".join(shown)


def test_few_deviations_are_declared() -> None:
    exchanges = sum(len(json.loads(path.read_text(encoding="utf-8"))["exchanges"]) for path in SCENARIOS)
    assert len(deviations()) < MOST_DEVIATIONS * exchanges
