# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make device` as the README says: a playbook visits the host OS and every container, and comes again for nothing."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest

from tests.support.ansible_runs import CHECKOUT, Ansible
from tests.support.documents import blocks_of

pytestmark = pytest.mark.once

PROGRAM = CHECKOUT / "tests" / "demo" / "device.py"
PLAYBOOK = "ansible-playbook -i .cache/device/demo.balena.yml playbooks/device/site.yml"


def beside(folder, script):
    """Run a shell script beside the device."""
    environment = Ansible(folder).environment
    return subprocess.run(
        [sys.executable, PROGRAM, "--", "sh", "-c", script], cwd=CHECKOUT, env=environment, check=False,
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def recap(output, host):
    """The counts of each recap for a host."""
    lines = [
        line.partition(" : ")[2] for line in output.splitlines() if line.startswith(f"{host} ") and " : ok=" in line
    ]
    return [dict(pair.split("=") for pair in line.split()) for line in lines]


def shown_in_guide():
    """The command that the guide to tests runs on a device."""
    (shown,) = [block.text for block in blocks_of(CHECKOUT / "docs" / "testing.md") if block.mark == "device"]
    (command,) = re.findall(r'ARGS="-- (.*)"', shown)
    return command


def shown_with_inventories():
    """The commands of other guides for devices, with the inventory of this one."""
    pages = [CHECKOUT / "docs" / f"{name}.md" for name in ("recipes", "reaching-devices")]
    shown = [block.text for page in pages for block in blocks_of(page) if block.mark == "device"]
    assert len(shown) == len(pages)
    return re.sub(r"-i \w+\.balena\.yml", "-i .cache/device/demo.balena.yml", "\n".join(shown))


def test_a_playbook_visits_it_twice(device_engines, tmp_path):
    visit = f"{PLAYBOOK} -e fetched={shlex.quote(str(tmp_path))}"
    done = beside(tmp_path, f"set -e; {visit} && {visit} && {shown_in_guide()}\n{shown_with_inventories()}\nexit 40")
    assert done.returncode == 40, done.stdout + done.stderr
    hosts = [f"berlin-sign-01{service}" for service in ("", ".api", ".web", ".flaky")]
    changed = {host: [int(counts["changed"]) for counts in recap(done.stdout, host)] for host in hosts}
    assert changed == {
        "berlin-sign-01": [0, 0], "berlin-sign-01.api": [3, 0], "berlin-sign-01.web": [1, 0],
        "berlin-sign-01.flaky": [0, 0],
    }  # fmt: skip
    assert "balenaOS 6.0.41" in done.stdout
    assert "berlin-sign-01.web | CHANGED" in done.stdout
    assert "berlin-sign-01 | CHANGED" in done.stdout
    (fetched,) = tmp_path.rglob("api.conf")
    assert "system = Debian" in fetched.read_text(encoding="utf-8")
    assert not (CHECKOUT / ".cache" / "device" / "demo.balena.yml").exists()


def test_the_readme_shows_it():
    shown = [block.text.strip() for block in blocks_of(CHECKOUT / "README.md") if block.mark == "device"]
    assert shown == [f'make device ARGS="-- {PLAYBOOK}"']


def test_a_command_that_is_not_there(device_engines, tmp_path):
    done = subprocess.run(
        [sys.executable, PROGRAM, "--", "no-such-command"], cwd=CHECKOUT, check=False, capture_output=True, text=True,
        env={"PATH": os.defpath, "HOME": str(tmp_path)}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 127
    assert "no command no-such-command" in done.stderr
