# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each request of a converge fails in turn: at most one rerun later all is as declared, nothing twice, nothing lost.

By default every request of smaller converges fails in turn. Of the large one, where 550 variables are created, all
fail once in the same run, and some in turn; with FAULTS=all in the environment all in turn, which takes hours.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.converging import ONCE, Converge, check_account, devices_of

ALL = os.environ.get("FAULTS") == "all"
DEVICES = 110
NAMES = ("A", "B", "C", "D", "E")
VARIABLES = ("balena_env_var", {"scope": "device", "application": "acme/bench", "variables": dict.fromkeys(NAMES, "x")})

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture(scope="module")
def fleet():
    with Emulator(seed=SEEDS / "bench.yml", devices=DEVICES) as running:
        yield running


@pytest.fixture
def emulator(fleet):
    """A fleet of DEVICES devices without variables."""
    fleet.reset()
    return fleet


@pytest.fixture(scope="module")
def new(fleet):
    """None of 550 variables exists."""
    fleet.reset()
    return Converge(fleet, [VARIABLES])


@pytest.fixture
def few(emulator):
    """None of 200 variables exists."""
    return Converge(emulator, [(VARIABLES[0], {**VARIABLES[1], "limit": "40"})])


@pytest.fixture
def mixed(emulator):
    """Of 550 variables some are missing, most have another value, and there are others that must go."""
    ids = [row["id"] for row in emulator.store.query("device")]
    old = [{"device": id_, "name": name, "value": f"old {name}"} for id_ in ids[2:] for name in NAMES]
    more = [{"device": id_, "name": name, "value": "y"} for id_ in ids for name in ("F", "G")]
    emulator.store.insert_many("device_environment_variable", [*old, *more])
    different = {name: f"new {name}" for name in NAMES[1:]}
    module, options = VARIABLES
    return Converge(emulator, [(module, {**options, "variables": {"A": "x", **different}, "purge": True})])


@pytest.fixture
def registration(emulator):
    """Devices are registered, by uuid and by name, with tags; and get a variable each."""
    known: list[dict[str, Any]] = [{"uuid": f"{number:032x}", "name": f"known-{number}"} for number in range(2)]
    named = [{"name": f"named-{number}", "tags": {"n": number}} for number in range(2)]
    fleet = {"application": "acme/bench"}
    devices = {**fleet, "each": [*known, *named], "note": "new", "tags": {"wave": 1}}
    names = [entry["name"] for entry in (*known, *named)]
    variable = {**fleet, "scope": "device", "devices": names, "name": "A", "value": "x"}
    return Converge(emulator, [("balena_device", devices), ("balena_env_var", variable)], devices_of)


def test_every_request_of_a_converge_that_creates_updates_and_deletes(mixed, tell):
    tell(f"{DEVICES} devices x 5 variables, some to create, update and delete: {mixed.in_turn()}")


def test_every_request_of_a_registration(registration, tell):
    tell(f"4 devices registered with tags and variables: {registration.in_turn()}")


def test_writes_of_a_converge_that_creates_everything(new, tell):
    created = DEVICES * len(NAMES)
    some = () if ALL else (new.number - created + 1, new.number - created // 2, new.number)
    ways = {} if ALL else {"ways": ["500", "dropped after"]}
    tell(f"{DEVICES} devices x 5 new variables: {new.in_turn(numbers=some, **ways)}")


@pytest.mark.parametrize("way", ["429", "dropped before", "dropped after"])
def test_every_request_fails_the_first_time_and_the_sdk_heals_it(new, way, tell):
    new.restart()
    fault = new.emulator.fault(unseen=True, **ONCE[way])
    assert not new.run()[-1].get("failed")
    assert fault.hits >= new.number
    assert new.state(new.emulator) == new.after
    tell(f"{DEVICES} devices x 5 new variables: {fault.hits} requests failed once with '{way}', no rerun")


@pytest.mark.parametrize("way", ["500", "500 although it was done"])
def test_every_request_fails_the_first_time_and_each_run_gets_further(few, way, tell):
    few.restart()
    fault, hits, reruns = few.emulator.fault(unseen=True, **ONCE[way]), 0, 0
    while (last := few.run()[-1]).get("failed"):
        check_account(last)
        assert fault.hits > hits, last["msg"]
        hits, reruns = fault.hits, reruns + 1
    assert fault.hits >= few.number
    assert few.state(few.emulator) == few.after
    tell(f"40 devices x 5 new variables: {fault.hits} requests failed once with '{way}', {reruns} reruns")
