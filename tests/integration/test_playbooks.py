# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook in playbooks/ does what a user expects of it: check mode writes nothing, a second run neither."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT, Ansible

PLAYBOOKS = CHECKOUT / "playbooks"


def is_playbook(path: Path) -> bool:
    """Tell a list of plays from inventories and variables."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return isinstance(content, list) and all("hosts" in play or "import_playbook" in play for play in content)


#: Those that change nothing at balena, or need another server: the tests of their roles and the demo run them.
ELSEWHERE = {
    "demo/rollout.yml",
    "fleet/drift.yml",
    "fleet/export.yml",
    "os_update/os_update.yml",
    "rollout/signage.yml",
}
NAMES = sorted({str(path.relative_to(PLAYBOOKS)) for path in PLAYBOOKS.rglob("*.yml") if is_playbook(path)} - ELSEWHERE)


@pytest.fixture
def emulator(demo_fleet: Emulator) -> Emulator:
    return demo_fleet


@pytest.fixture
def run(ansible: Ansible):
    """Run a playbook with the demo's devices and localhost as hosts."""
    inventories = ("-i", str(ansible.hosts), "-i", str(PLAYBOOKS / "demo" / "demo.balena.yml"))
    return lambda name, *arguments: ansible.playbook(PLAYBOOKS / name, *inventories, *arguments)


def changed(recap: str) -> int:
    """Return how many tasks changed something, over all hosts."""
    return sum(int(part.split("=")[1]) for part in recap.split() if part.startswith("changed="))


@pytest.mark.parametrize("name", NAMES)
def test_check_mode_foresees_changes_and_writes_nothing(emulator, run, name):
    foreseen = run(name, "--check", "--diff").output
    assert emulator.requests()
    assert emulator.writes() == []
    assert changed(foreseen) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_changes_nothing(emulator, run, name):
    assert changed(run(name).output) > 0
    assert emulator.writes()
    emulator.clear_requests()
    assert changed(run(name).output) == 0
    assert emulator.writes() == []
