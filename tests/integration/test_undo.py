# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task has changed is undone by the account that it leaves, as far as nobody has changed it since."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk.transport import Transport
from emulator import Emulator
from tests.support.tasks import run_task

FLEET = "acme/kiosk"
SECRET = "correct-horse-battery"
OLD_SECRET = "staple-of-old-times"
SEED = {
    "random_seed": 2,
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "services": ["web"],
            "env": {"LOG_LEVEL": "info", "GONE": "away"},
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}],
            "pin": "1.0.0",
            "devices": [
                {
                    "name": "sign-{n:02d}",
                    "count": 6,
                    "release": "1.0.0",
                    "tags": {"site": ["oslo", "rome"]},
                    "env": {"REGION": ["no", "it"], "OLD": "1"},
                }
            ],
        }
    ],
}
#: Six devices, half of which have another region.
REGIONS = {"scope": "device", "application": FLEET, "variables": {"REGION": "eu", "NEW": "x", "OLD": None}}
DOCUMENT = {
    "fleet": FLEET,
    "variables": {"env": {"LOG_LEVEL": "debug", "PASSWORD": {"secret": "password"}}},
    "services": {"web": {"env": {"WORKERS": 4}}},
    "tags": {"owner": "ops"},
    "device_defaults": {"env": {"REGION": "eu"}, "tags": {"site": None}, "note": "declared", "release": "1.1.0"},
    "devices": [{"uuid": "ab" * 16, "name": "new-one", "env": {"A": "1"}}],
    "release": "1.1.0",
}
CONVERGE = {"document": DOCUMENT, "secrets": {"password": SECRET}, "purge": ["variables"]}


@pytest.fixture
def server():
    with Emulator(seed=SEED, flavor="cloud") as emulator:
        yield emulator


@pytest.fixture
def path(tmp_path):
    return tmp_path / "account.json"


def ok(server, module, **options):
    result = run_task(server, module, **options)
    assert not result.get("failed"), result["msg"]
    return result


def exported(server):
    """The fleet as a document, which says everything that can be declared of it."""
    return ok(server, "balena_fleet_info", application=FLEET, show_secrets=True)["document"]


def device(server, name):
    return server.store.get("device", device_name=name)


def called(server, name):
    """A device as sentences name it."""
    return f"device {name} ({device(server, name)['uuid'][:7]})"


def sentences(result):
    return [one["sentence"] for one in result["left_alone"]]


def writes(server):
    return [request for request in server.requests() if request.method not in ("GET", "HEAD")]


def undo(server, path, **options):
    """Undo as foreseen, and once only."""
    foreseen = ok(server, "balena_undo", account=str(path), check_mode=True, **options)
    done = ok(server, "balena_undo", account=str(path), **options)
    assert {name: foreseen[name] for name in ("changes", "diff", "left_alone")} == {
        name: done[name] for name in ("changes", "diff", "left_alone")
    }
    server.clear_requests()
    again = ok(server, "balena_undo", account=str(path), **options)
    assert not again["changed"] and not writes(server)
    return done


@contextmanager
def killed_after(writes_made):
    """As if the process were killed when it has made some writes, before it knows of the last one."""
    send, left = Transport.send, [writes_made]

    def sending(self, request):
        answer = send(self, request)
        left[0] -= request.method not in ("GET", "HEAD")
        if not left[0]:
            raise KeyboardInterrupt
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Transport, "send", sending)
        yield


