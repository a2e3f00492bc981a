# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit is refused where a task changes what devices are selected by, since each run would go on to further ones."""

from __future__ import annotations

import pytest

from tests.support.tasks import run_task

SEED = {
    "applications": [
        {
            "name": name,
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "releases": [{"version": "1.0.0"}],
            "devices": [{"name": f"{name}-{{n}}", "count": 3, "tags": {"site": "a"}}],
        }
        for name in ("shop", "depot")
    ]
}
IN = {"application": "acme/shop", "limit": "1"}
DEVICE = {"in_application": "acme/shop", "limit": "1"}
TAG = {**IN, "scope": "device", "name": "site"}
PIN = {**IN, "scope": "device", "release": "1.0.0"}


@pytest.fixture
def shop(emulator):
    emulator.seed(SEED)
    emulator.clear_requests()
    return emulator


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("balena_tag", {**TAG, "value": "b", "with_tags": {"site": "a"}}),
        ("balena_tag", {**TAG, "state": "absent", "has_tags": ["site"]}),
        ("balena_tag", {**TAG, "value": "b", "filter": "device_tag/any(t:t/tag_key eq 'site')"}),
        ("balena_device", {**DEVICE, "state": "absent"}),
        ("balena_device", {**DEVICE, "application": "acme/depot"}),
        ("balena_device", {**DEVICE, "tags": {"site": "b"}, "with_tags": {"site": "a"}}),
        ("balena_device", {**DEVICE, "note": "seen", "filter": "note eq null"}),
        ("balena_release_pin", {**PIN, "filter": "is_pinned_on__release eq null"}),
        ("balena_release_pin", {**PIN, "filter": "is_running__release/raw_version ne '1.0.0'"}),
        ("balena_os_update", {**IN, "version": "6.0.50", "filter": "os_version ne 'balenaOS 6.0.50'"}),
        ("balena_supervisor_update", {**IN, "version": "17.0.3", "filter": "supervisor_version ne '17.0.3'"}),
    ],
)
@pytest.mark.parametrize("limit", ["1", "10%"])
def test_a_limit_that_would_wander_is_refused(shop, module, options, limit):
    result = run_task(shop, module, **{**options, "limit": limit})
    assert result.get("failed"), result
    assert "limit cannot be used where" in result["msg"]
    assert "Name them in devices" in result["msg"]
    assert shop.writes() == []


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("balena_tag", {**TAG, "value": "b", "filter": "is_online eq true"}),
        ("balena_tag", {**TAG, "name": "other", "value": "b", "with_tags": {"site": "a"}}),
        ("balena_device", {**DEVICE, "note": "seen", "with_tags": {"site": "a"}}),
        ("balena_release_pin", {**PIN, "with_tags": {"site": "a"}}),
    ],
)
def test_a_limit_that_stays_where_it_is_means_the_same_devices_again(shop, module, options):
    first = run_task(shop, module, **options)
    assert not first.get("failed"), first
    assert first["changed"]
    second = run_task(shop, module, **options)
    assert not second.get("failed"), second
    assert not second["changed"]
