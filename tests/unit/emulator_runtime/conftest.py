# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers for the tests of the emulator's runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.emulator_harness import Harness


@pytest.fixture
def make_harness() -> Iterator[Callable[..., Harness]]:
    """Make a server with settings of one's own."""
    made: list[Harness] = []

    def make(**settings: float) -> Harness:
        made.append(Harness(**settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for harness in made:
        harness.close()


@pytest.fixture
def harness(make_harness: Callable[..., Harness]) -> Harness:
    """A server with the usual settings."""
    return make_harness()
