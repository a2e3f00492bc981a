# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built collection, installed into an empty path, in a user's hands. TEST_COLLECTIONS_PATH is that path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import SEEDS, Emulator
from tests.support.ansible_runs import CHECKOUT, Ansible

INSTALLED = Path(os.environ["TEST_COLLECTIONS_PATH"]) / "ansible_collections" / "community" / "balena"
DECLARE = [
    {
        "community.balena.balena_application": {
            "name": "acme/smoke-test",
            "device_type": "raspberrypi4-64",
            "tags": {"site": "lab"},
        }
    },
    {
        "community.balena.balena_env_var": {
            "scope": "application",
            "application": "acme/smoke-test",
            "variables": {"LOG_LEVEL": "debug"},
        }
    },
]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A server with a fleet of devices."""
    with Emulator(seed=SEEDS / "demo.yml") as running:
        yield running


@pytest.fixture
def ansible(tmp_path: Path, emulator: Emulator) -> Ansible:
    """Ansible's commands with the installed collection."""
    return Ansible(tmp_path, {"BALENA_API_URL": emulator.url, "BALENA_TOKEN": emulator.token}, cold=True)


def test_nothing_but_the_installed_collection_is_used(ansible: Ansible) -> None:
    assert INSTALLED.is_dir()
    assert not INSTALLED.is_symlink()
    assert str(CHECKOUT / ".cache" / "ansible_collections") not in ansible.environment["ANSIBLE_COLLECTIONS_PATH"]


@pytest.mark.parametrize("kind", ["module", "inventory"])
def test_plugins_are_listed(ansible: Ansible, kind: str) -> None:
    folder = {"module": "modules"}.get(kind, kind)
    names = [path.stem for path in (CHECKOUT / "plugins" / folder).glob("[a-z]*.py")]
    listed = ansible.doc("-t", kind, "-l", "community.balena", "--json").json
    assert sorted(listed) == sorted(f"community.balena.{name}" for name in names)


def test_a_playbook_runs_and_a_second_run_changes_nothing(ansible: Ansible) -> None:
    assert ansible.tasks(DECLARE).recap()["changed"] == len(DECLARE)
    assert ansible.tasks(DECLARE).recap()["changed"] == 0


def test_the_inventory_lists_devices(ansible: Ansible) -> None:
    hosts = ansible.inventory({"plugin": "community.balena.balena"}).json["_meta"]["hostvars"]
    assert "berlin-sign-01" in hosts
