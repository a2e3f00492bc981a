# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that sets AWX up: it fits the modules of awx.awx, makes all that jobs need, and can be repeated."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import jinja2
import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.support.ansible_runs import CHECKOUT, Ansible
from tests.support.awx_jobs import EXTENSION, PROJECT, job_templates, read_yaml, variables
from tests.support.awx_rules import RefusedError
from tests.support.awx_stand_in import TOKEN, awx_server

pytestmark = pytest.mark.once

SETUP = EXTENSION / "setup.yml"
SECRET = "the-api-token"
HIDDEN = "the-fleet-secret"
WEBHOOK_PASSWORD = "the-webhook-password"
HOOK = {"url": "https://hooks.example.com/awx", "username": "awx", "password": WEBHOOK_PASSWORD}
WEBHOOK = {"awx_notification_type": "webhook", "awx_notification_configuration": HOOK}
WORKFLOW = "balena: roll a release out with approvals"
GIVEN = {
    "awx_project_url": "https://git.example.com/fleets.git",
    "awx_execution_environment_image": "registry.example.com/balena-ee:latest",
    "awx_balena_api_token": SECRET,
}


@pytest.fixture(scope="session", autouse=True)
def awx_collection():
    """The collection awx.awx is installed."""
    subprocess.run([sys.executable, str(CHECKOUT / "tests" / "support" / "awx_collection.py")], check=True)


def test_the_modules_have_the_options_that_the_playbook_uses(tmp_path):
    tasks = [task for path in (EXTENSION / "tasks").glob("*.yml") for task in read_yaml(path)]
    used = {key: set(options) for task in tasks for key, options in task.items() if key.startswith("awx.awx.")}
    assert len(used) == 11
    documented = Ansible(tmp_path).doc("--json", *used).json
    for name, options in used.items():
        known = documented[name]["doc"]["options"]
        assert options <= set(known), name
        assert {option for option, rules in known.items() if rules.get("required")} <= options, name


@pytest.fixture
def awx():
    with awx_server(PROJECT) as running:
        yield running


@pytest.fixture
def set_up(awx, tmp_path):
    """Run the playbook as far as one job template, unless told otherwise: each object takes a process of its own."""
    environment = {
        "CONTROLLER_HOST": awx.url,
        "CONTROLLER_OAUTH_TOKEN": TOKEN,
        "ANSIBLE_PIPELINING": "1",
        # For each of its requests, a module reads all certificates that the machine trusts, also without TLS.
        "SSL_CERT_FILE": os.devnull,
    }
    ansible = Ansible(tmp_path, environment)
    few = {"job_templates": [job_templates()["os_update.yml"]]}

    def run(status=0, *, check=False, **given):
        options = {name: value for name, value in {**GIVEN, **few, **given}.items() if value is not None}
        more = ["--check"] if check else []
        return ansible.playbook(SETUP, "-e", json.dumps(options), "-v", *more, status=status)

    return run


def test_everything_is_made_once(awx, set_up):
    everything = {"awx_fleet_secrets": {"mqtt": HIDDEN}, **WEBHOOK, "awx_workflow_canary": "ring=canary"}
    first = set_up(job_templates=None, **everything)
    assert first.recap()["changed"] == 13
    assert_set_up(awx)
    assert_scheduled(awx)
    assert_workflow(awx)
    assert_notified(awx)
    awx.writes.clear()
    second = set_up(job_templates=None, **everything)
    assert second.recap()["changed"] == 0
    assert [path for _method, path in awx.writes] == [f"{awx.one('projects')['url']}update/"]
    awx.writes.clear()
    checked = set_up(job_templates=None, check=True, **everything)
    assert checked.recap()["changed"] == 0
    assert awx.writes == []
    for secret in (SECRET, HIDDEN, WEBHOOK_PASSWORD):
        assert secret not in first.text + second.text + checked.text


