# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard's word "fleet" is accepted wherever the API's word "application" is."""

from __future__ import annotations

import pytest

from tests.support.tasks import run_module, run_task

FLEET = "acme/shop"
SEED = {"applications": [{"name": "shop", "organization": "acme", "device_type": "raspberrypi4-64"}]}
VARIABLES = {"application": FLEET, "variables": {"A": "1"}}
TASKS = [
    ("balena_env_var", VARIABLES),
    ("balena_env_var_info", {"application": FLEET}),
    ("balena_tag", {"application": FLEET, "tags": {"site": "oslo"}}),
    ("balena_release_pin", {"application": FLEET, "release": "track"}),
    ("balena_api_key_info", {"application": FLEET}),
]


@pytest.fixture
def shop(emulator):
    emulator.seed(SEED)
    return emulator


@pytest.mark.parametrize(("module", "options"), TASKS)
def test_the_scope_fleet_is_the_scope_application(shop, module, options):
    named = {("fleet" if name == "application" else name): value for name, value in options.items()}
    first = run_task(shop, module, scope="fleet", **named)
    assert not first.get("failed"), first
    second = run_task(shop, module, scope="application", **options)
    assert not second["changed"]


@pytest.mark.parametrize("run", [run_task, run_module])
def test_a_process_and_an_action_know_the_word(shop, run):
    result = run(shop, "balena_env_var", scope="fleet", fleet=FLEET, variables={"A": "1"})
    assert result["changed"]
    assert [row["name"] for row in shop.store.query("application_environment_variable")] == ["A"]


def test_the_section_fleet_has_the_settings_of_the_fleet(shop):
    document = {"fleet": FLEET, "public": True, "tags": {"site": "oslo"}}
    result = run_task(shop, "balena_fleet", document=document, sections=["fleet"])
    assert result["changed"]
    assert not shop.store.query("application_tag")
    assert "public" in run_task(shop, "balena_fleet_info", application=FLEET, sections=["fleet"])["document"]
