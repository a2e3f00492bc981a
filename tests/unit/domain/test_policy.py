# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over plan files: what they find, and that a rule which could never find anything is refused."""

from __future__ import annotations

import copy
import json
import re
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.policy import plan as policy_plan
from ansible_collections.community.balena.plugins.module_utils.domain.policy.facts import Planned, facts
from ansible_collections.community.balena.plugins.module_utils.domain.policy.judging import judge
from ansible_collections.community.balena.plugins.module_utils.domain.policy.rules import Policy, read_policy
from ansible_collections.community.balena.plugins.module_utils.domain.policy.shapes import Shape, facts_shape
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError
from ansible_collections.community.balena.plugins.module_utils.performing import TaskFailure
from ansible_collections.community.balena.plugins.module_utils.without_api import perform_here
from tests.support.ansible_runs import CHECKOUT

FLEET, OTHER = "acme/kiosk", "acme/signs-production"
KITCHEN, BAR = "a" * 32, "b" * 32
#: A Friday, 12:30 in Berlin.
FRIDAY = datetime(2026, 11, 27, 11, 30, tzinfo=timezone.utc)
COST = {
    "devices": 12, "offline": 1, "restarts": 30, "services": {"web": 30}, "reboots": 0, "download_bytes": 5,
    "download_unknown": 0,
}  # fmt: skip
PLAN: dict[str, Any] = {
    "format": "plan/1",
    "server": "https://api.balena-cloud.com",
    "made_at": "2026-11-27T10:00:00.000Z",
    "salt": "00",
    "subjects": 3,
    "forecast": COST,
    "names": {KITCHEN: "kitchen", BAR: "bar"},
    "devices": {KITCHEN: {"name": "kitchen", "fleet": FLEET}, BAR: {"name": "bar", "fleet": OTHER}},
    "fleets": {FLEET: {"devices": 40}, OTHER: {"devices": 10}},
    "releases": {"12": {"version": "1.1.0-1700000000000", "commit": "c" * 40, "draft": True}},
    "steps": [
        {
            "action": "update",
            "resource": "device",
            "key": [KITCHEN],
            "before": {"is_pinned_on__release": None},
            "after": {"is_pinned_on__release": {"$id": [12, "1.1.0-1700000000000 (ccccccc)"]}},
        },
        {
            "action": "create",
            "resource": "device_environment_variable",
            "key": [KITCHEN, "PASSWORD"],
            "after": {"value": {"$secret": "5ec4e7"}},
            "secret": True,
        },
        {"action": "delete", "resource": "device_tag", "key": [BAR, "site"], "before": {"value": "oslo"}},
    ],
}
LABELS = {"production": [FLEET, "acme/*-production"]}


def verdict(when: str, content: Any = None, **more: Any) -> Any:
    """What a rule that denies finds in a plan, by default the one above: None, or names."""
    content = PLAN if content is None else content
    policy = read_policy({"rules": [rule(when, **more)], "labels": LABELS}, "p", "UTC")
    found = judge(policy, Planned(content, policy), [], FRIDAY)
    return found.denied[0]["found"] if found.denied else None


def wrong(policy: Any) -> str:
    """What is said of a policy that makes no sense."""
    with pytest.raises(DeclarationError) as caught:
        read_policy(policy, "policy", "UTC")
    return str(caught.value)


def rule(when: Any = "steps", **parts: Any) -> dict[str, Any]:
    return {"name": "rule", "when": when, "deny": "No", **parts}


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("steps[?action == 'delete' && contains(labels, 'production')]", ["delete device_tag bar (bbbbbbb) site"]),
        ("steps[?action == 'delete' && fleet == 'acme/kiosk']", None),
        ("fleets[?percent > `5`]", [OTHER]),
        ("fleets[?percent > `10`]", None),
        ("releases[?draft]", ["1.1.0-1700000000000"]),
        ("!forecast || forecast.restarts > `29`", []),
        ("!forecast || forecast.restarts > `30`", None),
        ("forecast.services.web > `29`", []),
        ("now.weekday == 'fri' && now.time >= '12:00'", None),
        ("counts.delete > `0` && counts.devices == `2`", []),
        ("kinds[?resource == 'device_tag']", ["device_tag"]),
        ("age_hours > `1.4` && age_hours < `1.6`", []),
        ("devices[].name", ["kitchen", "bar"]),
        ("!signed_by", []),
        ("length(steps[?secret]) > `0`", []),
        ("steps[?after.value == '5ec4e7']", None),
        ("steps[?before.value == 'oslo'].device", ["bar"]),
        ("sort_by(steps, &title)[?action == 'create'] | [0]", []),
        ("max_by(fleets, &percent).percent > `9`", []),
        ("map(&percent, fleets)[?@ > `9`]", []),
        ("contains(['fri', 'sat'], now.weekday)", []),
        ("steps[*].{what: action, name: device} | [?what == 'delete']", ["bar"]),
        ("steps[*].[action, device][] | [?@ == 'delete']", ["delete"]),
    ],
)
def test_a_rule_finds_what_it_asks_for(when, found):
    assert verdict(when) == found


