# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No selector that is empty, null or odd lets a task touch devices that were not declared."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from emulator import Emulator
from tests.support.modules import MODULES, argument_spec
from tests.support.tasks import run_module, run_task

PI = {"organization": "acme", "device_type": "raspberrypi4-64"}
SEED = {
    "applications": [
        {
            **PI,
            "name": "kiosk",
            "releases": [{"version": "1.0.0"}],
            "devices": [{"name": "k-{n}", "count": 2, "tags": {"site": "lab"}}],
        },
        {**PI, "name": "other", "devices": [{"name": "o-{n}", "count": 2}]},
    ]
}
IN = {"application": "acme/kiosk"}
TASKS: dict[str, dict[str, Any]] = {
    "balena_tag": {**IN, "scope": "device", "name": "a", "value": "x"},
    "balena_env_var": {**IN, "scope": "device", "name": "A", "value": "x"},
    "balena_device": {"in_application": "acme/kiosk", "state": "absent"},
    "balena_device_action": {**IN, "action": "restart", "offline": "skip"},
    "balena_release_pin": {**IN, "scope": "device", "release": "track"},
    "balena_os_update": {**IN, "version": "6.0.50"},
    "balena_supervisor_update": {**IN, "version": "14.0.0"},
    "balena_api_key": {**IN, "scope": "device", "name": "a"},
    "balena_rollout": {**IN, "release": "1.0.0", "wave": 1},
    "balena_rollout_info": IN,
    "balena_device_history_info": IN,
    "balena_diagnosis_info": IN,
    "balena_window": {**IN, "windows": [{"start": "00:00", "end": "24:00"}]},
    "balena_device_info": IN,
    "balena_device_log_info": IN,
    "balena_env_var_info": {**IN, "scope": "device"},
    "balena_api_key_info": {**IN, "scope": "device"},
}
EMPTY: tuple[Any, ...] = (None, "", " ", {}, [])
ODD = ("1 eq 2)) or ((1 eq 1", "1 eq 2) or (1 eq 1", "1 eq 1&$top=1", "1 eq 2%29%20or%20(1 eq 1", "'", "true)", "()")
VALUES: dict[str, tuple[Any, ...]] = {
    "with_tags": (*EMPTY, {"site": None}, {"site": ""}, {"site": []}, {"": "x"}),
    "has_tags": (*EMPTY, [None], [""]),
    "filter": (*EMPTY, *ODD),
    "devices": (*EMPTY, [None], [""]),
    "limit": (None, "", " "),
}
NARROW: tuple[dict[str, Any], ...] = ({}, {"with_tags": {"site": "lab"}}, {"filter": "is_online eq true"})


def test_every_module_that_takes_devices_is_tried():
    assert {name for name in MODULES if "devices" in argument_spec(name)} == set(TASKS)


@pytest.fixture(scope="module")
def fleets():
    with Emulator(seed=SEED) as running:
        yield running


def selections():
    for option, values in VALUES.items():
        for value, narrow in product(values, NARROW):
            if option not in narrow:
                yield option, {**narrow, option: value}


def test_no_empty_or_odd_selector_touches_a_device(fleets, tell):
    fleets.clear_requests()
    tried = 0
    for (module, declared), (option, selection) in product(TASKS.items(), selections()):
        for run in (run_task, run_module):
            result = run(fleets, module, **declared, **selection)
            tried += 1
            assert result.get("failed"), (module, selection)
            assert option in result["msg"], (module, selection, result["msg"])
    assert fleets.writes() == []
    tell(
        f"selections by accident: {tried} combinations over {len(TASKS)} modules, "
        "0 devices touched beyond what was declared"
    )
