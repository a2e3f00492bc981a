# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the cloud flavor see, and change, what is theirs or was shared with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from emulator import Emulator
from emulator.store.model import model_of
from tests.integration.emulator.test_cloud import START, Cloud
from tests.integration.emulator.test_cloud_access import member, team
from tests.integration.emulator.test_emulator import FLEET

# What everybody may read: of public fleets, or of nobody in particular.
COMMON = frozenset(
    "application_membership_role application_type cpu_architecture device_family device_manufacturer device_type"
    " device_type_alias feature organization_membership_role service_instance".split()
)

PUBLIC = frozenset("application image image__is_part_of__release release release_tag service".split())
OWN = {"organization": 1, "organization_membership": 1, "user": 1}


@pytest.fixture(scope="module")
def shared() -> Iterator[Cloud]:
    more = {"tags": {"a": "b"}, "env": {"A": "1"}, "build_env": {"B": "1"}}
    seed = {"applications": [{**FLEET["applications"][0], **more}]}
    with Emulator(seed=seed, flavor="cloud", start=START, rate=0) as emulator:
        yield Cloud(emulator)


@pytest.fixture
def cloud(shared: Cloud) -> Cloud:
    shared.emulator.reset()
    return shared


def shop(cloud: Cloud) -> int:
    return cloud.id("application", "slug eq 'acme/shop'")


def grant(cloud: Cloud, name: str, role: str, way: str) -> str:
    """The session of a new user who has a role in the fleet: by membership, or by a team."""
    token = member(cloud, name)
    role_id = cloud.id("application_membership_role", f"name eq '{role}'")
    if way == "membership":
        body = {"username": name, "is_member_of__application": shop(cloud), "application_membership_role": role_id}
        assert cloud.call("POST", "/v7/user_application_membership", body).status_code == 201
        return token
    ops = team(cloud, "ops")
    joined = cloud.call("POST", "/v7/team_membership", {"username": name, "is_member_of__team": ops})
    access = {"team": ops, "grants_access_to__application": shop(cloud), "application_membership_role": role_id}
    assert (joined.status_code, cloud.call("POST", "/v7/team_application_access", access).status_code) == (201, 201)
    return token


def test_a_new_user_sees_and_changes_nothing_of_others(cloud: Cloud) -> None:
    stranger = cloud.register("eve@example.com")
    before = cloud.emulator.counts()
    for name in (name for name in model_of("cloud").resources if name not in COMMON):
        listed = cloud.call("GET", f"/v7/{name}", token=stranger)
        if listed.status_code == 401:
            continue
        assert name in PUBLIC or len(listed.json()["d"]) <= OWN.get(name, 0), name
        if name != "organization":  # her own is hers to delete
            deleted = cloud.call("DELETE", f"/v7/{name}?$filter=id gt 0", token=stranger)
            assert deleted.status_code in (200, 400, 401), name
    assert cloud.emulator.counts() == before
    fleets = cloud.rows("application?$select=slug,is_public", stranger)
    assert all(row["is_public"] for row in fleets)
    direct = "application?$select=id&$filter=is_directly_accessible_by__user/any(d:1 eq 1)"
    assert cloud.rows(direct, stranger) == []
    assert len(cloud.rows(direct)) > 0