@pytest.mark.parametrize(
    ("module", "task"),
    [
        ("balena_env_var", REGIONS),
        ("balena_env_var", {**REGIONS, "purge": True}),
        ("balena_env_var", {"scope": "application", "application": FLEET, "variables": {"LOG_LEVEL": "a", "N": "1"}}),
        ("balena_env_var", {"scope": "service", "application": FLEET, "service": "web", "name": "A", "value": "1"}),
        (
            "balena_env_var",
            {"scope": "device_service", "application": FLEET, "service": "web", "name": "A", "value": "1"},
        ),
        ("balena_env_var", {"scope": "build", "application": FLEET, "name": "A", "value": "1"}),
        (
            "balena_env_var",
            {
                "scope": "device",
                "kind": "config",
                "application": FLEET,
                "name": "BALENA_HOST_CONFIG_gpu_mem",
                "value": "64",
            },
        ),
        ("balena_release_pin", {"scope": "device", "application": FLEET, "release": "1.1.0"}),
        ("balena_release_pin", {"scope": "application", "application": FLEET, "release": "1.1.0"}),
        ("balena_release_pin", {"scope": "application", "application": FLEET, "release": "track"}),
        ("balena_tag", {"scope": "device", "application": FLEET, "tags": {"site": "bern", "b": "1"}, "purge": True}),
        ("balena_tag", {"scope": "application", "application": FLEET, "name": "a", "value": "1"}),
        ("balena_tag", {"scope": "release", "application": FLEET, "release": "1.0.0", "name": "a", "value": "1"}),
        (
            "balena_device",
            {
                "in_application": FLEET,
                "note": "x",
                "location": {"latitude": 1.5, "longitude": 2},
                "public_url": True,
                "tags": {"a": "b"},
            },
        ),
        ("balena_device", {"application": FLEET, "uuid": "cd" * 16, "name": "made", "tags": {"a": "b"}}),
        ("balena_application", {"name": FLEET, "public": True, "tags": {"a": "b"}, "device_urls": True}),
    ],
)
def test_a_change_that_is_undone_leaves_what_was_before(server, path, module, task):
    before = exported(server)
    tags = server.store.query("release_tag")
    assert ok(server, module, **task, account_to=str(path))["changed"]
    assert exported(server) != before or server.store.query("release_tag") != tags
    done = undo(server, path)
    assert done["changed"] and not done["left_alone"]
    assert exported(server) == before
    assert server.store.query("release_tag") == tags


def test_a_document_is_undone_but_for_what_is_a_secret(server, path):
    before = exported(server)
    ok(server, "balena_fleet", **CONVERGE, account_to=str(path))
    assert exported(server) != before
    done = undo(server, path)
    assert exported(server) == before
    assert not done["left_alone"]
    assert SECRET not in path.read_text()


def test_the_former_value_of_a_secret_is_not_kept_and_that_is_said(server, path):
    one = {"scope": "application", "application": FLEET, "name": "TOKEN", "secret": True}
    ok(server, "balena_env_var", **one, value=OLD_SECRET)
    ok(server, "balena_env_var", **one, value=SECRET, account_to=str(path))
    assert OLD_SECRET not in path.read_text() and SECRET not in path.read_text()
    assert json.loads(path.read_text())["not_kept"] == ["update application_environment_variable acme/kiosk TOKEN"]
    done = undo(server, path)
    assert not done["changed"]
    assert sentences(done) == [
        "fleet acme/kiosk: variable TOKEN cannot be given back: what it was is a secret, which no account keeps. "
        "Set it again"
    ]


def test_a_secret_that_is_new_is_removed_unless_it_is_another_one_now(server, path):
    one = {"scope": "application", "application": FLEET, "secret": True}
    variables = {"TOKEN": SECRET, "PASSWORD": SECRET}
    ok(server, "balena_env_var", **one, variables=variables, account_to=str(path))
    ok(server, "balena_env_var", **one, name="TOKEN", value=OLD_SECRET)
    done = undo(server, path)
    assert done["changes"] == {"create": 0, "update": 0, "delete": 1}
    assert sentences(done) == [
        "fleet acme/kiosk: variable TOKEN is another secret now, was made as a secret by the change: left alone"
    ]
    assert SECRET not in str(done) and OLD_SECRET not in str(done)