def test_a_token_is_replaced_only_when_that_is_said(awx, set_up):
    set_up(job_templates=[])
    # Not even when something else of the credential changes, which AWX is told together with the token.
    other = {"awx_balena_api_token": "another-token", "awx_balena_api_url": "https://api.balena.example.com/"}
    changed = set_up(**other, job_templates=[])
    assert kept(awx) == (SECRET, "https://api.balena.example.com/")
    replaced = set_up(**other, awx_update_token=True, job_templates=[])
    assert kept(awx) == ("another-token", "https://api.balena.example.com/")
    assert "another-token" not in changed.text + replaced.text


def test_check_mode_says_what_would_be_made_where_nothing_is(awx, set_up):
    foreseen = set_up(job_templates=None, check=True)
    assert awx.writes == []
    for name in (
        "credential type", "credential", "execution environment", "project", "inventory", "inventory source",
        "balena: converge fleets", "balena: nightly drift report", "balena: roll a release out with approvals",
    ):  # fmt: skip
        assert f'"msg": "{name}"' in foreseen.output, name
    assert '"msg": "fleet secrets"' not in foreseen.output
    assert '"msg": "notification"' not in foreseen.output
    assert foreseen.recap()["changed"] == 1


def test_check_mode_copes_with_what_is_made_in_part(awx, set_up):
    organization = awx.one("organizations", "Default")["id"]
    image = awx.create("execution_environments", {"name": "balena", "organization": organization, "image": "other"})
    awx.create("inventories", {"name": "balena", "organization": organization})
    template = awx.create("projects", {"name": "balena", "organization": organization, "scm_revision": "1"})
    playbook = {"playbook": "playbooks/os_update.yml", "project": template["id"], "survey_enabled": True}
    awx.create("job_templates", {"name": "balena: update the OS", "organization": organization, **playbook})
    foreseen = set_up(check=True)
    assert awx.writes == []
    assert '"msg": "credential"' in foreseen.output
    waiting = foreseen.output.partition("Would be looked at when these are there")[2]
    assert '"msg": "balena: update the OS"' in waiting and '"msg": "project"' not in waiting
    # Made and waiting, the execution environment with its other image, the project and the inventory.
    assert foreseen.recap()["changed"] == 5
    assert image["image"] == "other"


def test_a_changed_workflow_is_made_anew_and_nothing_else_is(awx, set_up):
    rollout = {"job_templates": [job_templates()["rollout.yml"]]}
    set_up(**rollout, awx_workflow_waves=["10%", "100%"])
    assert graph(awx) == {"wave-1": ["approve-2"], "approve-2": ["wave-2"], "wave-2": []}
    awx.writes.clear()
    more = {"awx_workflow_roll_back_when_denied": True, "awx_workflow_approval_timeout": 3600}
    set_up(**rollout, awx_workflow_waves=["100%", 5], **more)
    assert graph(awx) == {"wave-1": ["approve-2"], "approve-2": ["wave-2", "roll-back"], "wave-2": [], "roll-back": []}
    assert awx.one("workflow_approval_templates", "Approve wave 2 (5)")["timeout"] == 3600
    assert not [path for _method, path in awx.writes if "job_templates" in path and "workflow" not in path]