@pytest.mark.parametrize(
    ("resource", "body"),
    [
        ("application_tag", {"application": 0, "tag_key": "k", "value": "v"}),
        ("device_tag", {"device": 1, "tag_key": "k", "value": "v"}),
        ("release_tag", {"release": 1, "tag_key": "k", "value": "v"}),
        ("service", {"application": 0, "service_name": "evil"}),
        ("device", {"belongs_to__application": 0, "is_of__device_type": 1}),
        ("team", {"belongs_to__organization": 1, "name": "evil"}),
        ("organization_membership", {"is_member_of__organization": 1, "username": "eve"}),
        ("user_application_membership", {"is_member_of__application": 0, "username": "eve"}),
        ("application", {"organization": 1, "app_name": "evil", "is_for__device_type": 1}),
    ],
)
def test_a_stranger_adds_nothing(cloud: Cloud, resource: str, body: dict[str, Any]) -> None:
    stranger, fleet = cloud.register("eve@example.com"), shop(cloud)
    filled = {key: fleet if value == 0 else value for key, value in body.items()}
    before = cloud.emulator.counts()
    assert cloud.call("POST", f"/v7/{resource}", filled, token=stranger).status_code == 401
    # a PUT makes no generated values, and fails for their lack before anybody looks whose row it is
    assert cloud.call("PUT", f"/v7/{resource}(1)", filled, token=stranger).status_code in (401, 500)
    after = cloud.emulator.counts()
    assert {**after, "actor": 0} == {**before, "actor": 0}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/device/v2/{uuid}/logs", None, 404),
        ("GET", "/device/v3/{uuid}/state", None, 304),
        ("GET", "/device/v3/fleet/{fleet}/state", None, 401),
        ("POST", "/api-key/application/{app}/provisioning", {}, 500),
        ("POST", "/api-key/device/1/device-key", {}, 500),
        ("POST", "/download-config", {"appId": "{app}", "version": "6.0.41"}, 404),
        ("POST", "/supervisor/v1/blink", {"deviceId": 1}, 404),
        ("POST", "/v2/{uuid}/resinhup", {"parameters": {"target_version": "6.0.41"}}, 400),
        ("POST", "/v3/buildFromUrl?owner=acme&app=shop", {"url": "https://example.com/a.tgz"}, 404),
        ("DELETE", "/v7/organization(1)", None, 401),
    ],
)
def test_the_endpoints_beside_the_resources_keep_strangers_out_too(
    cloud: Cloud, method: str, path: str, body: Any, status: int
) -> None:
    stranger = cloud.register("eve@example.com")
    (fleet,) = cloud.rows(f"application({shop(cloud)})?$select=uuid")
    (device,) = cloud.rows("device(1)?$select=uuid")
    names = {"uuid": device["uuid"], "fleet": fleet["uuid"], "app": shop(cloud)}
    filled = {key: str(value).format(**names) if key == "appId" else value for key, value in (body or {}).items()}
    answer = cloud.call(method, path.format(**names), filled if body is not None else None, token=stranger)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("way", ["membership", "team"])
@pytest.mark.parametrize(
    ("role", "device", "fleet"), [("observer", False, False), ("operator", True, False), ("developer", True, True)]
)
def test_roles_in_a_fleet(cloud: Cloud, way: str, role: str, device: bool, fleet: bool) -> None:
    token = grant(cloud, "jane", role, way)
    assert [row["slug"] for row in cloud.rows("application?$select=slug&$filter=is_public eq false", token)] == [
        "acme/shop"
    ]
    assert len(cloud.rows("device?$select=id", token)) == 3
    assert cloud.call("PATCH", "/v7/device(1)", {"device_name": "hers"}, token).status_code == 200
    assert (cloud.rows("device(1)?$select=device_name")[0]["device_name"] == "hers") is device
    tag = {"device": 1, "tag_key": "k", "value": "v"}
    assert cloud.call("POST", "/v7/device_tag", tag, token).status_code == (201 if device else 401)
    variable = {"application": shop(cloud), "name": "X", "value": "v"}
    made = cloud.call("POST", "/v7/application_environment_variable", variable, token)
    assert made.status_code == (201 if fleet else 401)
    assert cloud.call("DELETE", f"/v7/application({shop(cloud)})", token=token).status_code == 404
    assert shop(cloud)