def test_what_others_have_changed_since_is_left_alone_and_named(server, path):
    ok(server, "balena_env_var", **REGIONS, account_to=str(path))
    one = {"scope": "device", "devices": ["sign-01"]}
    ok(server, "balena_env_var", **one, name="REGION", value="us")
    ok(server, "balena_env_var", **one, name="OLD", value="2")
    ok(server, "balena_env_var", scope="device", devices=["sign-02"], name="NEW", state="absent")
    ok(server, "balena_env_var", scope="device", devices=["sign-03"], name="REGION", state="absent")
    done, first = undo(server, path), called(server, "sign-01")
    assert sorted(sentences(done)) == [
        f'fleet acme/kiosk, {first}: variable OLD is "2" now, was removed by the change: left alone',
        f'fleet acme/kiosk, {first}: variable REGION is "us" now, was set to "eu" by the change: left alone',
        f"fleet acme/kiosk, {called(server, 'sign-03')}: variable REGION is not there any more: left alone",
    ]
    values = {(row["device"], row["name"]): row["value"] for row in server.store.query("device_environment_variable")}
    ids = {name: device(server, name)["id"] for name in ("sign-01", "sign-02", "sign-03", "sign-04")}
    assert values[ids["sign-01"], "REGION"] == "us"
    assert values[ids["sign-02"], "OLD"] == "1"
    assert (ids["sign-03"], "REGION") not in values
    assert values[ids["sign-04"], "REGION"] == "it"
    assert not any(name == "NEW" for _id, name in values)


def test_what_is_gone_or_in_use_is_named(server, path):
    ok(server, "balena_fleet", **CONVERGE, account_to=str(path))
    gone, used = device(server, "sign-01"), device(server, "new-one")
    ok(server, "balena_device", uuid=gone["uuid"], state="absent")
    server.store.update("device", used["id"], os_version="balenaOS 6.0.41")
    said = sentences(undo(server, path))
    assert (
        "fleet acme/kiosk, device new-one (abababa): the device was made by the change and is left: it has been "
        "provisioned since"
    ) in said
    assert any(line.startswith(f"fleet acme/kiosk, device sign-01 ({gone['uuid'][:7]}): ") for line in said)


def test_a_deleted_device_cannot_come_back(server, path):
    ok(server, "balena_device", in_application=FLEET, devices=["sign-01"], state="absent", account_to=str(path))
    done = undo(server, path)
    assert not done["changed"]
    assert [one["why"] for one in done["left_alone"]] == ["lost"]
    assert "cannot be made again" in sentences(done)[0]


def test_a_fleet_that_was_made_goes_again_unless_somebody_lives_there(server, path):
    task = {"document": {"fleet": "acme/fresh", "device_type": "raspberrypi4-64", "tags": {"a": "b"}}}
    ok(server, "balena_fleet", **task, account_to=str(path))
    ok(server, "balena_device", application="acme/fresh", uuid="ef" * 16)
    assert "has devices, which would be deleted with it" in sentences(ok(server, "balena_undo", account=str(path)))[0]
    assert server.store.query("application", slug="acme/fresh")
    ok(server, "balena_device", uuid="ef" * 16, state="absent")
    assert undo(server, path)["changed"]
    assert not server.store.query("application", slug="acme/fresh")


def test_a_task_that_fails_half_way_can_be_undone_and_so_can_the_rest(server, path):
    before = exported(server)
    server.fault(path="/v7/device_environment_variable", method="PATCH", status=400, body_text="no", times=1)
    failed = run_task(server, "balena_env_var", **REGIONS, account_to=str(path))
    assert failed["failed"]
    assert json.loads(path.read_text())["state"] == "incomplete"
    ok(server, "balena_env_var", **REGIONS, account_to=str(path))
    assert json.loads(path.read_text())["state"] == "complete"
    undo(server, path)
    assert exported(server) == before


def test_a_run_that_was_killed_can_be_undone(server, path):
    """Whatever of it was made, also what belongs to what was made."""
    before = exported(server)
    for at in (1, 4, 9):
        with killed_after(at), pytest.raises(KeyboardInterrupt):
            run_task(server, "balena_fleet", **CONVERGE, account_to=str(path), max_connections=1)
        assert json.loads(path.read_text())["state"] == "begun"
        undo(server, path)
        assert exported(server) == before
        path.unlink()


