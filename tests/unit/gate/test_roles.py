# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role stands on its own: what roles share is in plugins, not in each other's variables and tasks."""

from __future__ import annotations

import re

import pytest

from tests.support.roles import FOLDER, ROLES

SUFFIXES = {".yml", ".j2"}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_no_part_in_the_variables_and_tasks_of_another(role):
    others = "|".join(other for other in ROLES if other != role)
    foreign = re.compile(rf"\b(?:{others})_\w+|(?:include|import)_role")
    texts = {
        path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8")
        for path in (FOLDER / role).rglob("*")
        if path.suffix in SUFFIXES and path.parent.name != "meta"
    }
    assert texts
    assert {name: found for name, text in texts.items() if (found := foreign.findall(text))} == {}