def test_a_member_of_an_organization_sees_its_people_but_not_its_fleets(cloud: Cloud) -> None:
    token = member(cloud, "jane")
    assert cloud.rows("application?$filter=is_public eq false", token) == []
    people = "organization_membership?$filter=is_member_of__organization/any(o:o/handle eq 'acme')&$expand=user"
    assert {row["user"][0]["username"] for row in cloud.rows(people, token)} == {"admin", "jane"}
    assert cloud.call("POST", "/v7/team", {"name": "x", "belongs_to__organization": 1}, token).status_code == 401


def test_an_administrator_of_the_organization_may_do_everything(cloud: Cloud) -> None:
    token = member(cloud, "jane", "administrator")
    body = {"organization": 1, "app_name": "hers", "is_for__device_type": 1}
    acme = cloud.id("organization", "handle eq 'acme'")
    assert cloud.call("POST", "/v7/application", {**body, "organization": acme}, token).status_code == 201
    assert cloud.call("PATCH", f"/v7/organization({acme})", {"name": "Acme & Co"}, token).status_code == 200
    assert cloud.call("DELETE", f"/v7/application({shop(cloud)})", token=token).status_code == 200


def test_a_member_may_leave(cloud: Cloud) -> None:
    token = member(cloud, "jane")
    acme, jane = cloud.id("organization", "handle eq 'acme'"), cloud.id("user", "username eq 'jane'")
    key = f"/v7/organization_membership(user={jane},is_member_of__organization={acme})"
    assert cloud.call("DELETE", key, token=token).status_code == 200
    assert len(cloud.rows("organization_membership", token)) == 1


def test_a_device_is_only_moved_to_where_one_may_put_it(cloud: Cloud) -> None:
    stranger = cloud.register("eve@example.com")
    (own,) = cloud.rows("organization_membership", stranger)
    body = {"organization": own["is_member_of__organization"]["__id"], "app_name": "mine", "is_for__device_type": 5}
    mine = cloud.call("POST", "/v7/application", body, stranger).json()["id"]
    device = {"belongs_to__application": mine, "is_of__device_type": 5}
    made = cloud.call("POST", "/v7/device", device, stranger).json()["id"]
    for there in (shop(cloud), cloud.id("application", "is_public eq true")):
        moved = cloud.call("PATCH", f"/v7/device({made})", {"belongs_to__application": there}, stranger)
        assert (moved.status_code, "no access" in moved.text) == (404, True)


def test_a_missing_parent_is_not_told_from_a_hidden_one(cloud: Cloud) -> None:
    for resource, parent in (("device_tag", "device"), ("application_tag", "application"), ("release_tag", "release")):
        body = {parent: 999999, "tag_key": "k", "value": "v"}
        assert cloud.call("POST", f"/v7/{resource}", body).status_code == 401, resource


def test_a_key_may_handle_keys(cloud: Cloud) -> None:
    key = cloud.call("POST", f"/api-key/application/{shop(cloud)}/provisioning", {"name": "p"})
    assert key.status_code == 200
    stranger = cloud.register("eve@example.com")
    assert cloud.rows("api_key?$filter=name eq 'p'", stranger) == []
    assert cloud.call("PATCH", "/v7/api_key?$filter=name eq 'p'", {"description": "d"}).status_code == 200
    assert [row["description"] for row in cloud.rows("api_key?$filter=name eq 'p'")] == ["d"]
    assert cloud.call("DELETE", "/v7/api_key?$filter=name eq 'p'").status_code == 200
    assert cloud.rows("api_key?$filter=name eq 'p'") == []


def test_every_resource_can_be_read_with_all_its_relations(cloud: Cloud) -> None:
    for resource in model_of("cloud").resources.values():
        if cloud.call("GET", f"/v7/{resource.name}").status_code == 401:
            continue
        for name, relation in resource.relations.items():
            wanted = {200} if cloud.call("GET", f"/v7/{relation.target}").status_code == 200 else {401}
            for option in (f"$expand={name}", f"$filter={name}/any(x:x/id eq 1)"):
                assert cloud.call("GET", f"/v7/{resource.name}?{option}").status_code in wanted, (resource.name, option)
