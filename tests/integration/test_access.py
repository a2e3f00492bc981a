# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: organizations, teams, collaborators and invitations, on balenaCloud."""

from __future__ import annotations

import pytest
import requests

from emulator import Emulator
from tests.support.tasks import run_task

SEED = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "devices": [{"name": "d", "count": 1}],
        }
    ]
}
NOTHING = {"create": 0, "update": 0, "delete": 0}


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.fixture
def cloud(server):
    server.reset()
    for name in ("ana", "ben"):
        user = {"username": name, "email": f"{name}@example.com", "password": "correct horse"}
        requests.post(f"{server.url}/user/register", json=user, timeout=10).raise_for_status()
    server.clear_requests()
    return server


def api(server, method, path, **more):
    headers = {"Authorization": f"Bearer {server.token}"}
    answer = requests.request(method, f"{server.url}/v7/{path}", headers=headers, timeout=10, **more)
    answer.raise_for_status()
    return answer.json()["d"] if method == "GET" else None


def add(server, name, role, handle="acme"):
    (organization,) = api(server, "GET", f"organization?$filter=handle eq '{handle}'")
    (found,) = api(server, "GET", f"organization_membership_role?$filter=name eq '{role}'")
    body = {
        "username": name,
        "is_member_of__organization": organization["id"],
        "organization_membership_role": found["id"],
    }
    api(server, "POST", "organization_membership", json=body)
    server.clear_requests()


def accept(server, who):
    """Accept all invitations, as somebody."""
    answer = requests.post(f"{server.url}/login_", json={"username": who, "password": "correct horse"}, timeout=10)
    answer.raise_for_status()
    for token, kind in server.state()["invitations"].items():
        path = f"{server.url}/{kind}/v1/invitation/{token}"
        requests.post(path, headers={"Authorization": f"Bearer {answer.text}"}, timeout=10).raise_for_status()


def converged(server, module, **options):
    """Run a task foreseen, for real and again; check mode predicts the same and writes nothing."""
    foreseen = run_task(server, module, **options, check_mode=True)
    assert server.writes() == []
    done = run_task(server, module, **options)
    assert not foreseen.get("failed"), foreseen["msg"]
    assert not done.get("failed"), done["msg"]
    assert foreseen["changes"] == done["changes"]
    assert foreseen["diff"] == done["diff"]
    again = run_task(server, module, **options)
    assert again["changes"] == NOTHING, again["diff"]
    server.clear_requests()
    return done


def test_a_new_organization_has_its_maker_as_administrator_and_invites_the_others(cloud):
    done = converged(
        cloud,
        "balena_organization",
        handle="retail",
        name="Acme Retail",
        members={"ana": "administrator", "x@y.org": "member"},
    )
    organization = done["organization"]
    assert organization["id"]
    assert organization["name"] == "Acme Retail"
    assert organization["members"] == {"admin": "administrator"}
    assert organization["pending"] == {"ana": "administrator", "x@y.org": "member"}


def test_who_accepted_is_a_member_and_not_invited_again(cloud):
    converged(cloud, "balena_organization", handle="acme", members={"ana": "member"})
    accept(cloud, "ana")
    found = run_task(cloud, "balena_organization", handle="acme", members={"ana": "member"})
    assert found["changes"] == NOTHING
    assert found["organization"]["members"] == {"admin": "administrator", "ana": "member"}
    assert found["organization"]["pending"] == {}


def test_a_member_is_known_by_the_address_that_was_invited(cloud):
    converged(cloud, "balena_organization", handle="acme", members={"ana@example.com": "member"})
    accept(cloud, "ana")
    found = run_task(cloud, "balena_organization", handle="acme", members={"Ana@example.com": "administrator"})
    assert found["changes"] == {"create": 0, "update": 1, "delete": 0}
    assert found["organization"]["members"] == {"admin": "administrator", "ana": "administrator"}


def test_somebody_pending_gets_another_role_by_a_new_invitation(cloud):
    converged(cloud, "balena_organization", handle="acme", members={"x@y.org": "member"})
    done = converged(cloud, "balena_organization", handle="acme", members={"x@y.org": "administrator"})
    assert done["changes"] == {"create": 0, "update": 1, "delete": 0}
    assert done["organization"]["pending"] == {"x@y.org": "administrator"}


def test_null_and_purge_remove_members_and_take_back_invitations(cloud):
    add(cloud, "ana", "member")
    add(cloud, "ben", "member")
    converged(cloud, "balena_organization", handle="acme", members={"x@y.org": "member", "z@y.org": "member"})
    done = converged(cloud, "balena_organization", handle="acme", members={"ana": None, "x@y.org": None})
    assert done["changes"] == {"create": 0, "update": 0, "delete": 2}
    assert done["organization"]["members"] == {"admin": "administrator", "ben": "member"}
    done = converged(cloud, "balena_organization", handle="acme", members={"admin": "administrator"}, purge=True)
    assert done["organization"]["members"] == {"admin": "administrator"}
    assert done["organization"]["pending"] == {}


