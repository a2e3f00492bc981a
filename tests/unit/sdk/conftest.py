# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the SDK share: a clock that does not wait, and an environment without settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import _clock


class Waits:
    """Moves a clock on instead of sleeping; ``seconds`` lists how long each sleep would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._passed = 0.0

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds.append(seconds)
        self._passed += seconds

    def pass_by(self, seconds: float) -> None:
        """Let time pass without anybody sleeping."""
        self._passed += seconds

    def monotonic(self) -> float:
        """The seconds that passed."""
        return 1000.0 + self._passed


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """Hold the SDK's clock; sleeping moves it on at once."""
    clock = Waits()
    monkeypatch.setattr(_clock, "sleep", clock.sleep)
    monkeypatch.setattr(_clock, "monotonic", clock.monotonic)
    return clock


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Start from an empty home directory without settings and proxies; returns that directory."""
    for name in list(os.environ):
        if name.startswith(("BALENA", "RESINRC")) or "proxy" in name.lower():
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path
