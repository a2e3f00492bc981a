# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each file of tests lies in the folder that says what it needs: nothing, an emulator, or Ansible's commands."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.ansible_runs import CHECKOUT

#: What a test says when it needs it: names of fixtures, and of what it imports.
COMMANDS = {"ansible", "Ansible", "Awx", "tests.bad_inputs.inventory"}
EMULATORS = {"emulator", "Emulator", "watched", "served", "Harness", "shared_emulator"}
UNIT, INTEGRATION, E2E = (CHECKOUT / "tests" / name for name in ("unit", "integration", "e2e"))


def needs(path: Path) -> set[str]:
    """The arguments of a file's functions, and the names that it imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return arguments | {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}


@pytest.mark.parametrize(
    ("folder", "foreign"), [(UNIT, COMMANDS | EMULATORS), (INTEGRATION, COMMANDS)], ids=["unit", "integration"]
)
def test_a_folder_has_no_test_that_needs_more(folder, foreign):
    found = {str(path.relative_to(CHECKOUT)): needs(path) & foreign for path in folder.rglob("*.py")}
    assert {name: words for name, words in found.items() if words} == {}


def test_what_runs_commands_needs_them():
    alone = [path.name for path in E2E.glob("test_*.py") if not needs(path) & COMMANDS]
    assert alone == []
