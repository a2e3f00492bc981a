# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook and the inventory of the README run as they stand there."""

from __future__ import annotations

import re
import textwrap

import pytest

from tests.ansible_runs import CHECKOUT

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def block_after(words):
    """The YAML of the first code block behind some words."""
    found = re.search(r"```yaml\n(.*?)\n\s*```", README.partition(words)[2], re.DOTALL)
    assert found, f"no YAML behind {words!r}"
    return textwrap.dedent(found.group(1))


@pytest.fixture
def account(emulator):
    """An account with the organization of the README, and a device in its fleet."""
    device = {"name": "sensor", "tags": {"site": "berlin"}}
    fleet = {"name": "other", "organization": "my-organization", "devices": [device]}
    emulator.seed({"organizations": [{"name": "my-organization"}], "applications": [fleet]})
    return emulator


def test_the_first_playbook_and_the_first_inventory(ansible, account):
    playbook = block_after("A first playbook, `fleet.yml`:")
    (ansible.folder / "fleet.yml").write_text(playbook, encoding="utf-8")
    play = ("ansible-playbook", "-i", str(ansible.hosts), "fleet.yml")
    assert "changed=2" in ansible.run(*play).output
    assert "changed=0" in ansible.run(*play).output
    (ansible.folder / "fleet.yml").write_text(playbook.replace("info", "debug"), encoding="utf-8")
    before = len(account.writes())
    foreseen = ansible.run(*play, "--check", "--diff").output
    assert "changed=1" in foreseen
    assert '+        "my-organization/my-fleet LOG_LEVEL": "debug"' in foreseen
    assert len(account.writes()) == before
    (ansible.folder / "my.balena.yml").write_text(block_after("A first inventory, `my.balena.yml`"), encoding="utf-8")
    move = {"devices": ["sensor"], "in_application": "my-organization/other", "application": "my-organization/my-fleet"}
    ansible.tasks([{"community.balena.balena_device": move}])
    graph = ansible.run("ansible-inventory", "-i", "my.balena.yml", "--graph").output
    assert "@site_berlin" in graph
    assert "sensor" in graph