def test_the_next_change_replaces_an_account_and_one_that_changes_nothing_does_not(server, path):
    one = {"scope": "application", "application": FLEET, "name": "LOG_LEVEL"}
    ok(server, "balena_env_var", **one, value="debug", account_to=str(path))
    known = path.read_text()
    assert not ok(server, "balena_env_var", **one, value="debug", account_to=str(path))["changed"]
    assert not ok(server, "balena_env_var", **one, value="trace", account_to=str(path), check_mode=True).get("failed")
    assert path.read_text() == known
    ok(server, "balena_env_var", **one, value="trace", account_to=str(path))
    undo(server, path)
    assert exported(server)["variables"]["env"]["LOG_LEVEL"] == "debug"


def test_undoing_can_be_undone(server, path, tmp_path):
    ok(server, "balena_env_var", **REGIONS, account_to=str(path))
    changed = exported(server)
    ok(server, "balena_undo", account=str(path), account_to=str(tmp_path / "redo.json"))
    assert exported(server) != changed
    undo(server, tmp_path / "redo.json")
    assert exported(server) == changed


def test_an_account_says_whose_it_is_and_only_the_user_reads_it(server, path):
    ok(server, "balena_env_var", **REGIONS, account_to=str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    content = json.loads(path.read_text())
    assert (content["server"], content["fleets"]) == (server.url, [FLEET])
    assert set(content["names"].values()) == {f"sign-{number:02d}" for number in range(1, 7)}


def test_limits_and_plan_files_hold_for_undoing(server, path, tmp_path):
    ok(server, "balena_env_var", **REGIONS, account_to=str(path))
    refused = run_task(server, "balena_undo", account=str(path), max_changes=3)
    assert "more than max_changes allows" in refused["msg"]
    ok(server, "balena_undo", account=str(path), plan_to=str(tmp_path / "plan.json"), check_mode=True)
    ok(server, "balena_env_var", scope="device", devices=["sign-01"], name="REGION", value="no")
    assert ok(server, "balena_undo", account=str(path), plan_from=str(tmp_path / "plan.json"))["changed"]


def edited(text):
    return text.replace('"eu"', '"us"')


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "", "is not an account that account_to has written"),
        (lambda text: "[" * 100_000, "is not an account that account_to has written"),
        (lambda text: '{"format": "plan/1"}', "is not an account that account_to has written"),
        (lambda text: '{"format": "account/1"}', "was changed since it was written"),
        (lambda text: text.replace("account/1", "account/2"), "has the format account/2, and this version"),
        (edited, "was changed since it was written"),
    ],
)
def test_a_file_that_is_no_account_or_was_edited_is_refused(server, path, change, says):
    ok(server, "balena_env_var", **REGIONS, account_to=str(path))
    path.write_text(change(path.read_text()))
    server.clear_requests()
    result = run_task(server, "balena_undo", account=str(path))
    assert f"account: {path} {says}" in result["msg"]
    task = {**REGIONS, "variables": {"REGION": "asia"}}
    again = run_task(server, "balena_env_var", **task, account_to=str(path))
    assert f"account_to: {path} {says}" in again["msg"]
    assert not writes(server)


def test_the_account_of_another_server_is_refused(server, path):
    ok(server, "balena_env_var", **REGIONS, account_to=str(path))
    with Emulator(seed=SEED) as other:
        result = run_task(other, "balena_undo", account=str(path))
        assert result["msg"] == f"account: {path} is of {server.url}, not of {other.url}"
        assert not writes(other)


def test_a_file_that_cannot_be_written_stops_the_task_before_it_changes_anything(server, tmp_path):
    result = run_task(server, "balena_env_var", **REGIONS, account_to=str(tmp_path / "no" / "account.json"))
    assert "account_to: " in result["msg"] and "cannot be written" in result["msg"]
    assert not writes(server)


def test_an_account_is_not_overwritten_by_that_of_undoing_it(server, path):
    ok(server, "balena_env_var", **REGIONS, account_to=str(path))
    result = run_task(server, "balena_undo", account=str(path), account_to=str(path))
    assert "account_to and account are the same file" in result["msg"]
    assert not run_task(server, "balena_undo", account=str(path)).get("failed")
