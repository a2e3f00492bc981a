# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Config variables are checked before they are written, at the price of a request only when something is."""

from __future__ import annotations

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

SEED = {
    "applications": [
        {"name": "kiosk", "device_type": "raspberrypi4-64", "devices": [{"name": "pi-{n}", "count": 3}]},
        {"name": "gateway", "device_type": "intel-nuc", "devices": [{"name": "nuc"}]},
    ]
}
INTERVAL = "BALENA_SUPERVISOR_POLL_INTERVAL"


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED) as running:
        yield running


@pytest.fixture
def emulator(server):
    server.reset()
    return server


def declare(emulator, **options):
    wanted = {"scope": "application", "application": "acme/kiosk", "kind": "config", **options}
    return run_task(emulator, "balena_env_var", **{name: value for name, value in wanted.items() if value is not None})


def schema_requests(emulator):
    return [request for request in emulator.requests() if request.path == "/config/vars"]


def test_by_default_problems_are_warnings(emulator):
    result = declare(emulator, variables={INTERVAL: "5", "BALENA_SUPERVISOR_POL_INTERVAL": "900000"})
    assert result["changes"]["create"] == 2
    assert any(f"'{INTERVAL}' of raspberrypi4-64: its value must be" in warning for warning in result["warnings"])
    assert any(f"did you mean '{INTERVAL}'" in warning for warning in result["warnings"])


def test_they_can_stop_the_task_before_anything_is_written(emulator):
    result = declare(emulator, name=INTERVAL, value="5", check_config="fail")
    assert result["failed"]
    assert f"config variable '{INTERVAL}'" in result["msg"]
    assert emulator.writes() == []


def test_they_can_be_ignored_without_a_request(emulator):
    assert declare(emulator, name=INTERVAL, value="5", check_config="ignore")["warnings"] == []
    assert schema_requests(emulator) == []


def test_what_is_as_declared_costs_no_request(emulator):
    declare(emulator, name=INTERVAL, value="900000")
    assert len(schema_requests(emulator)) == 1
    emulator.clear_requests()
    assert declare(emulator, name=INTERVAL, value="900000")["changed"] is False
    assert declare(emulator, name="BALENA_HOST_CONFIG_x", state="absent")["changed"] is False
    assert schema_requests(emulator) == []


def test_devices_are_checked_against_their_own_types(emulator):
    result = declare(
        emulator, scope="device", application=None, devices=["pi-1", "pi-2", "nuc"], name=INTERVAL, value="5"
    )
    assert len(schema_requests(emulator)) == 2
    assert sorted(warning.split()[4] for warning in result["warnings"]) == ["intel-nuc:", "raspberrypi4-64:"]


def test_a_secret_value_is_not_shown(emulator):
    result = declare(emulator, name=INTERVAL, value="correct-horse", secret=True)
    assert result["warnings"]
    assert "horse" not in str(result)


def test_a_server_that_cannot_say_is_named_and_the_variable_set(emulator):
    emulator.fault(path="/config/vars", status=404)
    result = declare(emulator, name=INTERVAL, value="900000")
    assert result["changed"]
    assert any("were not checked" in warning for warning in result["warnings"])
    failed = declare(emulator, name=INTERVAL, value="900001", check_config="fail")
    assert "cannot be checked" in failed["msg"]
