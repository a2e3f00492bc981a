# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the inventory as hosts of a play: many of them, without delegate_to, each with values of its own."""

from __future__ import annotations

import pytest
import yaml

from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.converging import devices_of, variables_of
from tests.support.device_hosts import INVENTORY, PLAY

DEVICES = 60
HOSTS = [f"bench-{number:05d}" for number in range(1, DEVICES + 1)]


@pytest.fixture
def emulator():
    with Emulator(seed=SEEDS / "bench.yml", devices=DEVICES) as running:
        yield running


@pytest.fixture
def run(ansible):
    """Run the play on the devices."""
    path = ansible.folder / "fleet.balena.yml"
    path.write_text(yaml.safe_dump(INVENTORY), encoding="utf-8")
    return lambda *more: ansible.playbook([PLAY], "-i", str(path), *more)


def test_each_device_host_gets_its_own_variable_and_tag(emulator, run):
    first = run()
    assert [first.recap(host)["changed"] for host in HOSTS] == [2] * DEVICES
    assert variables_of(emulator) == [(host, "HOST_NAME", host) for host in HOSTS]
    tags = {row[0]: dict(row[2])["host"] for row in devices_of(emulator)[:DEVICES]}
    assert tags == {host: host for host in HOSTS}
    emulator.clear_requests()
    some = HOSTS[::5]
    second = run("--limit", ",".join(some))
    assert [second.recap(host)["changed"] for host in some] == [0] * len(some)
    assert emulator.writes() == []
