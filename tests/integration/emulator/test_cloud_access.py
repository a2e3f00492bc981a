# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who belongs to what in the cloud flavor: teams, members, roles, invitations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator import Emulator
from tests.integration.emulator.test_cloud import START, Cloud
from tests.integration.emulator.test_emulator import FLEET


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Emulator(seed=FLEET, flavor="cloud", start=START, rate=0) as emulator:
        yield Cloud(emulator)


def member(cloud: Cloud, name: str, role: str = "member") -> str:
    """The session of a new user who is a member of the organization `acme`."""
    token = cloud.register(f"{name}@example.com")
    role_id = cloud.id("organization_membership_role", f"name eq '{role}'")
    acme = cloud.id("organization", "handle eq 'acme'")
    body = {"username": name, "is_member_of__organization": acme, "organization_membership_role": role_id}
    assert cloud.call("POST", "/v7/organization_membership", body).status_code == 201
    return token


def team(cloud: Cloud, name: str) -> int:
    body = {"name": name, "belongs_to__organization": cloud.id("organization", "handle eq 'acme'")}
    made = cloud.call("POST", "/v7/team", body)
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def test_a_team_has_a_name_of_its_own(cloud: Cloud) -> None:
    ops = team(cloud, "ops")
    acme = cloud.id("organization", "handle eq 'acme'")
    assert cloud.call("POST", "/v7/team", {"name": "ops", "belongs_to__organization": acme}).status_code == 409
    other = cloud.id("organization", "handle eq 'admin'")
    assert cloud.call("POST", "/v7/team", {"name": "ops", "belongs_to__organization": other}).status_code == 201
    query = f"team({ops})?$select=name&$expand=belongs_to__organization($select=id;$expand=owns__team($select=name))"
    (row,) = cloud.rows(query)
    assert row["belongs_to__organization"] == [{"id": acme, "owns__team": [{"name": "ops"}]}]
    assert cloud.call("PATCH", f"/v7/team({ops})", {"name": "operations"}).status_code == 200
    assert cloud.rows(f"team({ops})?$select=name") == [{"name": "operations"}]


@pytest.mark.parametrize("name", [None, "", 5])
def test_a_team_needs_a_name(cloud: Cloud, name: object) -> None:
    assert cloud.call("POST", "/v7/team", {"name": name, "belongs_to__organization": 1}).status_code == 400


@pytest.mark.parametrize("resource", ["team_membership", "user__is_member_of__team"])
def test_members_of_a_team(cloud: Cloud, resource: str) -> None:
    member(cloud, "jane")
    ops = team(cloud, "ops")
    made = cloud.call("POST", f"/v7/{resource}", {"username": "jane", "is_member_of__team": ops})
    assert (made.status_code, made.json()["is_member_of__team"]) == (201, {"__id": ops})
    found = cloud.rows("team_membership?$select=id&$filter=user/any(u:u/username eq 'jane')&$expand=team($select=name)")
    assert found == [{"id": made.json()["id"], "team": [{"name": "ops"}]}]
    again = cloud.call("POST", f"/v7/{resource}", {"username": "jane", "is_member_of__team": ops})
    assert again.status_code == 409
    assert cloud.call("POST", f"/v7/{resource}", {"username": "x", "is_member_of__team": ops}).status_code == 404
    assert cloud.call("DELETE", f"/v7/team_membership?$filter=id in ({made.json()['id']})").status_code == 200
    assert cloud.rows("team_membership") == []


