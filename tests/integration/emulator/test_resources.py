# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing resources: what the recordings do not show, but clients may ask."""

from __future__ import annotations

import pytest

from emulator.store.model import model_of


@pytest.mark.parametrize("version", ["v6", "v7", "resin"])
def test_every_resource_can_be_read_with_all_its_relations(ask, version):
    model = model_of(version)
    for resource in model.resources.values():
        if ask("GET", f"/{version}/{resource.name}")[0] == 401:
            continue
        assert ask("GET", f"/{version}/{resource.name}/$count")[0] == 200
        for name, relation in resource.relations.items():
            wanted = {200} if ask("GET", f"/{version}/{relation.target}")[0] == 200 else {401}
            for option in (f"$expand={name}", f"$expand={name}/$count", f"$filter={name}/any(x:x/id eq 1)"):
                uri = f"/{version}/{resource.name}?{option.replace(' ', '%20')}"
                assert ask("GET", uri)[0] in wanted, uri


def test_limits_hold_for_each_row_that_is_expanded(ask, devices):
    rows = ask.rows("/v7/device?$select=device_name&$orderby=id%20asc&$expand=device_tag($select=tag_key;$top=1)")
    assert [[tag["tag_key"] for tag in row["device_tag"]] for row in rows] == [[], ["k0"], ["k0"]]
    skipped = ask.rows("/v7/device?$select=id&$orderby=id%20asc&$expand=device_tag($select=tag_key;$skip=1)")
    assert [len(row["device_tag"]) for row in skipped] == [0, 0, 1]


def test_counts_related_rows_that_meet_a_condition(ask, devices):
    rows = ask.rows("/v7/device?$select=id&$orderby=id%20asc&$expand=device_tag/$count($filter=tag_key%20eq%20'k0')")
    assert [row["device_tag"] for row in rows] == [0, 1, 1]
    uri = "/v7/device?$select=device_name&$filter=device_tag/$count($filter=tag_key%20eq%20'k0')%20gt%200&$orderby=id"
    assert [row["device_name"] for row in ask.rows(uri)] == ["d2", "d1"]


def test_expands_in_one_statement_for_each_relation(ask, devices, monkeypatch):
    statements = []
    execute = ask.store.execute

    def counting(*arguments):
        statements.append(arguments)
        return execute(*arguments)

    monkeypatch.setattr(ask.store, "execute", counting)
    ask.rows("/v7/device?$select=id&$expand=device_tag($select=value),belongs_to__application($expand=organization)")
    assert len(statements) == 4


def test_paths_join_without_losing_rows(ask, devices):
    uri = "/v7/device?$select=device_name&$filter=is_pinned_on__release/commit%20eq%20null&$orderby=device_name%20asc"
    assert [row["device_name"] for row in ask.rows(uri)] == ["d0", "d1", "d2"]


def test_a_location_leads_to_the_new_row(ask, devices):
    assert ask.rows(f"/v7/device(@id)?@id={devices[0]}&$select=device_name") == [{"device_name": "d0"}]


def test_a_change_without_key_and_filter_is_for_every_row(ask, devices):
    assert ask("PATCH", "/v7/device_tag", {"value": "all"})[0] == 200
    assert {row["value"] for row in ask.rows("/v7/device_tag?$select=value")} == {"all"}
    assert ask("DELETE", "/v7/device_tag")[0] == 200
    assert ask("GET", "/v7/device_tag/$count") == (200, {"d": 0})


def test_a_refused_change_leaves_everything_as_it_was(ask, devices):
    taken = ask("PATCH", "/v7/device_tag", {"tag_key": "same"})
    assert taken == (409, '"device" and "tag_key" must be unique.')
    assert [row["tag_key"] for row in ask.rows("/v7/device_tag?$orderby=id%20asc")] == ["k0", "k0", "k1"]


def test_put_on_a_natural_key_makes_or_replaces(ask, devices):
    key = f"/v7/device_tag(device={devices[0]},tag_key='new')"
    for value in ("1", "2"):
        assert ask("PUT", key, {"value": value})[0] == 200
        assert [row["value"] for row in ask.rows(key)] == [value]


def test_nobody_sees_private_fleets_without_credentials(ask):
    ask.token = None
    assert {row["is_public"] for row in ask.rows("/v7/application?$select=is_public")} == {True}
    assert ask("GET", "/v7/device")[0] == 401
    assert ask("GET", "/v7/application?$expand=owns__device")[0] == 401


def test_a_device_sees_and_changes_itself_alone(ask, devices):
    _status, registered = ask("POST", "/device/register", {
        "application": 1, "device_type": "raspberrypi4-64", "uuid": "a" * 32,
    })  # fmt: skip
    ask.token = registered["api_key"]
    assert [row["id"] for row in ask.rows("/v7/device?$select=id")] == [registered["id"]]
    assert ask("PATCH", "/v7/device", {"note": "mine"})[0] == 200
    assert [row["note"] for row in ask.store.query("device", id=devices)] == [None] * 3
    assert ask("POST", "/v7/device_tag", {"device": devices[0], "tag_key": "a", "value": "b"})[0] == 401


def test_a_device_that_stops_asking_times_out_and_goes_offline(ask):
    body = {"application": 1, "device_type": "raspberrypi4-64", "uuid": "b" * 32}
    _status, registered = ask("POST", "/device/register", body)

    def state():
        return ask.rows(f"/v7/device({registered['id']})?$select=api_heartbeat_state")[0]["api_heartbeat_state"]

    assert state() == "unknown"
    ask("GET", f"/device/v3/{'b' * 32}/state", token=registered["api_key"])
    assert state() == "online"
    ask.clock.advance(901)
    assert state() == "timeout"
    ask.clock.advance(20)
    assert state() == "offline"


def test_an_expired_key_is_no_key(ask):
    _status, token = ask("POST", "/api-key/user/full", {"name": "soon"}, token=session(ask))
    key = ask.store.query("api_key", key=token)[0]
    ask.store.update("api_key", key["id"], expiry_date="2020-01-01T00:00:00.000Z")
    assert ask("GET", "/user/v1/whoami", token=token)[0] == 401


def session(ask):
    _status, token = ask("POST", "/login_", {"username": "admin", "password": "Admin-Passw0rd"})
    return token


def test_v6_shows_contracts_sizes_and_actors_as_it_always_did(ask):
    fields = {"status": "running", "source": "cloud", "composition": {}, "start_timestamp": "2020-01-01T00:00:00.5Z"}
    release = ask.make("release", belongs_to__application=1, commit="c", contract={"slug": "x", "a": [1]}, **fields)
    row = ask.rows(f"/v6/release({release})?$select=contract,release_type,start_timestamp")[0]
    assert row == {
        "contract": '{"a": [1], "slug": "x"}',
        "release_type": "final",
        "start_timestamp": "2020-01-01T00:00:00.500Z",
    }
    assert ask("PATCH", f"/v6/release({release})", {"contract": '{"b": 2}'}) == (200, "OK")
    assert ask.rows(f"/v7/release({release})?$select=contract") == [{"contract": {"b": 2}}]
    assert isinstance(ask.rows("/v6/image?$select=image_size&$top=1")[0]["image_size"], int)
    assert isinstance(ask.rows("/v6/my_application?$select=actor&$top=1")[0]["actor"], int)