def graph(awx):
    """The nodes of the workflow, with those that follow each."""
    names = {row["id"]: row["identifier"] for row in awx.all("workflow_job_template_nodes")}
    links = ("success_nodes", "failure_nodes", "always_nodes")
    return {
        row["identifier"]: [names[each] for kind in links for each in awx.linked(row, kind)]
        for row in awx.all("workflow_job_template_nodes")
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"awx_drift_time": "25:00"}, "give it as hours and minutes"),
        ({"awx_notification_type": "pigeon"}, "awx_notification_type is 'pigeon'"),
        ({"awx_fleet_secrets": {"mqtt": 17}}, "the secret 'mqtt' in awx_fleet_secrets is not text"),
        (
            {"awx_notification_type": "email", "awx_notification_configuration": {"host": "x"}},
            "Missing required fields",
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(awx, set_up, given, message):
    refused = set_up(2, **given)
    assert message in refused.output
    assert awx.all("job_templates") == []


def test_awx_refuses_a_schedule_in_no_time_zone(awx, set_up):
    refused = set_up(2, job_templates=[job_templates()["drift.yml"]], awx_drift_timezone="Europe/Nowhere")
    assert "A valid TZID must be provided" in refused.output


def test_the_secrets_of_a_notification_are_kept(awx, set_up):
    set_up(job_templates=[], **WEBHOOK)
    other = {**HOOK, "password": "next", "url": "https://other.example.com/"}
    changed = set_up(job_templates=[], **{**WEBHOOK, "awx_notification_configuration": other})
    kept_of = awx.one("notification_templates")["notification_configuration"]
    assert (kept_of["url"], kept_of["password"]) == ("https://other.example.com/", WEBHOOK_PASSWORD)
    more = {**WEBHOOK, "awx_notification_configuration": other, "awx_update_notification_secrets": True}
    replaced = set_up(job_templates=[], **more)
    assert awx.one("notification_templates")["notification_configuration"]["password"] == "next"
    assert '"next"' not in changed.text + replaced.text


def test_launches_need_only_what_nobody_can_guess(awx, set_up):
    set_up()
    awx.launch("balena: update the OS", {"asked_application": "acme/kiosk"})
    with pytest.raises(RefusedError, match="'asked_application' value missing"):
        awx.launch("balena: update the OS", {"asked_version": "latest"})


def kept(awx):
    """Token and address of the credential."""
    inputs = awx.one("credentials")["inputs"]
    return inputs["api_token"], inputs["api_url"]


def test_a_failed_first_update_of_the_project_is_made_up_for(awx, set_up):
    failed = set_up(2, awx_project_branch=awx.missing_branch)
    assert "The Project Update - balena, failed" in failed.output
    assert awx.all("job_templates") == []
    awx.missing_branch = ""
    set_up(awx_project_branch="no-such-branch")
    assert [row["name"] for row in awx.all("job_templates")] == ["balena: update the OS"]


def test_an_organization_that_is_not_there_is_named(awx, set_up):
    refused = set_up(2, awx_organization="Field Service")
    assert "AWX has no organization 'Field Service'" in refused.output
    assert "censored" not in refused.text
    assert awx.writes == []


def test_what_awx_says_of_the_credential_is_shown_without_the_token(awx, set_up):
    refused = set_up(2, credential_type_name="balena API", awx_balena_ca_certificate="refuse this")
    assert "the certificate is none" in refused.text
    assert "censored" not in refused.text and SECRET not in refused.text


def assert_set_up(awx):
    """All that a job needs is there, and each template knows what it asks."""
    credential = awx.one("credentials")
    assert credential["inputs"]["api_token"] == SECRET
    source = awx.one("inventory_sources")
    assert source["source_path"] == "inventory/fleet.balena.yml"
    assert (PROJECT / source["source_path"]).is_file()
    assert source["source_project"] == awx.one("projects")["id"]
    # A sync gets neither the credential of a job template nor its extra vars.
    assert source["credential"] == credential["id"]
    templates = list(job_templates().values())
    assert [row["name"] for row in awx.all("job_templates")] == [template["name"] for template in templates]
    for template in templates:
        row = awx.one("job_templates", template["name"])
        secrets = [awx.one("credentials", "balena fleet secrets")["id"]] if template.get("secrets") else []
        assert awx.credentials_of(template["name"]) == [credential["id"], *secrets]
        assert row["inventory"] == awx.one("inventories")["id"]
        assert row["execution_environment"] == awx.one("execution_environments")["id"]
        assert row["survey_enabled"]
        assert awx.survey(template["name"]) == template["survey"]
        assert row["job_slice_count"] == (3 if "slices" in template else 1)


def assert_scheduled(awx):
    schedule = awx.one("schedules", "balena: nightly drift report")
    assert schedule["unified_job_template"] == awx.one("job_templates", "balena: drift report")["id"]
    assert schedule["rrule"] == "DTSTART;TZID=UTC:20260101T030000 RRULE:FREQ=DAILY;INTERVAL=1"
    assert schedule["extra_data"] == {
        "asked_documents": "fleets", "asked_silent_days": 30, "asked_fail": "yes", "asked_report": "none",
    }  # fmt: skip
    assert schedule["enabled"] is True


def assert_workflow(awx):
    """A wave for the canaries and each of the others, with an approval between them."""
    assert list(graph(awx).items()) == [
        ("wave-1", ["approve-2"]), ("approve-2", ["wave-2"]), ("wave-2", ["approve-3"]), ("approve-3", ["wave-3"]),
        ("wave-3", ["approve-4"]), ("approve-4", ["wave-4"]), ("wave-4", ["approve-5"]), ("approve-5", ["wave-5"]),
        ("wave-5", []),
    ]  # fmt: skip
    nodes = {row["identifier"]: row for row in awx.all("workflow_job_template_nodes")}
    assert nodes["wave-3"]["extra_data"] == {
        "asked_waves": "1%, 10%, 50%, 100%", "asked_canary": "ring=canary", "asked_approval": "all",
        "asked_approved": 3, "asked_outside_window": "wait",
    }  # fmt: skip
    assert nodes["wave-3"]["unified_job_template"] == awx.one("job_templates", "balena: roll a release out")["id"]
    names = [row["name"] for row in awx.all("workflow_approval_templates")]
    assert names == [f"Approve wave {number}" for number in ("2 (1%)", "3 (10%)", "4 (50%)", "5 (100%)")]
    asked = {question["variable"] for question in awx.survey(WORKFLOW, "workflow_job_templates")}
    assert {"asked_application", "asked_release", "asked_windows"} <= asked
    assert not asked & {variable for node in nodes.values() for variable in node["extra_data"]}


def assert_notified(awx):
    notification = awx.one("notification_templates")
    assert notification["notification_configuration"]["password"] == WEBHOOK_PASSWORD
    for template in awx.all("job_templates"):
        assert awx.linked(template, "notification_templates_error") == [notification["id"]]
    workflow = awx.one("workflow_job_templates", WORKFLOW)
    assert awx.linked(workflow, "notification_templates_approvals") == [notification["id"]]


def test_what_has_to_be_given_is_named(tmp_path):
    refused = Ansible(tmp_path).playbook(SETUP, "-e", "awx_project_url=https://git.example.com/x.git", status=2)
    assert "awx_execution_environment_image is empty: give it with -e" in refused.output


@pytest.mark.parametrize(("file", "prefix"), [("credential_type", "credential"), ("fleet_secrets", "fleet_secrets")])
def test_the_credential_type_is_one_that_awx_takes(file, prefix):
    """The rules of C(CredentialTypeInputField) and C(CredentialTypeInjectorField) of AWX 24."""
    kind = variables(file)
    inputs, injectors = kind[f"{prefix}_type_inputs"], kind[f"{prefix}_type_injectors"]
    fields = inputs["fields"]
    names = [field["id"] for field in fields]
    assert set(inputs["required"]) <= set(names)
    for field in fields:
        assert {"id", "label", "type"} <= set(field)
        assert set(field) <= {"id", "label", "type", "help_text", "secret", "multiline", "format", "choices", "default"}
        assert field["type"] == "string" or not {"secret", "multiline", "format", "choices"} & set(field)
    assert set(injectors) <= {"file", "env", "extra_vars"}
    assert not [name for name in injectors["env"] if name.startswith("ANSIBLE_")]
    sandbox = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    files = {key.partition(".")[2]: "EXAMPLE_FILENAME" for key in injectors["file"]}
    known = {**dict.fromkeys(names, "EXAMPLE"), "tower": {"filename": files}}
    for template in [*injectors["file"].values(), *injectors["env"].values()]:
        assert "EXAMPLE" in sandbox.from_string(template).render(known) or "'false'" in template