def test_a_rule_is_judged_in_its_own_time_zone():
    noon = "now.weekday == 'fri' && now.time >= '12:00'"
    assert verdict(noon) is None
    assert verdict(noon, timezone="Europe/Berlin") == []


def test_a_change_of_a_fleet_reaches_all_of_its_devices():
    step = {"action": "create", "resource": "application_environment_variable", "key": [FLEET, "A"], "after": {}}
    assert verdict("fleets[?percent == `100`]", {**PLAN, "steps": [step]}) == [FLEET]


def test_a_plan_that_changes_nothing_costs_nothing():
    assert verdict("!forecast || forecast.restarts > `0`", {**PLAN, "steps": [], "forecast": {}}) is None


def test_what_was_planned_earlier_today_counts_with_it():
    policy = read_policy([rule("today.fleets[?percent > `4`]")], "p", "Europe/Berlin")
    other = {
        **PLAN,
        "salt": "01",
        "devices": {"c" * 32: {"name": "roof", "fleet": FLEET}},
        "steps": [{"action": "create", "resource": "device_tag", "key": ["c" * 32, "a"]}],
        "fleets": {FLEET: {"devices": 40}},
    }
    alone = {**PLAN, "fleets": {FLEET: {"devices": 40}}, "devices": {KITCHEN: PLAN["devices"][KITCHEN]}}
    alone["steps"] = PLAN["steps"][:2]

    def found(*earlier: Any) -> Any:
        return judge(policy, Planned(alone, policy), [Planned(one, policy) for one in earlier], FRIDAY).denied

    assert not found()
    assert not found(alone), "the plan itself does not count twice"
    assert not found({**other, "made_at": "2026-11-26T22:30:00Z"}), "yesterday in Berlin"
    assert found({**other, "made_at": "2026-11-26T23:30:00Z"})


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("steps[?acton == 'delete']", "a step has no 'acton'; did you mean 'action'?"),
        ("stepz", "the plan has no 'stepz'; did you mean 'steps'?"),
        ('steps[?action == "delete"]', "a step has no 'delete'"),
        ("steps[?action == 'deleted']", "it is never 'deleted'; did you mean 'delete'?"),
        ("steps[?'remove' == action]", "it is never 'remove', but create, update, delete, act"),
        ("now.weekday == 'Friday'", "it is never 'Friday'"),
        ("contains(['sat', 'sunday'], now.weekday)", "it is never"),
        ("steps[?contains(labels, 'prodution')]", "it is never 'prodution'; did you mean 'production'?"),
        ("steps.action == 'delete'", "'action' is asked of a list; its items are meant with []: [].action"),
        ("now.hour.minute", "'minute' is asked of a number"),
        ("fleets[?percent > 5]", "a number stands in backticks: `5`"),
        ("fleets[?percent > '5']", "a number is compared with the text '5'. A number stands in backticks: `5`"),
        ("fleets[?percent == '5']", "a number is compared with the text '5', and never equals it"),
        ("fleets > `5`", "a list is compared with a number"),
        ("length(steps)", "a number stands as a condition, which counts as true even if it is 0"),
        ("steps[?key && length(key)]", "a number stands as a condition"),
        ("!length(steps)", "a number stands as a condition"),
        ("now.weekday", "not whether it applies"),
        ("lenght(steps) > `1`", "unknown function lenght(); did you mean 'length'?"),
        ("length(steps, steps) > `1`", "length() has 2 arguments, and needs 1"),
        ("length(counts.steps) > `1`", "length() wants string or array or object, not a number"),
        ("counts[?steps]", "[?] wants a list"),
        ("steps.*.action", "* wants an object"),
        ("steps[?", "is not a JMESPath expression"),
        ("fleets[?contains(labels, 'any')]", "it is never 'any'"),
        ("sort_by(fleets, &percnt)", "a fleet has no 'percnt'"),
        ("((" * 5000, "is not a JMESPath expression"),
    ],
)
def test_a_rule_that_cannot_find_anything_is_refused_by_name_and_place(when, says):
    said = wrong({"rules": [rule(), rule(when, name="other")], "labels": LABELS})
    assert said.startswith("policy: rules[1] (other): when")
    assert says in said


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("a text", "policy must be a list of rules, or a mapping with rules, not text"),
        ([], "policy: rules must be a list with at least one rule"),
        ({"rulez": []}, "policy has the unknown key 'rulez'; did you mean 'rules'?"),
        ([rule(dney="x")], "policy: rules[0] (rule) has the unknown key 'dney'; did you mean 'deny'?"),
        (["x"], "policy: rules[0] must have name, when, and deny or warn"),
        ([rule(deny=True)], "policy: rules[0] (rule): deny must be a text, not true"),
        ([rule(deny="")], "policy: rules[0] (rule): deny must be a text, not blank"),
        ([rule(when=7)], "policy: rules[0] (rule): when must be a text, not a whole number"),
        ([rule(warn="both")], "policy: rules[0] (rule) needs either deny or warn"),
        ([{"name": "none", "when": "steps"}], "policy: rules[0] (none) needs either deny or warn"),
        ([{"when": "steps", "deny": "x"}], "policy: rules[0] has no name"),
        ([rule(), rule()], "policy: two rules are named 'rule'"),
        ([rule(timezone="Europe/Berln")], "policy: rules[0] (rule): timezone: 'Europe/Berln' is not known here"),
        ({"rules": [rule()], "labels": []}, "policy: labels must be a mapping"),
        ({"rules": [rule()], "labels": {"a": "acme/kiosk"}}, "policy: labels.a must be a list of fleets"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(policy, says):
    assert says in wrong(policy)


def test_all_that_is_wrong_is_said_at_once():
    said = wrong([rule("stepz"), rule(name="other", wehn="x")])
    assert "rules[0]" in said
    assert "rules[1]" in said


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("forecast.services.db > `1`", "it compares nothing with a number"),
        ("steps[0].after.value", "finds a text, not whether it applies"),
        ("starts_with(steps[0].after.value, 'x')", "starts_with() wants string, not null"),
    ],
)
def test_what_cannot_be_told_denies_instead_of_passing(when, says):
    content = copy.deepcopy(PLAN)
    content["steps"][0]["after"] = {"value": "x"} if "finds" in says else {}
    with pytest.raises(DeclarationError, match=r"p: rules\[0\] \(rule\)") as caught:
        verdict(when, content)
    assert says in str(caught.value)


