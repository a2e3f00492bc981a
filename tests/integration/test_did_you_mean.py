# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that is misspelt is answered with the one that was probably meant, at the cost of one more request."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from tests.bad_inputs.calls import FLEET, SEED
from tests.support.tasks import run_task

OF_FLEET = {"application": FLEET}
OF_DEVICES = {**OF_FLEET, "scope": "device"}
VARIABLE = {**OF_DEVICES, "name": "A", "value": "x"}
MISSPELT: dict[str, tuple[str, dict[str, Any], str]] = {
    "an application's slug": ("balena_env_var", {**VARIABLE, "application": "acme/kisok"}, "acme/kiosk"),
    "an application's name": ("balena_env_var", {**VARIABLE, "application": "kiosc"}, "kiosk"),
    "an application in another case": ("balena_release_info", {"application": "Kiosk"}, "kiosk"),
    "a fleet to export": ("balena_fleet_info", {"application": "acme/kioks"}, "acme/kiosk"),
    "the fleet of devices": ("balena_device", {"in_application": "acme/kisok"}, "acme/kiosk"),
    "a device": ("balena_env_var", {**VARIABLE, "devices": ["kithcen"]}, "kitchen"),
    "a device of no fleet": ("balena_device_info", {"devices": ["Kitchen"]}, "kitchen"),
    "a service": ("balena_env_var", {**VARIABLE, "scope": "service", "service": "wbe"}, "web"),
    "a service of logs": ("balena_device_log_info", {**OF_FLEET, "service": "Web"}, "web"),
    "a release": ("balena_release_pin", {**OF_DEVICES, "release": "1.1.00"}, "1.1.0"),
    "a release to describe": ("balena_release", {**OF_FLEET, "release": "1.1.1", "note": "x"}, "1.1.0"),
    "a device type": ("balena_application", {"name": "acme/other", "device_type": "raspberypi4-64"}, "raspberrypi4-64"),
    "an organization": ("balena_application", {"name": "acne/other", "device_type": "raspberrypi4-64"}, "acme"),
    "an option": ("balena_env_var", {**VARIABLE, "varables": {}}, "variables"),
    "a choice": ("balena_env_var", {**VARIABLE, "scope": "devices"}, "device"),
}


@pytest.fixture(scope="module")
def server():
    (kiosk,) = SEED["applications"]
    seed = {"applications": [{**kiosk, "devices": [{"name": "kitchen"}, {"name": "bar"}]}]}
    with Emulator(seed=seed, flavor="cloud") as running:
        yield running


@pytest.mark.parametrize("what", MISSPELT)
def test_the_answer_names_what_was_meant(server, what):
    module, options, meant = MISSPELT[what]
    result = run_task(server, module, **options)
    assert result["failed"]
    assert f"did you mean '{meant}'?" in result["msg"], result["msg"]


def test_a_name_like_no_other_gets_no_suggestion(server):
    result = run_task(server, "balena_env_var", **{**VARIABLE, "devices": ["zzzz"]})
    assert result["msg"].endswith("does not exist among the devices that the other options select")


def test_a_suggestion_that_cannot_be_looked_up_is_left_out(server):
    server.fault(method="GET", nth=2, status=401)
    result = run_task(server, "balena_env_var", **{**VARIABLE, "application": "kiosc"})
    server.clear_faults()
    assert result["msg"] == "application 'kiosc' does not exist, or the token may not see it"


def test_a_task_that_is_right_asks_for_nothing_more(server):
    server.clear_requests()
    assert not run_task(server, "balena_env_var", **{**VARIABLE, "devices": ["kitchen"]}).get("failed")
    asked = [request for request in server.requests() if request.method == "GET"]
    assert len(asked) == 2
