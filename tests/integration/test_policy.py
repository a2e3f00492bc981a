# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy that the guide shows, asked of plans of modules: each rule denies what it is about, and no more."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
import yaml

from ansible_collections.community.balena.plugins.module_utils.domain.policy.plan import check
from ansible_collections.community.balena.plugins.module_utils.engine import dates
from ansible_collections.community.balena.plugins.module_utils.performing import TaskFailure
from ansible_collections.community.balena.plugins.module_utils.without_api import perform_here
from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT
from tests.support.tasks import run_task

FLEET, OTHER = "acme/kiosk", "acme/labs"
POLICY = CHECKOUT / "playbooks" / "policy" / "policy.yml"
RULES = [rule["name"] for rule in yaml.safe_load(POLICY.read_text(encoding="utf-8"))["rules"]]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)
#: 12:00 in Berlin.
FRIDAY = datetime(2026, 11, 27, 11, 0, tzinfo=timezone.utc)
APPLICATION = {
    "organization": "acme",
    "device_type": "raspberrypi4-64",
    "services": ["web"],
    "env": {"LOG_LEVEL": "info"},
    "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}, {"version": "2.0.0", "final": False}],
    "pin": "1.0.0",
}
SEED = {
    "random_seed": 4,
    "applications": [
        {**APPLICATION, "name": "kiosk", "devices": [{"name": "sign-{n:03d}", "count": 120, "release": "1.0.0"}]},
        {**APPLICATION, "name": "labs", "devices": [{"name": "lab-{n:03d}", "count": 20, "release": "1.0.0"}]},
    ],
}


@pytest.fixture(scope="module")
def running():
    with Emulator(seed=SEED) as emulator:
        yield emulator


@pytest.fixture
def server(running):
    running.reset()
    return running


