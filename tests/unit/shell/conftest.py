# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for each shell of this machine, without Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.shell_hosts import SHELLS, ShellHost, shell_host


@pytest.fixture(scope="session", params=SHELLS)
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ShellHost:
    """A host that has nothing but this shell and its tools."""
    found = shell_host(request.param, tmp_path_factory.mktemp("host") / "bin")
    if found is None:
        pytest.skip(f"needs {request.param}")
    return found


@pytest.fixture(scope="session")
def busybox(tmp_path_factory: pytest.TempPathFactory) -> ShellHost:
    """The host that a device is: busybox alone."""
    found = shell_host("busybox", tmp_path_factory.mktemp("host") / "bin")
    if found is None:
        pytest.skip("needs busybox")
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder on the host."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"