@pytest.mark.parametrize(
    ("members", "purge"),
    [
        ({"admin": "member"}, False),
        ({"admin": None}, False),
        ({"admin": None, "new@y.org": "administrator"}, False),
        ({"ana": "member"}, True),
        ({}, True),
    ],
)
def test_the_last_administrator_stays(cloud, members, purge):
    add(cloud, "ana", "member")
    cloud.clear_requests()
    refused = run_task(cloud, "balena_organization", handle="acme", members=members, purge=purge)
    assert refused["failed"]
    assert "organization 'acme' would be left without an administrator" in refused["msg"]
    assert "admin" in refused["msg"]
    assert cloud.writes() == []


def test_an_administrator_is_replaced_in_one_task(cloud):
    add(cloud, "ana", "member")
    done = converged(cloud, "balena_organization", handle="acme", members={"admin": "member", "ana": "administrator"})
    assert done["organization"]["members"] == {"admin": "member", "ana": "administrator"}


def test_a_purge_does_not_remove_whose_token_it_is(cloud):
    add(cloud, "ana", "administrator")
    cloud.clear_requests()
    refused = run_task(cloud, "balena_organization", handle="acme", members={"ana": "administrator"}, purge=True)
    assert "admin, whose token this is" in refused["msg"]
    assert cloud.writes() == []


def test_an_organization_with_applications_is_not_removed_by_accident(cloud):
    refused = run_task(cloud, "balena_organization", handle="acme", state="absent")
    assert "organization 'acme' still has" in refused["msg"]
    assert "balena_application first" in refused["msg"]
    assert cloud.writes() == []
    converged(cloud, "balena_organization", handle="retail")
    done = converged(cloud, "balena_organization", handle="retail", state="absent")
    assert done["organization"] is None


def test_members_are_planned_in_a_constant_number_of_requests(cloud):
    many = {f"guest{number}@example.com": "member" for number in range(200)}
    run_task(cloud, "balena_organization", handle="acme", members=many)
    cloud.clear_requests()
    found = run_task(cloud, "balena_organization", handle="acme", members=many)
    assert found["changes"] == NOTHING
    assert len(cloud.requests()) <= 5


def test_collaborators_from_the_organization_join_and_others_are_invited(cloud):
    add(cloud, "ana", "member")
    done = converged(
        cloud,
        "balena_application_member",
        application="acme/kiosk",
        members={"ana@example.com": "operator", "ben": "observer"},
    )
    assert done["collaborators"]["members"] == {"ana": "operator"}
    assert done["collaborators"]["pending"] == {"ben": "observer"}
    done = converged(cloud, "balena_application_member", application="kiosk", members={"ana": "developer"}, purge=True)
    assert done["collaborators"]["members"] == {"ana": "developer"}
    assert done["collaborators"]["pending"] == {}
    done = converged(cloud, "balena_application_member", application="kiosk", members={}, purge=True)
    assert done["collaborators"]["members"] == {}


def test_a_team_has_members_and_access(cloud):
    add(cloud, "ana", "member")
    converged(cloud, "balena_organization", handle="acme", members={"x@y.org": "member"})
    done = converged(
        cloud,
        "balena_team",
        organization="acme",
        name="night",
        members=["ana", "x@y.org"],
        access={"acme/kiosk": "observer"},
    )
    assert done["team"]["members"] == ["ana"]
    assert done["team"]["pending"] == ["x@y.org"]
    assert done["team"]["access"] == {"acme/kiosk": "observer"}
    done = converged(
        cloud, "balena_team", organization="acme", name="night", new_name="day", access={"acme/Kiosk": "operator"}
    )
    assert done["team"]["name"] == "day"
    assert done["team"]["members"] == ["ana"]
    assert done["team"]["access"] == {"acme/kiosk": "operator"}
    done = converged(cloud, "balena_team", organization="acme", name="day", members=[], access={}, purge=True)
    assert (done["team"]["members"], done["team"]["access"]) == ([], {})
    done = converged(cloud, "balena_team", organization="acme", name="day", state="absent")
    assert done["team"] is None


