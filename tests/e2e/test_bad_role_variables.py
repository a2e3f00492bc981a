# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever wrong value a role's variable gets, or however it is misspelt, the role says which, and touches nothing.

The table runs in this process, through what the roles' first task asks; that they do ask it is shown by one playbook.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.community.balena.plugins.plugin_utils.role_variables import Role
from emulator import Emulator
from tests.bad_inputs.calls import CALLS, SEED
from tests.bad_inputs.judging import KIND, fault
from tests.bad_inputs.roles import GIVEN, MODULES, bad_variables, variables
from tests.support.modules import argument_spec
from tests.support.roles import FOLDER, ROLES, role_options
from tests.support.tasks import run_task


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


def said_by_the_role(role, given):
    """What the role's first task says of variables."""
    return "; ".join(Role.at(FOLDER / role).mistakes(given, lambda value: value))


def said_by_its_modules(server, role, name, given):
    """What the modules say that get a variable, in which they call it by the name that is left without the role's."""
    bare = name.removeprefix(f"{role}_")
    for module in MODULES[role]:
        if bare in argument_spec(module):
            result = run_task(server, module, check_mode=True, **{**CALLS[module], bare: given[name]})
            if result.get("failed"):
                return result["msg"]
    return "was accepted"


@pytest.mark.parametrize("role", ROLES)
def test_what_the_wrong_variables_are_put_into_is_right(role):
    given = variables(role)
    assert said_by_the_role(role, given) == ""
    assert ArgumentSpecValidator(role_options(role)).validate(given).error_messages == []


@pytest.mark.parametrize("role", ROLES)
def test_a_variable_of_the_wrong_kind(server, role, count_tried):
    tried, faults = list(bad_variables(role)), {}
    for bad in tried:
        said, name = said_by_the_role(role, {**variables(role), **bad.given}), bad.option
        if not said and bad.option in bad.given:
            said, name = said_by_its_modules(server, role, bad.option, bad.given), bad.option.removeprefix(f"{role}_")
        if wrong := fault(said, name, bad.says):
            faults[f"{bad.option}, {bad.what}"] = wrong
    assert faults == {}
    assert server.writes() == []
    count_tried(KIND, "roles", role, len(tried))


#: Names that begin with the role's and are none of its variables.
MISSPELT: dict[str, dict[str, str]] = {
    "rollout": {
        "rollout_wave": "waves",
        "rollout_tags": "with_tags",
        "rollout_fleet": "application",
        "rollout_wait_timeout": "device_timeout",
        "rollout_sucess_percentage": "success_percentage",
        "rollout_max_failure": "max_failures",
        "rollout_gate": "gate_tasks",
        "rollout_canaries": "canary",
        "rollout_Soak": "soak",
    },
    "os_update": {"os_update_verison": "version", "os_update_supervisor": "supervisor_version"},
    "fleet": {"fleet_document": "documents", "fleet_max_change": "max_changes", "fleet_secret": "secrets"},
}


@pytest.mark.parametrize("role, name", [(role, name) for role, names in MISSPELT.items() for name in names])
def test_a_misspelt_variable(role, name):
    said = said_by_the_role(role, {**variables(role), name: ["50%"]})
    assert said == f"the role has no variable '{name}'; did you mean '{role}_{MISSPELT[role][name]}'?"


@pytest.mark.parametrize(
    "role, others",
    [
        ("rollout", ("status", "stage", "date", "owner", "ticket", "release_notes", "device_list", "report_folder")),
        ("rollout", ("result", "plan", "step", "stopped", "answer", "report_now", "in_awx")),
        ("os_update", ("start", "notes", "device_count", "version_before", "result", "plan", "os")),
        ("fleet", ("name", "url", "owner", "drift", "drift_left", "files", "names", "report_folder", "converged")),
    ],
)
def test_variables_of_other_uses_are_left_alone(role, others):
    assert said_by_the_role(role, {**variables(role), **{f"{role}_{name}": "x" for name in others}}) == ""


def test_what_a_variable_of_the_role_refers_to_is_left_alone():
    given = {**variables("rollout"), "rollout_wave": ["50%"], "rollout_waves": "{{ rollout_wave }}"}
    said = Role.at(FOLDER / "rollout").mistakes(
        given, lambda value: ["50%"] if value == "{{ rollout_wave }}" else value
    )
    assert said == []


def test_the_result_of_a_task_is_left_alone():
    assert said_by_the_role("fleet", {**variables("fleet"), "fleet_change": {"changed": False}}) == ""


#: A wrong variable, with what the role says; each through the role itself.
PLAYED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("rollout", {"rollout_wave": [1]}, "'rollout_wave'; did you mean 'rollout_waves'?"),
    ("rollout", {"rollout_waves": None}, "rollout_waves is given without a value (null)"),
    ("rollout", {"rollout_poll_interval": -1}, "rollout_poll_interval must be a number of seconds greater than 0"),
    ("rollout", {"rollout_with_tags": {}}, "rollout_with_tags is given but empty"),
    ("rollout", {"rollout_application": {"a": 1}}, "rollout_application must be text, not a mapping"),
    ("rollout", {"rollout_filter": "{{ omit }}", "rollout_seed": " "}, "rollout_seed is blank"),
    ("os_update", {"os_update_patience": 1e30}, "os_update_patience must be a number of seconds from 0 to 31622400"),
    ("os_update", {"os_update_verison": "1"}, "'os_update_verison'; did you mean 'os_update_version'?"),
    ("fleet", {"fleet_silent_days": -1}, "fleet_silent_days must be a number from 0 to 36525, not -1"),
    ("fleet", {"fleet_document": "x.yml"}, "'fleet_document'; did you mean 'fleet_documents'?"),
)


def test_the_roles_refuse_it_and_touch_nothing(emulator, ansible):
    emulator.clear_requests()
    tasks: list[dict[str, Any]] = []
    for role, given, says in PLAYED:
        include = {"name": f"community.balena.{role}"}
        refused = {"that": f"{says!r} in ansible_failed_result.msg", "fail_msg": "{{ ansible_failed_result.msg }}"}
        tasks += [
            {
                "block": [
                    {"ansible.builtin.include_role": include, "vars": {**GIVEN[role], **given}},
                    {"ansible.builtin.set_fact": {"accepted": True}},
                ],
                "rescue": [{"ansible.builtin.assert": refused}],
            },
            {"ansible.builtin.assert": {"that": "accepted is not defined", "fail_msg": f"{role} accepted {given}"}},
        ]
    ansible.tasks(tasks)
    assert emulator.requests() == []
