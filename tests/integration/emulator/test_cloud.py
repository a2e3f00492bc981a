# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud flavor: what balenaCloud has beyond the open server."""

from __future__ import annotations

import functools
import http.server
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator import Emulator
from emulator.cloud.accounts import totp_code
from tests.integration.emulator.test_emulator import FLEET

START = 1_800_000_000


class Cloud:
    """Calls to a running emulator of the cloud flavor."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.emulator.token}"}
        return self.session.request(method, self.emulator.url + path, json=body, headers=headers, timeout=10)

    def rows(self, query: str, token: str | None = None) -> list[dict[str, Any]]:
        answer = self.call("GET", f"/v7/{query}", token=token)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["d"]
        return found

    def id(self, resource: str, condition: str) -> int:
        return int(self.rows(f"{resource}?$select=id&$filter={condition}")[0]["id"])

    def register(self, mail: str) -> str:
        answer = self.call("POST", "/user/register", {"email": mail, "password": "secret1"})
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Emulator(seed=FLEET, flavor="cloud", start=START, rate=0) as emulator:
        yield Cloud(emulator)


def test_the_open_server_has_none_of_it() -> None:
    with Emulator(seed=FLEET) as emulator:
        plain = Cloud(emulator)
        for path in ("build_environment_variable", "device_history", "user_application_membership", "credit_bundle"):
            assert plain.call("GET", f"/v7/{path}").status_code == 401
        for path in ("/config", "/billing/v1/account/1", "/v1/abc/resinhup"):
            assert plain.call("GET", path).status_code == 404
        assert plain.call("PATCH", "/v7/device(1)", {"custom_latitude": "1"}).status_code == 500
        assert "latitude" not in plain.rows("device")[0]


def test_build_variables(cloud: Cloud) -> None:
    fleet = cloud.id("application", "slug eq 'acme/shop'")
    body = {"application": fleet, "name": "ARG", "value": "1"}
    assert cloud.call("POST", "/v7/build_environment_variable", body).status_code == 201
    again = cloud.call("POST", "/v7/build_environment_variable", body)
    assert (again.status_code, "unique" in again.text.lower()) == (409, True)
    condition = f"build_environment_variable?$filter=(application eq {fleet}) and (name eq 'ARG')"
    assert cloud.call("PATCH", f"/v7/{condition}", {"value": "2"}).status_code == 200
    assert [row["value"] for row in cloud.rows(condition)] == ["2"]
    expanded = cloud.rows(f"application({fleet})?$select=id&$expand=build_environment_variable($select=name)")
    assert expanded[0]["build_environment_variable"] == [{"name": "ARG"}]
    assert cloud.call("DELETE", f"/v7/{condition}").status_code == 200
    assert cloud.rows(condition) == []


def test_fields_of_devices_and_fleets(cloud: Cloud) -> None:
    changes = {"custom_latitude": "51.5", "custom_longitude": "-0.12"}
    assert cloud.call("PATCH", "/v7/device?$filter=id in (1)", changes).status_code == 200
    assert cloud.call("PATCH", "/v7/device?$filter=id in (1)", {"is_web_accessible": True}).status_code == 200
    until = {"is_accessible_by_support_until__date": (START + 3600) * 1000}
    assert cloud.call("PATCH", "/v7/device?$filter=id in (1)", until).status_code == 200
    first, second = cloud.rows("device?$orderby=id asc&$top=2")
    assert (first["custom_latitude"], first["is_web_accessible"]) == ("51.5", True)
    assert first["is_accessible_by_support_until__date"] == "2027-01-15T09:00:00.000Z"
    assert (second["custom_latitude"], second["is_web_accessible"], second["is_active"]) == (None, False, True)
    assert cloud.call("PATCH", "/v7/application(1)", until).status_code == 200
    assert cloud.rows("device?$select=id&$filter=is_web_accessible eq true") == [{"id": first["id"]}]


def test_a_template_can_place_devices(cloud: Cloud) -> None:
    template = {"location": {"latitude": 52.5, "longitude": 13.4, "spread": 0.1}}
    cloud.emulator.seed({"applications": [{"name": "placed", "devices": [template]}]})
    (row,) = cloud.rows("device?$select=latitude&$filter=belongs_to__application/any(a:a/slug eq 'acme/placed')")
    assert 52.4 <= float(row["latitude"]) <= 52.6


def test_organization_members(cloud: Cloud) -> None:
    token = cloud.register("jane@example.com")
    acme = cloud.id("organization", "handle eq 'acme'")
    assert [row["handle"] for row in cloud.rows("organization?$select=handle&$filter=handle eq 'jane'", token)] == [
        "jane"
    ]
    body = {"is_member_of__organization": acme, "username": "jane"}
    made = cloud.call("POST", "/v7/organization_membership", body)
    assert made.status_code == 201
    jane = cloud.id("user", "username eq 'jane'")
    key = f"user={jane},is_member_of__organization={acme}"
    expand = "$expand=organization_membership_role($select=name)"
    (row,) = cloud.rows(f"organization_membership({key})?$select=effective_seat_role&{expand}")
    assert row == {"effective_seat_role": "member", "organization_membership_role": [{"name": "member"}]}
    admin = cloud.id("organization_membership_role", "name eq 'administrator'")
    change = {"organization_membership_role": admin}
    assert cloud.call("PATCH", f"/v7/organization_membership({key})", change).status_code == 200
    tag = {"organization_membership": made.json()["id"], "tag_key": "TEAM", "value": "ops"}
    assert cloud.call("POST", "/v7/organization_membership_tag", tag).status_code == 201
    condition = f"organization_membership/any(om:om/is_member_of__organization eq {acme})"
    tags = f"organization_membership_tag?$select=value&$filter={condition}"
    assert cloud.rows(tags) == [{"value": "ops"}]
    assert cloud.call("DELETE", f"/v7/organization_membership({key})").status_code == 200
    assert cloud.rows(tags) == []
    unknown = cloud.call("POST", "/v7/organization_membership", body | {"username": "nobody"})
    assert unknown.status_code == 404


def test_members_of_a_fleet(cloud: Cloud) -> None:
    cloud.register("john@example.com")
    fleet = cloud.id("application", "slug eq 'acme/shop'")
    role = cloud.rows("application_membership_role(name='observer')?$select=id")[0]["id"]
    body = {"is_member_of__application": fleet, "username": "john", "application_membership_role": role}
    outsider = cloud.call("POST", "/v7/user_application_membership", body)
    assert (outsider.status_code, "is member of the organization" in outsider.json()) == (400, True)
    member = {"is_member_of__organization": 1, "username": "john"}
    assert cloud.call("POST", "/v7/organization_membership", member).status_code == 201
    assert cloud.call("POST", "/v7/user_application_membership", body).status_code == 201
    query = f"user_application_membership?$select=id&$filter=is_member_of__application eq {fleet}"
    (row,) = cloud.rows(f"{query}&$expand=application_membership_role($select=name),user($select=username)")
    assert row["application_membership_role"] == [{"name": "observer"}]
    assert row["user"] == [{"username": "john"}]
    assert cloud.rows("application_membership_role(name='king')?$select=id") == []


@pytest.mark.parametrize(
    ("kind", "what", "membership"),
    [
        ("org", "organization", "organization_membership"),
        ("user", "application", "user_application_membership"),
    ],
)
def test_an_invitation_is_accepted_once(cloud: Cloud, kind: str, what: str, membership: str) -> None:
    guest = cloud.register("guest2@example.com")
    body = {"invitee": "guest2@example.com", f"is_invited_to__{what}": 1, "message": "welcome"}
    made = cloud.call("POST", f"/v7/invitee__is_invited_to__{what}", body)
    assert made.status_code == 201
    (invite,) = cloud.rows(f"invitee__is_invited_to__{what}?$select=message&$expand=invitee($select=email)")
    assert invite == {"message": "welcome", "invitee": [{"email": "guest2@example.com"}]}
    (token,) = cloud.emulator.state()["invitations"]
    assert cloud.call("POST", f"/{kind}/v1/invitation/nope", token=guest).status_code == 404
    assert cloud.call("POST", f"/{kind}/v1/invitation/{token}", token="bad").status_code == 401
    assert cloud.call("POST", f"/{kind}/v1/invitation/{token}", token=guest).text == "OK"
    assert cloud.call("POST", f"/{kind}/v1/invitation/{token}", token=guest).status_code == 404
    condition = f"is_member_of__{what} eq 1 and user/any(u:u/username eq 'guest2')"
    assert len(cloud.rows(f"{membership}?$select=id&$filter={condition}")) == 1


def test_organizations_come_and_go(cloud: Cloud) -> None:
    made = cloud.call("POST", "/v7/organization", {"name": "New Org"}).json()
    assert made["handle"] == "new_org"
    again = cloud.call("POST", "/v7/organization", {"name": "New Org"}).json()
    assert (again["name"], again["handle"]) == ("New Org", "new_org1")
    taken = cloud.call("POST", "/v7/organization", {"name": "Third", "handle": "new_org"})
    assert (taken.status_code, taken.json()) == (409, '"handle" must be unique.')
    assert cloud.call("DELETE", f"/v7/organization({made['id']})").text == "OK"
    assert cloud.call("DELETE", "/v7/organization(1)").status_code == 409


def test_an_organization_comes_in_a_form_with_its_logo(cloud: Cloud) -> None:
    headers = {"Authorization": f"Bearer {cloud.emulator.token}"}
    url, logo_image = f"{cloud.emulator.url}/v7/organization", ("logo.png", b"this is a test\n", "image/png")
    form = {"name": "With logo"}
    made = requests.post(url, data=form, files={"logo_image": logo_image}, headers=headers, timeout=10)
    assert (made.status_code, made.json()["handle"]) == (201, "with_logo")
    (row,) = cloud.rows(f"organization({made.json()['id']})?$select=logo_image")
    logo = requests.get(row["logo_image"]["href"], timeout=10)
    assert (logo.content, logo.headers["Content-Length"]) == (b"this is a test\n", "15")
    json = cloud.call("POST", "/v7/organization", {"name": "x", "logo_image": {"href": "y"}})
    assert (json.status_code, json.json()) == (400, "Use multipart requests to upload a file.")


def test_devices_are_inactive_until_they_have_been_online(cloud: Cloud) -> None:
    body = {"belongs_to__application": cloud.id("application", "slug eq 'acme/shop'"), "is_of__device_type": 5}
    made = cloud.call("POST", "/v7/device", body).json()["id"]
    query = f"device({made})?$select=is_active,overall_status,overall_progress"
    inactive = {"is_active": False, "overall_status": "inactive", "overall_progress": None}
    assert cloud.rows(query) == [inactive]
    assert cloud.call("PATCH", f"/v7/device({made})", {"is_online": True}).status_code == 200
    assert cloud.rows(query)[0]["is_active"] is True
    deactivate = {"is_active": False}
    for path in (f"device({made})", f"device?$filter=id in ({made})"):
        refused = cloud.call("PATCH", f"/v7/{path}", deactivate)
        assert (refused.status_code, refused.json()) == (400, "Devices must be offline in order to be deactivated.")
    assert cloud.call("PATCH", f"/v7/device({made})", {"is_online": False}).status_code == 200
    assert cloud.rows(query)[0]["overall_status"] == "disconnected"
    assert cloud.call("PATCH", f"/v7/device({made})", deactivate).status_code == 200
    assert cloud.rows(query) == [inactive]
    assert cloud.rows(f"device?$select=id&$filter=overall_status eq 'inactive' and id eq {made}") == [{"id": made}]


@pytest.mark.parametrize("resource", ["device_tag", "application_tag", "release_tag", "organization_membership_tag"])
def test_a_key_that_is_null_is_refused_by_name(cloud: Cloud, resource: str) -> None:
    body = {resource.removesuffix("_tag"): 1, "tag_key": None, "value": "v"}
    refused = cloud.call("POST", f"/v7/{resource}", body)
    assert (refused.status_code, refused.json()) == (400, '"tag_key" cannot be null')


def test_the_configuration_that_devices_are_told(cloud: Cloud) -> None:
    (device,) = cloud.rows("device(1)?$select=uuid&$expand=belongs_to__application($select=uuid)")
    fleet = device["belongs_to__application"][0]["uuid"]
    states = [
        cloud.call("GET", f"/device/v3/{device['uuid']}/state").json()[device["uuid"]],
        cloud.call("GET", f"/device/v2/{device['uuid']}/state").json()["local"],
        cloud.call("GET", f"/device/v3/fleet/{fleet}/state").json()[fleet],
    ]
    wanted = {"RESIN_SUPERVISOR_NATIVE_LOGGER": "true", "RESIN_SUPERVISOR_POLL_INTERVAL": "900000"}
    assert [state["config"] for state in states] == [wanted] * 3


def test_who_made_a_release(cloud: Cloud) -> None:
    query = "release?$select=id&$filter=semver eq '1.1.0'&$expand=is_created_by__user($select=username)"
    assert cloud.rows(query)[0]["is_created_by__user"] == [{"username": "admin"}]


def test_histories_say_who_it_was(cloud: Cloud) -> None:
    admin = cloud.emulator.store.query("user", username="admin")[0]["actor"]
    device = cloud.emulator.store.query("device", id=1)[0]
    select = "$select=is_created_by__actor,is_ended_by__actor,end_timestamp,tracks__device&$orderby=id asc"
    query = f"device_history?{select}&$filter=uuid eq '{device['uuid']}'"
    newer = cloud.id("release", "semver eq '1.1.0'")
    cloud.emulator.simulate(download_seconds=10, install_seconds=5, poll_seconds=5)
    cloud.call("PATCH", "/v7/device(1)", {"is_pinned_on__release": newer})
    cloud.emulator.advance(600)
    first, pinned, ran = cloud.rows(query)
    by = {"__id": admin}
    assert (first["is_created_by__actor"], first["is_ended_by__actor"], pinned["is_created_by__actor"]) == (by, by, by)
    itself = {"__id": device["actor"]}
    assert (pinned["is_ended_by__actor"], ran["is_created_by__actor"]) == (itself, itself)
    cloud.call("DELETE", "/v7/device(1)")
    last = cloud.rows(query)[-1]
    assert (last["is_ended_by__actor"], last["tracks__device"]) == (by, None)
    assert last["end_timestamp"] is not None


def test_registering(cloud: Cloud) -> None:
    token = cloud.register("new@example.com")
    assert cloud.call("GET", "/actor/v1/whoami", token=token).json()["email"] == "new@example.com"
    taken = cloud.call("POST", "/user/register", {"email": "new@example.com", "password": "x"})
    assert (taken.status_code, taken.text) == (409, "This email is already taken")
    assert cloud.call("POST", "/login_", {"username": "new@example.com", "password": "secret1"}).status_code == 200
    verify = {"email": "new@example.com", "verificationToken": "5" * 32}
    assert cloud.call("POST", "/user/v1/verify-email", verify).status_code == 200
    assert cloud.call("POST", "/user/v1/verify-email", verify | {"verificationToken": "bad"}).status_code == 401


def test_the_second_factor(cloud: Cloud) -> None:
    token = cloud.register("two@example.com")
    key = cloud.call("GET", "/auth/totp/setup", token=token).text
    assert cloud.call("POST", "/auth/totp/verify", {"code": "000"}, token).status_code == 401
    passed = cloud.call("POST", "/auth/totp/verify", {"code": totp_code(key, START)}, token)
    assert cloud.call("GET", "/actor/v1/whoami", token=passed.text).status_code == 200
    assert cloud.call("POST", "/auth/totp/disable", {"password": "wrong"}, token).status_code == 401
    assert cloud.call("POST", "/auth/totp/disable", {"password": "secret1"}, token).status_code == 200


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B: the key 12345678901234567890 at 59 seconds gives 94287082, of which we take six digits.
    assert totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59) == "287082"


def test_device_history(cloud: Cloud) -> None:
    query = "device_history?$select=created_at,end_timestamp&$filter=tracks__device eq 1&$orderby=id asc"
    expand = "&$expand=should_be_running__release($select=semver)"
    (row,) = cloud.rows(query + expand)
    assert row == {
        "created_at": "2027-01-15T08:00:00.000Z",
        "end_timestamp": None,
        "should_be_running__release": [{"semver": "1.0.0"}],
    }
    cloud.emulator.advance(60)
    newer = cloud.id("release", "semver eq '1.1.0'")
    assert cloud.call("PATCH", "/v7/device(1)", {"is_pinned_on__release": newer}).status_code == 200
    first, second = cloud.rows(query + expand)
    assert first["end_timestamp"] == second["created_at"] == "2027-01-15T08:01:00.000Z"
    assert second["should_be_running__release"] == [{"semver": "1.1.0"}]
    since = "created_at ge datetime'2027-01-15T08:00:30.000Z'"
    assert len(cloud.rows(f"device_history?$select=id&$filter={since}")) == 1


def test_an_os_update_by_the_actions_service(cloud: Cloud) -> None:
    uuid = cloud.rows("device(1)?$select=uuid")[0]["uuid"]
    path = f"/v1/{uuid}/resinhup"
    idle = {"status": "idle", "parameters": {}, "error": "", "fatal": False}
    assert cloud.call("GET", path).json() == idle
    body = {"parameters": {"target_version": "6.0.41"}}
    assert cloud.call("POST", f"/v2/{uuid}/resinhup", body).json()["status"] == "configuring"
    cloud.emulator.advance(60)
    during = cloud.call("GET", path).json()
    assert (during["status"], during["parameters"]) == ("in_progress", {"target_version": "6.0.41"})
    columns = "device(1)?$select=provisioning_progress,provisioning_state"
    assert cloud.rows(columns) == [{"provisioning_progress": 25, "provisioning_state": "Preparing OS update"}]
    cloud.emulator.advance(1200)
    assert cloud.call("GET", path).json()["status"] == "done"
    assert cloud.rows(columns) == [{"provisioning_progress": None, "provisioning_state": None}]
    assert cloud.rows("device(1)?$select=os_version")[0]["os_version"] == "balenaOS 6.0.41"
    assert cloud.call("GET", f"/v1/{'f' * 32}/resinhup").status_code == 400
    assert cloud.call("GET", path, token="bad").status_code == 401


def test_billing(cloud: Cloud) -> None:
    account = "/billing/v1/account/1"
    assert cloud.call("GET", account).json()["company_name"] == "Acme"
    assert cloud.call("PATCH", account, {"email": "a@example.com"}).text == "OK"
    assert cloud.call("GET", account).json()["email"] == "a@example.com"
    assert cloud.call("PATCH", f"{account}/plan", {"tier": "prototype", "annual": True}).text == "OK"
    assert cloud.call("GET", f"{account}/plan").json()["tier"] == "prototype"
    card = cloud.call("PATCH", f"{account}/info", {"token_id": "t", "token_type": "setup_intent"}).json()
    assert cloud.call("GET", f"{account}/info").json() == card
    (invoice,) = cloud.call("GET", f"{account}/invoices").json()
    download = cloud.call("GET", f"{account}/invoices/{invoice['invoice_number']}/download")
    assert download.content.startswith(b"%PDF")
    assert set(cloud.call("POST", f"{account}/setup-intent", {}).json()) == {"id", "client_secret"}
    assert cloud.call("GET", "/billing/v1/account/999").status_code == 404


def test_credit_bundles(cloud: Cloud) -> None:
    body = {"belongs_to__organization": 1, "is_for__feature": 1, "original_quantity": 1000}
    assert cloud.call("POST", "/v7/credit_bundle", body).status_code == 201
    query = "credit_bundle?$select=original_quantity&$filter=belongs_to__organization eq 1&$orderby=created_at desc"
    assert cloud.rows(query) == [{"original_quantity": 1000}]


def test_config_names_the_server_itself(cloud: Cloud) -> None:
    config = cloud.call("GET", "/config", token="none").json()
    assert config["deviceUrlsBase"] == cloud.emulator.url


def test_os_images(cloud: Cloud) -> None:
    path = "/download?deviceType=raspberrypi4-64&version="
    image = cloud.call("GET", f"{path}6.0.41")
    assert len(image.content) == int(image.headers["X-Transfer-Length"]) > 100_000
    assert cloud.call("GET", f"{path}6.0.41").content == image.content
    assert cloud.call("GET", f"{path}9.9.9").status_code == 404
    head = cloud.call("HEAD", f"{path}latest")
    assert (head.status_code, head.headers["Last-Modified"]) == (200, "Tue, 10 Dec 2024 10:00:00 GMT")


def test_a_build_from_a_url(cloud: Cloud) -> None:
    path = "/v3/buildFromUrl?headless=true&owner=acme&app=shop"
    answer = cloud.call("POST", path, {"url": "https://example.com/app.tar.gz", "shouldFlatten": True}).json()
    assert answer["started"] is True
    (release,) = cloud.rows(f"release({answer['releaseId']})?$select=status&$expand=contains__image($select=id)")
    assert (release["status"], len(release["contains__image"])) == ("success", 1)
    failed = cloud.call("POST", path, {"url": "nothing"})
    assert (failed.status_code, failed.json()["message"]) == (400, "Failed to download archive")


def test_a_build_takes_its_time_and_may_fail(cloud: Cloud) -> None:
    path = "/v3/buildFromUrl?headless=true&owner=acme&app=shop"
    cloud.emulator.simulate(build_seconds=300, fail_builds="*broken*")
    good, bad = (
        cloud.call("POST", path, {"url": f"https://example.com/{name}.tar.gz"}).json()["releaseId"]
        for name in ("good", "broken")
    )
    query = (
        "release?$select=status,end_timestamp&$orderby=id asc&$expand=contains__image($expand=image($select=status))"
    )
    both = f"{query}&$filter=id in ({good},{bad})"
    running = cloud.rows(both)
    assert [(row["status"], row["end_timestamp"]) for row in running] == [("running", None)] * 2
    before = cloud.rows("application?$select=should_be_running__release&$filter=slug eq 'acme/shop'")
    cloud.emulator.advance(301)
    done, failed = cloud.rows(both)
    images = [row["contains__image"][0]["image"][0]["status"] for row in (done, failed)]
    assert ([done["status"], failed["status"]], images) == (["success", "failed"], ["success", "failed"])
    assert done["end_timestamp"] == "2027-01-15T08:05:00.000Z"
    assert cloud.rows("application?$select=should_be_running__release&$filter=slug eq 'acme/shop'") == before


def test_an_archive_on_this_machine_is_looked_at(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "Dockerfile", "Dockerfile")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = "/v3/buildFromUrl?headless=true&owner=acme&app=shop"
    answers = [
        cloud.call("POST", path, {"url": f"http://127.0.0.1:{server.server_port}/{name}"})
        for name in ("a.tar.gz", "nosuch.tar.gz", "Dockerfile")
    ]
    server.shutdown()
    assert [answer.status_code for answer in answers] == [200, 404, 502]
    assert answers[1].json()["message"] == "Failed to fetch tarball from passed URL"
    assert "Invalid tar header" in answers[2].json()["message"]


def test_an_old_kind_of_key(cloud: Cloud) -> None:
    key = cloud.call("POST", "/application/1/generate-api-key").json()
    assert cloud.call("GET", "/user/v1/whoami", token=key).json()["username"] == "admin"