def test_one_task_reads_who_may_do_what(cloud):
    add(cloud, "ana", "member")
    converged(cloud, "balena_organization", handle="acme", members={"x@y.org": "member"})
    converged(
        cloud,
        "balena_team",
        organization="acme",
        name="night",
        members=["ana"],
        access={"acme/kiosk": "observer"},
    )
    (found,) = run_task(cloud, "balena_organization_info", organization="acme")["organizations"]
    assert found["members"] == {"admin": "administrator", "ana": "member"}
    assert found["pending"] == {"x@y.org": "member"}
    assert [(team["name"], team["members"], team["access"]) for team in found["teams"]] == [
        ("night", ["ana"], {"acme/kiosk": "observer"})
    ]
    assert len(run_task(cloud, "balena_organization_info")["organizations"]) > 1


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        ("balena_organization", {"handle": "acme", "members": {"ana": "owner"}}, "administrator, member"),
        ("balena_organization", {"handle": "acme", "members": {"ana": ["member"]}}, "members: the role of 'ana'"),
        ("balena_organization", {"handle": "acme", "members": {"a na": "member"}}, "members: 'a na'"),
        ("balena_organization", {"handle": "a/b"}, "handle 'a/b'"),
        ("balena_team", {"organization": "acmee", "name": "night"}, "organization 'acmee' does not exist"),
        ("balena_team", {"organization": "acme", "name": "night", "members": ["ben"]}, "'ben' is not a member"),
        ("balena_team", {"organization": "acme", "name": "n", "access": {"acme/none": "observer"}}, "acme/none"),
        ("balena_team", {"organization": "acme", "name": "n", "access": {"acme/kiosk": "king"}}, "acme/kiosk"),
        ("balena_application_member", {"application": "acme/kiosk", "members": {"ana": "king"}}, "developer"),
        ("balena_application_member", {"application": "none", "members": {}}, "application 'none'"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(cloud, module, options, message):
    refused = run_task(cloud, module, **options)
    assert refused["failed"]
    assert message in refused["msg"]
    assert cloud.writes() == []


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("balena_organization", {"handle": "acme", "members": {"admin": "administrator"}}),
        ("balena_organization_info", {}),
        ("balena_team", {"organization": "acme", "name": "night"}),
        ("balena_application_member", {"application": "acme/kiosk", "members": {"ana": "developer"}}),
    ],
)
def test_an_openbalena_server_has_none_of_it(emulator, module, options):
    emulator.seed(SEED)
    refused = run_task(emulator, module, **options)
    assert refused["failed"]
    assert "balenaCloud has that, an openBalena server does not" in refused["msg"]
    assert emulator.writes() == []


def test_a_fleet_document_has_collaborators(cloud):
    add(cloud, "ana", "member")
    document = {"fleet": "acme/kiosk", "access": {"ana": "operator", "x@y.org": "observer"}}
    done = converged(cloud, "balena_fleet", document=document)
    assert done["collaborators"]["members"] == {"ana": "operator"}
    assert done["collaborators"]["pending"] == {"x@y.org": "observer"}
    exported = run_task(cloud, "balena_fleet_info", application="acme/kiosk")["document"]
    assert exported["access"] == document["access"]
    assert run_task(cloud, "balena_fleet", document=exported, purge=["access"])["changes"] == NOTHING
    drifted = run_task(cloud, "balena_fleet", document={**document, "access": {"ana": "observer"}}, check_mode=True)
    (finding,) = (one for one in drifted["drift"]["findings"] if one["kind"] == "collaborator")
    assert (finding["name"], finding["actual"], finding["declared"]) == (
        "ana",
        {"application_membership_role": "operator"},
        {"application_membership_role": "observer"},
    )
    refused = run_task(cloud, "balena_fleet", document={"fleet": "acme/kiosk"}, purge=["access"])
    assert "access" in refused["msg"]
    done = converged(cloud, "balena_fleet", document={"fleet": "acme/kiosk", "access": {}}, purge=["access"])
    assert done["collaborators"]["members"] == {}


def test_a_new_fleet_gets_its_collaborators_at_once(cloud):
    add(cloud, "ana", "member")
    document = {
        "fleet": "acme/lobby",
        "device_type": "raspberrypi4-64",
        "access": {"ana": "operator", "x@y.org": "observer"},
    }
    done = converged(cloud, "balena_fleet", document=document)
    assert done["collaborators"] == {
        "application": "acme/lobby",
        "members": {"ana": "operator"},
        "pending": {"x@y.org": "observer"},
    }


def test_an_openbalena_server_has_no_collaborators(emulator):
    emulator.seed(SEED)
    refused = run_task(emulator, "balena_fleet", document={"fleet": "acme/kiosk", "access": {"ana": "operator"}})
    assert "access: balenaCloud has that, an openBalena server does not" in refused["msg"]
    assert emulator.writes() == []
    exported = run_task(emulator, "balena_fleet_info", application="acme/kiosk")["document"]
    assert "access" not in exported


def test_a_purge_knows_a_collaborator_by_the_address_that_was_invited(cloud):
    converged(cloud, "balena_fleet", document={"fleet": "acme/kiosk", "access": {"ana@example.com": "operator"}})
    accept(cloud, "ana")
    cloud.clear_requests()
    document = {"fleet": "acme/kiosk", "access": {"ana@example.com": "operator"}}
    assert run_task(cloud, "balena_fleet", document=document, purge=["access"])["changes"] == NOTHING
    assert cloud.writes() == []