@pytest.fixture
def clock(monkeypatch):
    """Sets the time for plans and for rules."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(dates, "now", lambda: moment)

    set_to(MONDAY)
    return set_to


@pytest.fixture
def judged(server, clock, tmp_path):
    """Plans with a module, and judges the plan by the policy; returns the names of the rules that deny and warn."""
    path = str(tmp_path / "plan.json")

    def judge(module: str, /, **options: Any) -> list[str]:
        planned = run_task(server, module, **options, plan_to=path, check_mode=True)
        assert planned["changed"], planned
        return rules_of(path)

    return judge


def rules_of(path: str, **options: Any) -> list[str]:
    want = {"plan": path, "policy": str(POLICY), "timezone": "UTC", "earlier": None, **options}
    try:
        result = perform_here(check, want)
    except TaskFailure as failure:
        result = failure.result
    return [said["rule"] for said in (*result["denied"], *result["warned"])]


def drafts(server: Emulator) -> str:
    """The version of the draft of a fleet."""
    rows = run_task(server, "balena_release_info", application=OTHER, fields=["raw_version", "is_final"])["releases"]
    return next(row["raw_version"] for row in rows if not row["is_final"])


VARIABLE = {"scope": "device", "name": "REGION", "value": "eu"}


def test_a_small_change_is_allowed(judged):
    assert judged("balena_env_var", **VARIABLE, application=FLEET, limit="6") == []


@pytest.mark.parametrize(("fleet", "rules"), [(FLEET, ["No deletion in production"]), (OTHER, [])])
def test_deletions_are_denied_in_production_fleets(judged, server, fleet, rules):
    one = {"scope": "device", "application": fleet, "limit": "1", "name": "OLD"}
    assert run_task(server, "balena_env_var", **one, value="x")["changed"]
    one = {"scope": "device", "application": fleet, "name": "OLD"}
    assert judged("balena_env_var", **one, state="absent") == rules


@pytest.mark.parametrize(("limit", "rules"), [("6", []), ("7", ["A few devices in a plan"])])
def test_at_most_five_percent_of_a_fleet(judged, limit, rules):
    assert judged("balena_env_var", **VARIABLE, application=FLEET, limit=limit) == rules


def test_a_variable_of_a_fleet_is_for_all_of_it(judged):
    options = {"scope": "application", "application": FLEET, "name": "LOG_LEVEL", "value": "debug"}
    denied = judged("balena_env_var", **options)
    assert denied == ["A few devices in a plan", "A few devices a day", "Few restarts"]


def test_plans_of_a_day_count_together(server, clock, tmp_path):
    paths = [str(tmp_path / f"{site}.json") for site in range(5)]
    names = [f"sign-{number:03d}" for number in range(1, 26)]
    for number, path in enumerate(paths):
        devices = names[5 * number : 5 * number + 5]
        done = run_task(
            server, "balena_env_var", **VARIABLE, application=FLEET, devices=devices, plan_to=path, check_mode=True
        )
        assert not done.get("failed"), done["msg"]
    assert rules_of(paths[4], earlier=paths[:4]) == ["A few devices a day"]
    assert rules_of(paths[4], earlier=paths[1:]) == []
    clock(datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc))
    assert rules_of(paths[4], earlier=paths[:4]) == []


@pytest.mark.parametrize("release", ["draft", "1.1.0"])
@pytest.mark.parametrize("scope", ["device", "application"])
def test_drafts_are_denied_by_whatever_plan_gives_them(judged, server, scope, release):
    options = {"application": OTHER, **({"limit": "1"} if scope == "device" else {})}
    version = drafts(server) if release == "draft" else release
    found = judged("balena_release_pin", scope=scope, release=version, **options)
    assert ("No drafts" in found) == (release == "draft")


@pytest.mark.parametrize(
    ("moment", "frozen"),
    [
        (FRIDAY, True),
        (datetime(2026, 11, 27, 10, 59, tzinfo=timezone.utc), False),
        (datetime(2026, 11, 29, 22, 59, tzinfo=timezone.utc), True),
        (datetime(2026, 11, 29, 23, 0, tzinfo=timezone.utc), False),
    ],
)
def test_from_friday_noon_on_in_berlin_nothing_changes(judged, clock, moment, frozen):
    clock(moment)
    assert judged("balena_env_var", **VARIABLE, application=FLEET, limit="1") == (["Freeze"] if frozen else [])


def test_an_old_plan_is_warned_of(judged, server, clock, tmp_path):
    assert judged("balena_env_var", **VARIABLE, application=FLEET, limit="1") == []
    clock(datetime(2026, 11, 24, 9, 1, tzinfo=timezone.utc))
    assert rules_of(str(tmp_path / "plan.json")) == ["A plan grows old"]


def test_every_rule_of_the_guide_is_tried():
    text = (CHECKOUT / "tests" / "integration" / "test_policy.py").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f'"{rule}"' not in text] == []


def test_devices_of_a_document_count_once_however_they_are_called(server, clock, tmp_path):
    path = tmp_path / "plan.json"
    document = {
        "fleet": OTHER,
        "devices": [{"name": "lab-001", "env": {"A": "1"}, "release": "1.1.0", "tags": {"site": "oslo"}}],
        "groups": [{"name": "all", "match": {"site": "rome"}, "env": {"B": "1"}}],
    }
    done = run_task(server, "balena_fleet", document=document, plan_to=str(path), check_mode=True)
    assert not done.get("failed"), done["msg"]
    content = json.loads(path.read_text())
    assert content["fleets"] == {OTHER: {"devices": 20}}
    want = {"plan": str(path), "policy": [{"name": "r", "when": "`true`", "warn": "x"}], "timezone": "UTC"}
    facts = perform_here(check, {**want, "earlier": None})["facts"]
    assert facts["counts"]["devices"] == 1
    assert facts["fleets"][0]["percent"] == 5
    assert facts["counts"]["steps"] >= 3


@pytest.mark.parametrize("devices", [3, 120])
def test_what_a_plan_is_about_is_read_in_a_constant_number_of_requests(server, tmp_path, devices):
    options = {**VARIABLE, "application": FLEET, "limit": str(devices)}

    def requests(**more: Any) -> int:
        server.clear_requests()
        assert run_task(server, "balena_env_var", **options, **more, check_mode=True)["changed"]
        return len(server.requests())

    assert requests(plan_to=str(tmp_path / "plan.json")) == requests() + 2
