# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that one run writes is what another run makes, as long as it still fits."""

from __future__ import annotations

import json

import pytest

from emulator import Emulator
from tests.support.tasks import run_task

FLEET = "acme/kiosk"
SECRET = "correct-horse-battery"
SEED = {
    "random_seed": 2,
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "services": ["web"],
            "env": {"LOG_LEVEL": "info"},
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}],
            "pin": "1.0.0",
            "devices": [
                {"name": "sign|{n:02d}<b>", "count": 12, "release": "1.0.0", "tags": {"site": ["oslo", "rome"]}}
            ],
        }
    ],
}
DOCUMENT = {
    "fleet": FLEET,
    "variables": {"env": {"LOG_LEVEL": "debug", "PASSWORD": {"secret": "password"}}},
    "device_defaults": {"env": {"REGION": "eu"}},
    "release": "1.1.0",
}
TASK = {"document": DOCUMENT, "secrets": {"password": SECRET}}


@pytest.fixture
def server():
    with Emulator(seed=SEED) as emulator:
        yield emulator


@pytest.fixture
def planned(server, tmp_path):
    """A plan of the document, written down."""
    path = tmp_path / "plan.json"
    files = {"plan_to": str(path), "plan_summary": str(tmp_path / "plan.md")}
    result = run_task(server, "balena_fleet", **TASK, **files, check_mode=True)
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
    return path


def writes(server):
    return [request for request in server.requests() if request.method not in ("GET", "HEAD")]


def test_a_plan_is_made_as_it_was_written_and_a_second_run_has_nothing_to_do(server, planned):
    done = run_task(server, "balena_fleet", **TASK, plan_from=str(planned))
    assert not done.get("failed"), done["msg"]
    assert sum(done["changes"].values()) == len(json.loads(planned.read_text())["steps"])
    assert not run_task(server, "balena_fleet", **TASK, plan_from=str(planned))["changed"]


def test_a_file_says_everything_but_secrets(planned):
    text = planned.read_text()
    assert planned.stat().st_mode & 0o777 == 0o600
    assert SECRET not in text
    assert "debug" in text
    content = json.loads(text)
    assert content["forecast"]["restarts"] == 12
    assert sorted(content["names"].values())[0] == "sign|01<b>"


def test_markdown_names_devices_and_groups_what_changes_alike(planned):
    text = (planned.parent / "plan.md").read_text()
    assert SECRET not in text
    assert "12 containers restarted (web 12)" in text
    (regions,) = [line for line in text.splitlines() if "REGION" in line]
    assert "12: sign\\|01\\<b\\>" in regions
    assert regions.endswith("and 2 more |")
    assert "| update application environment variable LOG\\_LEVEL | info | debug | acme/kiosk |" in text
    assert "(secret)" in text


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            {"scope": "application", "application": FLEET, "name": "LOG_LEVEL", "value": "trace"},
            "update application_environment_variable acme/kiosk LOG_LEVEL: it was {\"value\": \"info\"}, and is "
            '{"value": "trace"} now',
        ),
        (
            {"scope": "device", "application": FLEET, "limit": "1", "name": "REGION", "value": "us"},
            "REGION is not in it",
        ),
    ],
)  # fmt: skip
def test_what_has_changed_since_is_named_and_nothing_is_written(server, planned, change, named):
    assert run_task(server, "balena_env_var", **change)["changed"]
    server.clear_requests()
    result = run_task(server, "balena_fleet", **TASK, plan_from=str(planned))
    assert result["failed"]
    assert named in result["msg"]
    assert result["msg"].startswith(f"Nothing was written: {planned} does not fit any more")
    assert not writes(server)


def test_another_secret_is_refused_without_being_shown(server, planned):
    result = run_task(
        server, "balena_fleet", document=DOCUMENT, secrets={"password": "battery-staple"}, plan_from=str(planned)
    )
    assert "PASSWORD: a secret is another one now" in result["msg"]
    assert "battery-staple" not in result["msg"]


def test_what_somebody_has_made_of_it_already_is_left_out(server, planned):
    one = {"scope": "application", "application": FLEET, "name": "LOG_LEVEL", "value": "debug"}
    assert run_task(server, "balena_env_var", **one)["changed"]
    done = run_task(server, "balena_fleet", **TASK, plan_from=str(planned))
    assert not done.get("failed"), done["msg"]
    assert sum(done["changes"].values()) == len(json.loads(planned.read_text())["steps"]) - 1


def test_a_device_that_came_since_is_not_changed(server, planned):
    made = run_task(server, "balena_device", uuid="ab" * 16, name="new", application=FLEET)
    assert not made.get("failed"), made["msg"]
    result = run_task(server, "balena_fleet", **TASK, plan_from=str(planned))
    assert "new (abababa) REGION" in result["msg"]
    assert "is not in it" in result["msg"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("", "is not a plan that plan_to has written"),
        ("[" * 100_000, "is not a plan that plan_to has written"),
        ('{"format": "plan/1"}', "is not a plan that plan_to has written"),
        ('{"format": "plan/1", "salt": "zz", "steps": []}', "is not a plan that plan_to has written"),
        ('{"format": "plan/1", "salt": "00", "steps": [7]}', "is not a plan that plan_to has written"),
        ('{"format": "plan/1", "salt": "00", "steps": []}', "is a plan for None, not for"),
    ],
)
def test_a_file_that_is_no_plan_for_this_server_is_refused_by_name(server, tmp_path, content, says):
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content)
    result = run_task(server, "balena_fleet", **TASK, plan_from=str(path))
    assert says in result["msg"]
    assert str(path) in result["msg"]
    assert not writes(server)


def test_a_plan_is_only_written_in_check_mode(server, tmp_path):
    result = run_task(server, "balena_fleet", **TASK, plan_to=str(tmp_path / "plan.json"))
    assert "plan_to writes down a plan that is not made yet, so it needs check mode" in result["msg"]
    assert not writes(server)


def test_a_file_that_cannot_be_written_is_an_error(server, tmp_path):
    result = run_task(server, "balena_fleet", **TASK, plan_to=str(tmp_path / "no" / "plan.json"), check_mode=True)
    assert "plan_to: " in result["msg"]
    assert "cannot be written: No such file or directory" in result["msg"]
