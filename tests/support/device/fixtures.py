# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for tests that need a device; tests/conftest.py has them for all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .kit import DeviceKit, Engines, why_not

if TYPE_CHECKING:
    from emulator import Emulator


@pytest.fixture(scope="session")
def device_engines() -> Iterator[Engines]:
    """Engines for all tests of this process; most want `device_kit` or `device` instead."""
    reason = why_not()
    if reason and not os.environ.get("CI"):  # .ci/run installs what is needed, and there its absence is a failure
        pytest.skip(reason)
    assert reason is None, reason
    engines = Engines()
    yield engines
    engines.close()


@pytest.fixture
def device_kit(device_engines: Engines, emulator: Emulator, tmp_path: Path) -> Iterator[DeviceKit]:
    """Makes devices on this machine that the emulator knows: `device_kit.device("berlin-sign-01")`."""
    with DeviceKit(tmp_path / "devices", emulator, device_engines) as kit:
        yield kit
