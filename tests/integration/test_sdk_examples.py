# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the SDK's reference run, and there is one on every page."""

from __future__ import annotations

import pytest

from docs.tools import sdk_reference
from docs.tools.sdk_examples import EXAMPLES
from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT

SEED = CHECKOUT / "tests" / "e2e" / "guides_seed.yml"


@pytest.fixture(scope="module")
def world():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.fixture
def emulator(world):
    world.reset()
    return world


def test_every_page_has_an_example():
    pages = sdk_reference.written_pages()
    assert sorted(EXAMPLES) == sorted(pages)
    for name, example in EXAMPLES.items():
        assert f"{example}\n```" in pages[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_runs(name, emulator, monkeypatch):
    monkeypatch.setenv("BALENA_API_URL", emulator.url)
    monkeypatch.setenv("BALENA_TOKEN", emulator.token)
    exec(compile(sdk_reference.example(name), name, "exec"), {})