def differing(value: Any, shape: Shape, path: str = "") -> list[str]:
    """Where a value is not of its shape."""
    if shape.kind == "any" or (shape.kind == "object" and shape.fields is None):
        return []
    if shape.fields is not None:
        if set(value) != set(shape.fields):
            return [f"{path}: {sorted(set(value) ^ set(shape.fields))}"]
        return [one for name in value for one in differing(value[name], shape.fields[name], f"{path}.{name}")]
    if shape.kind == "array":
        return [one for item in value for one in differing(item, shape.items or Shape(), f"{path}[]")]
    kinds: dict[str, Any] = {"string": str, "number": (int, float), "boolean": bool}
    fits = isinstance(value, kinds[shape.kind]) and (not shape.choices or value in shape.choices)
    return [] if fits else [f"{path}: {value!r}"]


def test_the_expressions_of_the_guide_can_be_asked():
    guide = (CHECKOUT / "docs" / "foresight.md").read_text(encoding="utf-8")
    table = guide.partition("| to deny |")[2].partition("\n\n")[0]
    found = [when.strip().replace("\\|", "|") for when in re.findall(r"\| ``(.+?)`` \|$", table, re.MULTILINE)]
    assert len(found) == table.count("\n") - 1
    rules = [rule(when, name=when) for when in found]
    assert len(read_policy(rules, "docs", "UTC").rules) == len(found)


