# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which OS updates are possible, and which architecture runs what."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import hup
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaError, HUPActionError


@pytest.mark.parametrize("running", ["6.0.50", "6.0.50.prod", "6.0.50.dev", "6.0.51"])
def test_a_device_that_has_crossed_the_takeover_version_is_not_taken_over_again(running: str) -> None:
    assert hup.update_type("jetson-xavier", running, "6.1.0") == "balenahup"


@pytest.mark.parametrize("running", ["5.1.20", "5.1.20.dev", "6.0.49"])
def test_a_device_that_crosses_the_takeover_version_is_taken_over(running: str) -> None:
    assert hup.update_type("jetson-xavier", running, "6.0.50") == "takeover"
    assert hup.update_type("raspberrypi3", running, "6.0.50") == "balenahup"


def test_why_an_update_is_refused_is_said() -> None:
    with pytest.raises(HUPActionError, match="OS downgrades are not allowed") as refusal:
        hup.update_type("raspberrypi3", "5.1.20", "2.113.31")
    assert isinstance(refusal.value, BalenaError)
    assert not hup.is_supported_update("raspberrypi3", "5.1.20", "2.113.31")


def test_a_64_bit_os_runs_32_bit_containers_but_not_the_other_way_round() -> None:
    assert hup.is_architecture_compatible("aarch64", "armv7hf")
    assert not hup.is_architecture_compatible("armv7hf", "aarch64")
