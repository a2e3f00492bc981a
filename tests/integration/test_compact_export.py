# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A compact export lists few devices, and says of all of them what is there."""

from __future__ import annotations

import pytest

from tests.support.tasks import run_module, run_task

FLEET = "acme/shop"
SEED = {
    "applications": [
        {
            "name": "shop",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "devices": [
                {"name": "till-{n}", "count": 5, "tags": {"role": "till"}},
                {"name": "sign-{n}", "count": 7, "tags": {"role": "sign", "odd": "{{ 1 }}"}},
                {"name": "spare"},
            ],
        }
    ]
}


@pytest.fixture
def shop(emulator):
    emulator.seed(SEED)
    for role, variables in (("till", {"MODE": "cash", "API_KEY": "x"}), ("sign", {"MODE": "wide"})):
        options = {"application": FLEET, "with_tags": {"role": role}, "variables": variables}
        assert run_task(emulator, "balena_env_var", scope="device", **options)["changed"]
    one = emulator.store.get("device", device_name="sign-3")["uuid"]
    run_task(emulator, "balena_env_var", scope="device", devices=[one], variables={"DEBUG": "1"})
    return emulator


@pytest.mark.parametrize("run", [run_task, run_module])
def test_it_lists_who_has_something_of_their_own(shop, run):
    document = run(shop, "balena_fleet_info", application=FLEET, compact=True)["document"]
    assert [group["match"] for group in document["groups"]] == [{"role": "sign"}, {"role": "till"}]
    assert document["groups"][1]["env"] == {"MODE": "cash", "API_KEY": {"secret": "api_key"}}
    assert [device["name"] for device in document["devices"]] == ["sign-3", "spare"]


def test_it_changes_nothing_and_no_device_is_missing_in_it(shop):
    document = run_task(shop, "balena_fleet_info", application=FLEET, compact=True)["document"]
    shop.clear_requests()
    purge = ["variables", "tags"]
    applied = run_task(shop, "balena_fleet", document=document, purge=purge, secrets={"api_key": "x"})
    assert not applied.get("failed"), applied
    assert not applied["changed"], applied["diff"]
    assert applied["drift"]["counts"] == {}
    assert shop.writes() == []