def test_what_can_be_asked_is_what_is_there():
    policy = Policy([], LABELS)
    found = facts(Planned(PLAN, policy), [], FRIDAY, ("UTC", timezone.utc))
    assert differing(found, facts_shape(LABELS)) == []


@pytest.fixture
def files(tmp_path):
    """A plan and a policy in files."""
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "policy.yml").write_text("- name: rule\n  when: steps\n  deny: Stop\n")
    return tmp_path


def run(folder, **options: Any) -> dict[str, Any]:
    """The result of the module's work."""
    usual = {"plan": str(folder / "plan.json"), "policy": str(folder / "policy.yml"), "timezone": "UTC"}
    try:
        return perform_here(policy_plan.check, {"earlier": None, **usual, **options})
    except TaskFailure as failure:
        return {**failure.result, "failed": True}


def test_a_denial_fails_with_all_that_is_said(files):
    never = {"name": "never", "when": "`false`", "warn": "Look"}
    rules = [rule("steps", deny="Nothing at all."), rule("devices", name="two", deny="No devices"), never]
    done = run(files, policy=rules)
    assert done["failed"]
    assert done["verdict"] == "denied"
    assert done["msg"].startswith(f"2 rules deny the plan {files / 'plan.json'}. rule: Nothing at all. (update device ")
    assert "; two: No devices (kitchen, bar)" in done["msg"]
    assert [said["rule"] for said in done["denied"]] == ["rule", "two"]
    assert done["facts"]["counts"]["steps"] == 3
    assert "5ec4e7" not in json.dumps(done)


def test_a_warning_warns(files):
    done = run(files, policy=[{"name": "w", "when": "fleets", "warn": "Look"}])
    assert done["verdict"] == "warned"
    assert done["warnings"] == [f"w: Look ({FLEET}, {OTHER})"]
    assert not done["changed"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- name: a\n  when: steps\n  when: '!steps'\n  deny: x\n", "'when' is there twice in line 3, column 3"),
        ("- name: [\n", "is not YAML"),
        ("", "must be a list of rules"),
        ("- !!python/object/apply:os.getcwd []\n", "is not YAML"),
        ("- {? [a]: b}\n", "is not YAML"),
    ],
)
def test_a_policy_file_that_is_no_policy_is_refused_before_the_plan_is_read(files, text, says):
    (files / "policy.yml").write_text(text)
    done = run(files, plan="/nowhere/plan.json")
    assert done["msg"].startswith(f"policy: {files / 'policy.yml'}")
    assert says in done["msg"]


def test_files_that_are_not_there_are_named(files):
    assert "policy: /nowhere.yml cannot be read" in run(files, policy="/nowhere.yml")["msg"]
    assert "plan: /nowhere.json cannot be read" in run(files, plan="/nowhere.json")["msg"]
    assert "earlier: /nowhere.json cannot be read" in run(files, earlier=["/nowhere.json"])["msg"]


@pytest.mark.parametrize(
    "change",
    [
        {"fleets": {FLEET: {"devices": float("nan")}}},
        {"fleets": None},
        {"made_at": "yesterday"},
        {"forecast": {"restarts": 1}},
        {"devices": {KITCHEN: {"name": "kitchen"}}},
        {"releases": {"1": {"version": "1", "commit": "c", "draft": "no"}}},
        {"steps": [{"action": "delte", "resource": "device", "key": [KITCHEN]}]},
        {"steps": [{"action": "delete", "resource": "device", "key": []}]},
        {"steps": [{"action": "delete", "resource": "device", "key": [7]}]},
        {"steps": [{"action": "delete", "resource": "device", "key": ["a"], "before": []}]},
    ],
)
def test_a_plan_file_that_is_not_whole_is_refused(files, change):
    (files / "plan.json").write_text(json.dumps({**PLAN, **change}))
    done = run(files)
    assert "is not a plan that plan_to has written" in done["msg"]
    assert str(files / "plan.json") in done["msg"]


def test_an_odd_value_in_a_step_breaks_nothing(files):
    odd = {"action": "create", "resource": "device", "key": [KITCHEN], "after": {"a": {"$id": 5}, "b": [{"$new": 1}]}}
    (files / "plan.json").write_text(json.dumps({**PLAN, "steps": [odd]}))
    assert run(files)["verdict"] == "denied"
