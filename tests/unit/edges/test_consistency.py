# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a module in several places agrees: options, documentation, action, target, examples."""

from __future__ import annotations

import ast
import importlib

import pytest
import yaml

from tests.support.ansible_runs import CHECKOUT
from tests.support.modules import (
    CHANGING,
    COLLECTION,
    MODULES,
    SHELL_MODULES,
    argument_spec,
    documentation,
    documented,
    fragment_options,
    fragments,
    module_of,
    returned,
)

TARGETS = CHECKOUT / "tests" / "integration" / "targets"

#: An option that only one fragment documents -> that fragment: a module with the option uses the fragment.
MARKS = {
    "api_token": {"api"},
    "max_changes": {"changes"},
    "limit": {"devices", "devices.in_application"},
    "success_percentage": {"waiting"},
    "expand": {"reading"},
    "query": {"reading", "reading.query"},
    "kind": {"variables"},
    "allow_invalidated": {"releases"},
    "waves": {"rollout"},
    "windows": {"windows"},
}
#: Modules that have an option of the same name with a meaning of its own, and so document it themselves.
OWN_MEANING = {("balena_release_info", "limit")}


@pytest.mark.parametrize("name", MODULES + SHELL_MODULES)
def test_the_documented_options_are_those_that_ansible_gets(name):
    spec, docs = argument_spec(name), documented(name)
    assert sorted(spec) == sorted(docs)
    for option, rules in spec.items():
        said = docs[option]
        assert said["type"] == rules.get("type", "str"), option
        assert said.get("default") == rules.get("default"), option
        assert said.get("choices") == rules.get("choices"), option
        assert said.get("required", False) == rules.get("required", False), option
        assert sorted(said.get("aliases", [])) == sorted(rules.get("aliases", [])), option
        assert said.get("elements") == rules.get("elements"), option


@pytest.mark.parametrize("name", MODULES)
def test_shared_options_are_documented_by_their_fragment(name):
    spec = argument_spec(name)
    for option, any_of in MARKS.items():
        if (name, option) not in OWN_MEANING:
            assert (option in spec) == bool(any_of & fragments(name)), option


@pytest.mark.parametrize("name", MODULES + SHELL_MODULES)
def test_no_option_is_documented_twice(name):
    seen: dict[str, str] = dict.fromkeys(documentation(name).get("options", {}), "the module itself")
    for fragment in sorted(fragments(name)):
        for option in fragment_options(fragment):
            assert option not in seen, f"{option}: {fragment} and {seen[option]}"
            seen[option] = fragment


def test_no_fragment_is_hidden_by_a_part_of_another():
    """Ansible takes C(community.balena.attributes.info) for the file C(info.py), if there is one."""
    parts = {fragment.partition(".")[2] for name in MODULES + SHELL_MODULES for fragment in fragments(name)}
    files = {path.stem for path in (CHECKOUT / "plugins" / "doc_fragments").glob("*.py")}
    assert parts & files == set()


@pytest.mark.parametrize("name", MODULES)
def test_an_info_module_reads_and_every_other_plans(name):
    module = module_of(name)
    info = name not in CHANGING
    assert (hasattr(module, "read"), hasattr(module, "plan")) == (info, not info)
    assert ("attributes.info" in fragments(name), "attributes" in fragments(name)) == (info, not info)


@pytest.mark.parametrize("name", MODULES + SHELL_MODULES)
def test_the_action_runs_the_module_of_its_name(name):
    action = importlib.import_module(f"{COLLECTION}.action.{name}")
    assert action.ActionModule.module is module_of(name)


def test_there_is_no_action_without_a_module():
    actions = {path.stem for path in (CHECKOUT / "plugins" / "action").glob("[a-z]*.py")}
    assert actions == {*MODULES, *SHELL_MODULES}


@pytest.mark.parametrize("name", MODULES + SHELL_MODULES)
def test_every_module_has_a_target_that_uses_it(name):
    tasks = [path.read_text(encoding="utf-8") for path in (TARGETS / name / "tasks").glob("*.yml")]
    assert any(f"community.balena.{name}:" in text for text in tasks)


@pytest.mark.parametrize("name", MODULES + SHELL_MODULES)
def test_what_a_module_returns_is_shown_by_a_sample(name):
    assert returned(name)
    for key, value in returned(name).items():
        assert {"description", "returned", "type", "sample"} <= set(value), key
    if name in CHANGING:
        assert {"changes", "diff", "failed_items"} <= set(returned(name))


@pytest.mark.parametrize("name", SHELL_MODULES)
def test_a_module_of_the_shell_has_nothing_of_the_api(name):
    if name.startswith("shell_"):
        assert {"shell"} <= fragments(name) <= {"shell", "shell_files", "diagnosis"}
    assert not {"api_url", "api_token", "max_changes"} & set(argument_spec(name))


@pytest.mark.parametrize("name", MODULES + SHELL_MODULES)
def test_every_example_names_its_task(name):
    examples = yaml.safe_load(module_of(name).EXAMPLES)
    used = [task for task in examples if f"community.balena.{name}" in task]
    assert len(used) >= 1 + (name != "shell_facts")
    assert all(task["name"] for task in examples)


def executable_lines(name: str) -> int:
    """Statements' lines of a module file without its documentation."""
    tree = ast.parse((CHECKOUT / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8"))
    texts = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
    nodes = [
        node
        for node in tree.body
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in texts)
    ]
    lines = {line for node in nodes for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return len(lines)


def test_module_files_hold_little_but_options_and_documentation():
    counts = sorted(executable_lines(name) for name in MODULES)
    assert counts[len(counts) // 2] <= 30
