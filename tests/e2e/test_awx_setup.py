# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that sets AWX up: it fits the modules of awx.awx, makes all that jobs need, and can be repeated."""

from __future__ import annotations

import json
import subprocess
import sys

import jinja2
import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.support.ansible_runs import CHECKOUT, Ansible
from tests.support.awx_jobs import EXTENSION, PROJECT, job_templates, read_yaml, variables
from tests.support.awx_stand_in import TOKEN, awx_server

pytestmark = pytest.mark.once

SETUP = EXTENSION / "setup.yml"
SECRET = "the-api-token"
GIVEN = {
    "awx_project_url": "https://git.example.com/fleets.git",
    "awx_execution_environment_image": "registry.example.com/balena-ee:latest",
    "awx_balena_api_token": SECRET,
}


@pytest.fixture(scope="session", autouse=True)
def awx_collection():
    """The collection awx.awx is installed."""
    subprocess.run([sys.executable, str(CHECKOUT / ".ci" / "awx_collection.py")], check=True)


def test_the_modules_have_the_options_that_the_playbook_uses(tmp_path):
    tasks = read_yaml(EXTENSION / "tasks" / "objects.yml")
    used = {key: set(options) for task in tasks for key, options in task.items() if key.startswith("awx.awx.")}
    assert len(used) == len([task for task in tasks if not any("ansible.builtin." in key for key in task)]) >= 8
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
    environment = {"CONTROLLER_HOST": awx.url, "CONTROLLER_OAUTH_TOKEN": TOKEN, "ANSIBLE_PIPELINING": "1"}
    ansible = Ansible(tmp_path, environment)
    few = {"job_templates": [job_templates()["os_update.yml"]]}

    def run(status=0, **given):
        options = {name: value for name, value in {**GIVEN, **few, **given}.items() if value is not None}
        return ansible.playbook(SETUP, "-e", json.dumps(options), "-v", status=status)

    return run


def test_awx_is_set_up_once_and_a_token_is_replaced_only_when_that_is_said(awx, set_up):
    first = set_up(job_templates=None)
    assert first.recap()["changed"] == 8
    assert SECRET not in first.text
    assert_set_up(awx)
    awx.writes.clear()
    assert set_up().recap()["changed"] == 0
    # The module sends an inventory's kind each time, since it does not tell "not given" from "none".
    assert [path for _method, path in awx.writes] == ["/api/v2/projects/1/update/", "/api/v2/inventories/1/"]

    # Not even when something else of the credential changes, which AWX is told together with the token.
    other = {"awx_balena_api_token": "another-token", "awx_balena_api_url": "https://api.balena.example.com/"}
    changed = set_up(**other, job_templates=[])
    assert kept(awx) == (SECRET, "https://api.balena.example.com/")
    replaced = set_up(**other, awx_update_token=True, job_templates=[])
    assert kept(awx) == ("another-token", "https://api.balena.example.com/")
    assert "another-token" not in changed.text + replaced.text


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
        assert awx.credentials_of(template["name"]) == [credential["id"]]
        assert row["inventory"] == awx.one("inventories")["id"]
        assert row["execution_environment"] == awx.one("execution_environments")["id"]
        assert row["survey_enabled"]
        assert awx.survey(template["name"]) == template["survey"]
        assert row["job_slice_count"] == (3 if "slices" in template else 1)


def test_what_has_to_be_given_is_named(tmp_path):
    refused = Ansible(tmp_path).playbook(SETUP, "-e", "awx_project_url=https://git.example.com/x.git", status=2)
    assert "awx_execution_environment_image is empty: give it with -e" in refused.output


def test_the_credential_type_is_one_that_awx_takes():
    """The rules of C(CredentialTypeInputField) and C(CredentialTypeInjectorField) of AWX 24."""
    kind = variables("credential_type")
    fields, injectors = kind["credential_type_inputs"]["fields"], kind["credential_type_injectors"]
    names = [field["id"] for field in fields]
    assert set(kind["credential_type_inputs"]["required"]) <= set(names)
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
