# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that several files of tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator import Emulator
from emulator.emulator import SEEDS


@pytest.fixture(scope="session")
def demo_server() -> Iterator[Emulator]:
    """The server that the playbooks are written for; most want `demo_fleet` instead."""
    with Emulator(seed=SEEDS / "demo.yml") as running:
        yield running


@pytest.fixture
def demo_fleet(demo_server: Emulator) -> Emulator:
    """The same, as it was at its start."""
    demo_server.reset()
    return demo_server
