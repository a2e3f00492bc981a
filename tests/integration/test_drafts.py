# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who names a draft by the version that it will have is told what it is called until then."""

from __future__ import annotations

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

FLEET = "acme/kiosk"
SEED = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "releases": [{"version": "1.0.0"}, {"version": "1.3.0", "final": False}],
            "devices": [{"name": "d-{n}", "count": 2}],
        }
    ]
}


@pytest.fixture(scope="module")
def emulator():
    with Emulator(seed=SEED) as running:
        yield running


@pytest.mark.parametrize(
    "module, options",
    [
        ("balena_release_pin", {"application": FLEET, "scope": "application", "release": "1.3.0"}),
        ("balena_release_pin", {"application": FLEET, "scope": "device", "release": "1.3.0"}),
        ("balena_release_info", {"application": FLEET, "release": "1.3.0"}),
        ("balena_tag", {"application": FLEET, "scope": "release", "release": "1.3.0", "tags": {"a": 1}}),
        ("balena_rollout", {"application": FLEET, "release": "1.3.0", "wave": 0}),
        ("balena_fleet", {"document": {"fleet": FLEET, "release": "1.3.0"}}),
        ("balena_fleet", {"document": {"fleet": FLEET, "device_defaults": {"release": "1.3.0"}}}),
    ],
)
def test_the_draft_is_named(emulator, module, options):
    (draft,) = run_task(emulator, "balena_release_info", application=FLEET, final=False)["releases"]
    emulator.clear_requests()
    refused = run_task(emulator, module, **options)
    assert refused["failed"], refused
    assert "There is a draft of it" in refused["msg"], refused["msg"]
    assert f"'{draft['version']}' until it is finalized" in refused["msg"]
    assert emulator.writes() == []


def test_other_versions_have_no_draft(emulator):
    refused = run_task(emulator, "balena_release_pin", application=FLEET, scope="application", release="1.3.1")
    assert refused["failed"] and "draft" not in refused["msg"]
