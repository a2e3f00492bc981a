# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several files of tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import _clock
from emulator import Emulator
from tests.support.examples import SEED


@pytest.fixture(scope="module")
def kiosks() -> Iterator[Emulator]:
    """The server that the examples of the modules are written for."""
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once: what they wait for is not what is tested."""
    monkeypatch.setattr(_clock, "sleep", lambda seconds: None)
