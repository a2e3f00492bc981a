# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries in which a real server does not do what one would think."""

from __future__ import annotations

import pytest

from emulator.endpoints.keys import make_key

START = 1_800_000_000  # 2027-01-15T08:00:00Z


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("created_at add duration'P1D' gt now()", 3),
        ("duration'P1D' add created_at gt now()", 3),
        ("created_at sub duration'P1D' gt now()", 0),
        ("created_at gt now() sub duration'PT1H'", 3),
        ("created_at gt now() add duration'PT1.5S'", 0),
        ("created_at add duration'PT0.001S' gt created_at", 3),
        ("created_at add duration'-PT0.001S' lt created_at", 3),
        ("created_at add duration'PT0S' eq created_at", 3),
        ("now() sub created_at lt duration'PT1H'", 3),
        ("duration'PT60S' eq duration'PT1M' and duration'P1D' gt duration'PT23H'", 3),
        ("last_connectivity_event add duration'P1D' gt now()", 0),
        ("datetime'2027-01-16T08:00:00.500Z' sub created_at gt duration'P1D'", 3),
        ("created_at add duration'P400D' gt datetime'2028-02-01'", 3),
    ],
)
def test_times_and_durations(ask, condition, found):
    ask.clock.freeze()
    ask.clock.set(START)
    for number in range(3):
        ask.make("device", belongs_to__application=1, is_of__device_type=5, device_name=f"d{number}")
    condition = condition.replace(" ", "%20")
    assert ask("GET", f"/v7/device/$count?$filter={condition}") == (200, {"d": found})


@pytest.mark.parametrize(
    "condition",
    [
        "created_at add 5 gt now()",
        "created_at mul duration'P1D' gt now()",
        "duration'P1D' sub created_at gt now()",
        "created_at add created_at gt now()",
        "device_name add duration'P1D' eq 'x'",
        "now() sub created_at gt 5",
    ],
)
def test_what_cannot_be_calculated_is_refused(ask, devices, condition):
    assert ask("GET", f"/v7/device?$filter={condition.replace(' ', '%20')}")[0] == 500


def test_how_many_rows_a_path_leads_to(ask, devices):
    third, fleet = devices[2], 1
    assert ask("GET", f"/v7/device({third})/device_tag/$count") == (200, {"d": 2})
    assert ask("GET", f"/v7/device({third})/device_tag/$count?$filter=tag_key%20eq%20'k0'") == (200, {"d": 1})
    assert ask("GET", f"/v7/device({devices[0]})/device_tag/$count") == (200, {"d": 0})
    assert ask("GET", f"/v7/application({fleet})/owns__device/$count") == (200, {"d": 3})
    assert ask("GET", f"/v7/application({fleet})/owns__device({third})/device_tag/$count") == (200, {"d": 2})
    assert ask("GET", f"/v7/device({third})/belongs_to__application/$count") == (200, {"d": 1})
    assert ask("GET", f"/v7/device({third})/nosuch/$count")[0] == 500
    # which is not the same as the rows themselves
    assert ask("GET", f"/v7/device({third})/device_tag")[0] == 500


def test_a_count_by_a_path_shows_only_what_one_may_see(ask, devices):
    key = make_key(ask.store, "device", devices[1])
    assert ask("GET", f"/v7/device({devices[1]})/device_tag/$count", token=key) == (200, {"d": 1})
    assert ask("GET", f"/v7/device({devices[2]})/device_tag/$count", token=key) == (200, {"d": 0})


@pytest.mark.parametrize(
    "uri",
    [
        "/v7/device?$filter=device_name%20eq%20'a",
        "/v7/device?$filter=device_name%20eq%20%27a",
        "/v7/device?$filter=device_name%20eq%20'it's'",
        "/v7/device?$expand=device_tag($filter=tag_key%20eq%20'a)",
        "/v7/device(uuid='a)",
    ],
)
def test_an_open_quote_is_not_a_malformed_url(ask, uri):
    assert ask("GET", uri) == (500, None)


def test_a_closed_one_is(ask):
    assert ask("GET", "/v7/device?$filter=device_name%20eq%20eq%20'a'")[0] == 400


@pytest.mark.parametrize("version", ["v7", "v6", "resin"])
def test_nobody_sees_the_model(ask, version):
    assert ask("GET", f"/{version}/$metadata") == (401, None)
    assert [ask("GET", f"/{version}/{path}")[0] for path in ("$metadata?a=b", "$serviceroot", "$nosuch")] == [400] * 3
    ask.token = None
    assert ask("GET", f"/{version}/$metadata") == (401, None)


