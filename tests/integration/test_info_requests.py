# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Info modules make the same number of requests for few devices as for many, and never a write."""

from __future__ import annotations

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

FEW, MANY = 3, 300
SEED = {
    "applications": [
        {
            "name": name,
            "device_type": "raspberrypi4-64",
            "services": ["web"],
            "releases": [{"version": "1.0.0"}],
            "devices": [
                {"name": f"{name}-{{n}}", "count": count, "env": {"A": "1"}, "service_env": {"web": {"B": "2"}}}
            ],
        }
        for name, count in (("few-kiosks", FEW), ("many-kiosks", MANY))
    ]
}
CASES = {
    "balena_application_info": ({"expand": ["service"]}, 1),
    "balena_device_info": ({"services": True, "expand": ["device_environment_variable"]}, 1),
    "balena_diagnosis_info": ({"before": []}, 1),
    "balena_fleet_info": ({}, 5),
    "balena_env_var_info": ({"scope": "device", "values": True}, 2),
    "balena_release_info": ({"images": True}, 1),
    "balena_window": ({"windows": [{"start": "00:00", "end": "24:00"}], "timezone_tag": "zone"}, 1),
}


@pytest.fixture(scope="module")
def emulator():
    with Emulator(seed=SEED) as running:
        yield running


def read(emulator, module, name, options):
    emulator.clear_requests()
    result = run_task(emulator, module, application=f"acme/{name}", **options)
    assert not result.get("failed"), result
    assert emulator.writes() == []
    return result, len(emulator.requests())


@pytest.mark.parametrize("module", sorted(CASES))
def test_the_number_of_requests_does_not_grow(emulator, module):
    options, expected = CASES[module]
    assert read(emulator, module, "few-kiosks", options)[1] == expected
    assert read(emulator, module, "many-kiosks", options)[1] == expected


def test_variables_of_services_on_many_devices(emulator):
    options = {"scope": "device_service", "service": "web", "values": True}
    few = read(emulator, "balena_env_var_info", "few-kiosks", options)
    result, requests = read(emulator, "balena_env_var_info", "many-kiosks", options)
    assert requests == few[1] == 3
    assert list(result["variables"].values()) == [{"B": "2"}] * MANY


def test_all_devices_that_the_token_sees(emulator):
    emulator.clear_requests()
    found = run_task(emulator, "balena_device_info", query="length(devices)")
    assert found == {"changed": False, "result": FEW + MANY}
    assert len(emulator.requests()) == 1
