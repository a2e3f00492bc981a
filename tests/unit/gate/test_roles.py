# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role says the same of its variables in its specification, its defaults and its README; all playbooks are run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests.support.ansible_runs import CHECKOUT
from tests.support.playbooks import NAMES, PLAYBOOKS, is_playbook
from tests.support.repository import load, read
from tests.support.roles import FOLDER, ROLES, role_defaults, role_options


def readme_rows(role: str) -> dict[str, list[str]]:
    """The rows of the README's tables that are about a variable: the cells behind its name."""
    rows = re.findall(r"^\| *`(\w+)` *\|(.*)\|$", read(f"roles/{role}/README.md"), re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def test_every_role_has_a_specification():
    folders = {path.name for path in (CHECKOUT / "roles").glob("*") if path.is_dir()}
    assert folders == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_those_of_the_specification(role):
    specified = {name: said["default"] for name, said in role_options(role).items() if "default" in said}
    assert role_defaults(role) == specified


@pytest.mark.parametrize("role", ROLES)
def test_the_readme_has_a_row_for_every_variable(role):
    options, rows = role_options(role), readme_rows(role)
    assert sorted(rows) == sorted(options)
    for name, said in options.items():
        default = said.get("default")
        if default not in (None, ""):
            shown = [yaml.safe_load(cell.strip("`")) for cell in rows[name] if re.fullmatch("`[^`]+`", cell)]
            assert default in shown, f"{name}: no cell of the row is `{default}`"


@pytest.mark.parametrize("role", ROLES)
def test_variables_begin_with_the_name_of_the_role_and_are_described(role):
    for name, said in role_options(role).items():
        assert name.startswith(f"{role}_"), name
        assert said["type"] and said["description"], name


@pytest.mark.parametrize("role", ROLES)
def test_the_role_is_for_the_versions_of_the_collection(role):
    needed = load(f"roles/{role}/meta/main.yml")["galaxy_info"]["min_ansible_version"]
    assert load("meta/runtime.yml")["requires_ansible"] == f">={needed}"


def texts_of_tests() -> set[str]:
    """All texts in the code of the tests, without those that only name what they leave out."""
    texts = set()
    for path in (CHECKOUT / "tests").rglob("*.py"):
        if path.name not in (Path(__file__).name, "playbooks.py"):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            texts |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return texts


def test_every_playbook_is_run_by_a_test():
    texts, playbooks = texts_of_tests(), [path for path in PLAYBOOKS.rglob("*.yml") if is_playbook(path)]
    for path in playbooks:
        name = str(path.relative_to(PLAYBOOKS))
        alone = [other.name for other in playbooks].count(path.name) == 1
        named = {name, f"playbooks/{name}", *([path.name] if alone else [])} & texts
        assert name in NAMES or named, f"playbooks/{name}: no test names it"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_no_part_in_the_variables_and_tasks_of_another(role):
    others = "|".join(other for other in ROLES if other != role)
    foreign = re.compile(rf"\b(?:{others})_\w+|(?:include|import)_role")
    texts = {
        path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8")
        for path in (FOLDER / role).rglob("*")
        if path.suffix in {".yml", ".j2"} and path.parent.name != "meta"
    }
    assert texts
    assert {name: found for name, text in texts.items() if (found := foreign.findall(text))} == {}