def test_fleets_of_a_team(cloud: Cloud) -> None:
    ops, shop = team(cloud, "ops"), cloud.id("application", "slug eq 'acme/shop'")
    observer, developer = (cloud.id("application_membership_role", f"name eq '{n}'") for n in ("observer", "developer"))
    body = {"team": ops, "grants_access_to__application": shop, "application_membership_role": observer}
    made = cloud.call("POST", "/v7/team_application_access", body)
    assert made.status_code == 201
    assert cloud.call("POST", "/v7/team_application_access", body).status_code == 409
    path = f"team_application_access({made.json()['id']})"
    assert cloud.call("PATCH", f"/v7/{path}", {"application_membership_role": developer}).status_code == 200
    (row,) = cloud.rows(f"{path}?$expand=application_membership_role($select=name)")
    assert row["application_membership_role"] == [{"name": "developer"}]
    (fleet,) = cloud.rows(f"application({shop})?$select=id&$expand=is_accessible_by__team($expand=team($select=name))")
    assert fleet["is_accessible_by__team"][0]["team"] == [{"name": "ops"}]
    assert cloud.call("DELETE", f"/v7/team({ops})").status_code == 200
    assert cloud.rows("team_application_access") == []


def test_the_last_administrator_stays(cloud: Cloud) -> None:
    member(cloud, "jane")
    acme = cloud.id("organization", "handle eq 'acme'")
    admin = cloud.id("user", "username eq 'admin'")
    key = f"/v7/organization_membership(user={admin},is_member_of__organization={acme})"
    as_member = {"organization_membership_role": cloud.id("organization_membership_role", "name eq 'member'")}
    mine = f"/v7/organization_membership?$filter=is_member_of__organization eq {acme}"
    for method, path, body in (("DELETE", key, None), ("PATCH", key, as_member), ("DELETE", mine, None)):
        refused = cloud.call(method, path, body)
        assert (refused.status_code, "at least one organization membership" in refused.text) == (400, True), method
    jane = cloud.id("user", "username eq 'jane'")
    promoted = {"organization_membership_role": cloud.id("organization_membership_role", "name eq 'administrator'")}
    hers = f"/v7/organization_membership(user={jane},is_member_of__organization={acme})"
    assert cloud.call("PATCH", hers, promoted).status_code == 200
    (row,) = cloud.rows(f"organization_membership?$select=effective_seat_role&$filter=user eq {jane} and id gt 0")[-1:]
    assert row == {"effective_seat_role": "administrator"}
    assert cloud.call("PATCH", key, as_member).status_code == 200


@pytest.mark.parametrize("resource", ["user_application_membership", "user__is_member_of__application"])
def test_a_member_of_a_fleet_by_name(cloud: Cloud, resource: str) -> None:
    member(cloud, "jane")
    body = {"is_member_of__application": cloud.id("application", "slug eq 'acme/shop'"), "username": "jane"}
    made = cloud.call("POST", f"/v7/{resource}", body)
    assert made.status_code == 201
    (row,) = cloud.rows(f"{resource}({made.json()['id']})?$expand=application_membership_role($select=name)")
    assert row["application_membership_role"] == [{"name": "developer"}]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("io.balena.x", "Tag keys beginning with io.balena. are reserved."),
        ("io.resin.x", "Tag keys beginning with io.resin. are reserved."),
        ("a b", "Tag keys cannot contain whitespace."),
    ],
)
def test_tags_of_members_follow_the_rules_of_tags(cloud: Cloud, key: str, message: str) -> None:
    body = {"organization_membership": 1, "tag_key": key, "value": "v"}
    refused = cloud.call("POST", "/v7/organization_membership_tag", body)
    assert (refused.status_code, refused.json()) == (400, message)


def test_an_invitation_says_its_role_to_nobody_else(cloud: Cloud) -> None:
    role = cloud.id("organization_membership_role", "name eq 'administrator'")
    body = {"invitee": "kim@example.com", "is_invited_to__organization": 1, "organization_membership_role": role}
    made = cloud.call("POST", "/v7/organization_invite", body)
    assert (made.status_code, "token" in made.json()) == (201, False)
    kim = cloud.register("kim@example.com")
    (token,) = cloud.emulator.state()["invitations"]
    assert cloud.call("POST", f"/org/v1/invitation/{token}", token=kim).text == "OK"
    assert cloud.emulator.state()["invitations"] == {}
    hers = "organization_membership?$select=effective_seat_role&$filter=user/any(u:u/username eq 'kim')"
    assert {"effective_seat_role": "administrator"} in cloud.rows(f"{hers} and is_member_of__organization eq 1")
