# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags in which rollouts keep their state are neither purged nor exported."""

from __future__ import annotations

import pytest

from tests.support.tasks import run_task

FLEET = "acme/shop"
SEED = {
    "applications": [
        {
            "name": "shop",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "tags": {"ansible_rollout": "{}", "team": "x"},
            "devices": [{"name": "d-{n}", "count": 2, "tags": {"ansible_rollout_former": "1", "site": "a"}}],
        }
    ]
}
DEVICE = {"scope": "device", "application": FLEET}
DOCUMENT = {"fleet": FLEET, "tags": {"a": "b"}, "devices": [{"name": "d-1", "tags": {"a": "b"}}]}


@pytest.fixture
def shop(emulator):
    emulator.seed(SEED)
    return emulator


def kept(emulator, resource):
    return sorted(row["tag_key"] for row in emulator.store.query(resource))


@pytest.mark.parametrize(
    ("module", "options", "gone"),
    [
        ("balena_tag", {"scope": "application", "application": FLEET, "tags": {"a": "b"}, "purge": True}, "team"),
        ("balena_tag", {**DEVICE, "tags": {"a": "b"}, "purge": True}, "site"),
        ("balena_device", {"in_application": FLEET, "tags": {"a": "b"}, "purge_tags": True}, "site"),
        ("balena_application", {"name": FLEET, "tags": {"a": "b"}, "purge_tags": True}, "team"),
        ("balena_fleet", {"document": DOCUMENT, "purge": ["tags"]}, "team"),
    ],
)
def test_no_purge_takes_the_tags_of_a_rollout(shop, module, options, gone):
    result = run_task(shop, module, **options)
    assert not result.get("failed"), result
    assert result["changed"]
    resource = "application_tag" if gone == "team" else "device_tag"
    assert gone not in kept(shop, resource)
    assert kept(shop, "application_tag").count("ansible_rollout") == 1
    assert kept(shop, "device_tag").count("ansible_rollout_former") == 2


def test_no_export_has_the_tags_of_a_rollout(shop):
    result = run_task(shop, "balena_fleet_info", application=FLEET)
    assert not result.get("failed"), result
    assert "team" in str(result)
    assert "ansible_rollout" not in str(result)
