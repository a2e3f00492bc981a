# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-doc tells a user, and that the action group names every module."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.support.ansible_runs import CHECKOUT, Ansible
from tests.support.modules import MODULES, SHELL_MODULES

PLUGINS = [("module", name) for name in MODULES + SHELL_MODULES] + [
    (kind, path.stem)
    for kind in ("inventory", "connection")
    for path in sorted((CHECKOUT / "plugins" / kind).glob("[a-z]*.py"))
]


@pytest.fixture
def offline_ansible(tmp_path) -> Ansible:
    """Ansible's commands without any server."""
    return Ansible(tmp_path)


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> dict[tuple[str, str], Any]:
    """What ansible-doc says of every plugin, by its name; asked once for each kind, since each time costs a second."""
    found: dict[tuple[str, str], Any] = {}
    ansible = Ansible(tmp_path_factory.mktemp("ansible-doc"))
    for kind in dict(PLUGINS):
        names = [f"community.balena.{name}" for of_kind, name in PLUGINS if of_kind == kind]
        found |= {(kind, name): said for name, said in ansible.doc("-t", kind, "--json", *names).json.items()}
    return found


def test_all_modules_are_listed(offline_ansible):
    listed = offline_ansible.doc("-l", "community.balena", "--json").json
    assert sorted(listed) == [f"community.balena.{name}" for name in sorted(MODULES + SHELL_MODULES)]


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_documentation_is_complete(shown, kind, name):
    said = shown[kind, f"community.balena.{name}"]
    options = said["doc"]["options"]
    assert said["doc"]["short_description"]
    assert said["examples"]
    assert ("api_token" in options) == (name not in SHELL_MODULES)
    assert all(option["description"] for option in options.values())
    assert kind != "module" or said["return"]


def test_the_action_group_names_every_module():
    runtime = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"]["balena"] == MODULES
