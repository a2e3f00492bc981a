# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's commands, and the server that the playbooks are written for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.ansible_runs import Ansible


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


@pytest.fixture
def ansible(tmp_path: Path, emulator: Emulator) -> Ansible:
    """Run Ansible's commands in a folder of their own against the emulator."""
    return Ansible(tmp_path, {"BALENA_API_URL": emulator.url, "BALENA_TOKEN": emulator.token})
