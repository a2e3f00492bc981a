# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented variables and groups are those that there are."""

from __future__ import annotations

import ast
import re
from typing import Any

import yaml

from ansible_collections.community.balena.plugins.module_utils.domain.devices.facts import shape
from ansible_collections.community.balena.plugins.plugin_utils.inventory.grouping import GROUPINGS
from tests.support.ansible_runs import CHECKOUT

GUIDE = (CHECKOUT / "docs" / "inventory.md").read_text(encoding="utf-8")
PLUGIN = (CHECKOUT / "plugins" / "inventory" / "balena.py").read_text(encoding="utf-8")


def documentation() -> dict[str, Any]:
    assignments = [node for node in ast.parse(PLUGIN).body if isinstance(node, ast.Assign)]
    text = next(node.value for node in assignments if ast.unparse(node.targets[0]) == "DOCUMENTATION")
    found: dict[str, Any] = yaml.safe_load(ast.literal_eval(text))
    return found


def test_the_guide_lists_every_variable():
    listed = GUIDE.partition("On request:")[0]
    assert set(re.findall(r"^\| `balena_(\w+)` \|", listed, re.MULTILINE)) == set(shape({"id": 1, "uuid": ""}))


def test_the_plugin_lists_every_variable():
    note = next(note for note in documentation()["notes"] if note.startswith("Variables of each host"))
    assert set(re.findall(r"C\(balena_(\w+)\)", note)) == set(shape({"id": 1, "uuid": ""}))


def test_every_grouping_is_documented():
    assert documentation()["options"]["group_by"]["choices"] == sorted(GROUPINGS)
    groups = GUIDE.partition("## Groups")[2].partition("## Many")[0]
    assert set(GROUPINGS) <= set(re.findall(r"`(\w+)`", groups))