@pytest.mark.parametrize(
    "path", ["device/device_tag", "device/device_tag/$count", "device(1)/$count", "device/$count/x"]
)
def test_paths_lead_on_from_one_row(ask, path):
    assert ask("GET", f"/v7/{path}")[0] == 400


def test_what_guests_may_see_others_may_too(ask, devices):
    device, fleet = make_key(ask.store, "device", devices[0]), make_key(ask.store, "application", 1)
    user, ask.token = ask.token, None
    for resource in ("device_type", "device_type_alias", "cpu_architecture", "application", "release", "service"):
        as_guest = ask("GET", f"/v7/{resource}/$count")
        assert as_guest[0] == 200
        for token in (device, fleet, user):
            status, body = ask("GET", f"/v7/{resource}/$count", token=token)
            assert (status, body["d"] >= as_guest[1]["d"]) == (200, True), resource
    assert ask("GET", "/v7/device_type/$count", token=device) == ask("GET", "/v7/device_type/$count")


@pytest.mark.parametrize("version", ["v7", "v6", "resin"])
@pytest.mark.parametrize("name", ["belongs_to__application", "device_tag"])
def test_what_is_expanded_can_be_selected_alone(ask, devices, version, name):
    rows = ask.rows(f"/{version}/device?$select={name}&$expand={name}($select=id)&$orderby=id%20asc")
    assert [set(row) for row in rows] == [{name}] * 3


def test_the_target_state_of_a_fleet_for_no_release(ask):
    (fleet,) = ask.rows("/v7/application(1)?$select=uuid")
    path = f"/device/v3/fleet/{fleet['uuid']}/state"
    assert ask("GET", f"{path}?releaseUuid=") == ask("GET", path)
    assert ask("GET", f"{path}?releaseUuid=nosuch") == (401, None)


def test_a_fleet_that_follows_a_new_release_was_not_changed_by_anybody(ask):
    before = ask.rows("/v7/application(1)?$select=modified_at,should_be_running__release")[0]
    release = ask.make(
        "release", belongs_to__application=1, commit="c", status="success", source="cloud", composition={},
        start_timestamp="2040-01-01T00:00:00.000Z",
    )  # fmt: skip
    after = ask.rows("/v7/application(1)?$select=modified_at,should_be_running__release")[0]
    assert after["should_be_running__release"] == {"__id": release}
    assert after["modified_at"] == before["modified_at"]


@pytest.mark.parametrize("version", ["1.2.0", "1.0.0-pre", "0.9.9", "v1+foo", "latest"])
def test_an_os_that_is_too_old_gets_no_config(ask, version):
    body = {"appId": 1, "version": version}
    message = "balenaOS versions <= 1.2.0 are no longer supported, please update"
    keys = ask.store.ids("api_key")
    assert ask("POST", "/download-config", body) == (400, message)
    assert ask.store.ids("api_key") == keys


def test_a_config_has_a_key_that_expires(ask):
    when = "2099-01-01T00:00:00.000Z"
    body = {"appId": 1, "version": "2.11.8+rev1.prod", "provisioningKeyExpiryDate": when}
    status, config = ask("POST", "/download-config", body)
    assert (status, ask.store.get("api_key", key=config["apiKey"])["expiry_date"]) == (200, when)
    body["provisioningKeyExpiryDate"] = "soon"
    assert ask("POST", "/download-config", body) == (400, "Key expiry date should be a valid date")


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 5), ("count=0", 0), ("count=2", 2), ("count=2x", 2), ("count=x", 5), ("count=all", 5), ("count=-2", 3)],
)
def test_how_many_log_lines(ask, devices, query, count):
    (device,) = ask.rows(f"/v7/device({devices[0]})?$select=uuid")
    path = f"/device/v2/{device['uuid']}/logs"
    lines = [{"message": f"m{number}", "timestamp": 1} for number in range(5)]
    key = make_key(ask.store, "device", devices[0])
    assert ask("POST", path, lines, token=key)[0] == 201
    assert len(ask("GET", f"{path}?{query}")[1] or []) == count
    assert ask("GET", f"{path}?{query}&start=2040-01-01T00:00:00.000Z")[1] == []
    assert len(ask("GET", f"{path}?{query}&start=2020-01-01T00:00:00.000Z")[1]) == count
