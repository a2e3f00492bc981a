# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles show is what matters: few lines for a whole run, and none about what is not done."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.ansible_runs import Ansible
from tests.support.rollouts import FLEET, observed, reset, roll_out, served
from tests.support.watched_devices import watched

shops, fleet = served(20), observed
emulator = reset

#: A run of two waves is to fit on a screen.
MOST = 25


def lines_of(text: str) -> list[str]:
    """The lines that somebody reads: all but empty ones, and the recap that every playbook ends with."""
    before_recap = text.split("PLAY RECAP", 1)[0]
    return [line for line in before_recap.splitlines() if line.strip()]


@pytest.mark.parametrize("arguments", [("1.2.0",), ("1.2.0", "--check"), ("1.2.0", "-e", "rollout_soak=0.1")], ids=str)
def test_a_rollout_of_two_waves(shops, fleet, ansible, arguments: Any):
    lines = lines_of(roll_out(ansible, *arguments, waves=[5, "100%"]).output)
    assert len(lines) <= MOST, "\n".join(lines)
    assert not [line for line in lines if line.startswith("skipping:")]


KIOSKS = {
    "applications": [
        {
            "name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["main"],
            "releases": [{"version": "1.0.0"}],
            "devices": [{"name": "kiosk-{n:02d}", "count": 10, "os_version": "5.3.27", "supervisor_version": "16.7.4"}],
        }
    ],
    "simulation": {"poll_seconds": 20, "os_seconds": 120, "supervisor_seconds": 30, "step_seconds": 5},
}  # fmt: skip


@pytest.mark.parametrize("arguments", [(), ("--check",)], ids=str)
def test_an_update_of_the_host_os_in_two_waves(tmp_path, arguments: Any):
    with watched(KIOSKS) as cloud:
        cloud.advance(30)
        given = {
            "os_update_application": "acme/kiosk", "os_update_version": "6.0.41", "os_update_waves": [5, "100%"],
            "os_update_poll_interval": 0.01,
        }  # fmt: skip
        role = {"role": "community.balena.os_update", "vars": given}
        ansible = Ansible(tmp_path, {"BALENA_API_URL": cloud.url, "BALENA_TOKEN": cloud.token})
        run = ansible.playbook([{"hosts": "localhost", "gather_facts": False, "roles": [role]}], *arguments)
    lines = lines_of(run.output)
    assert len(lines) <= MOST, "\n".join(lines)
    assert not [line for line in lines if line.startswith("skipping:")]


@pytest.mark.parametrize(
    ("role", "given"),
    [
        ("fleet", {"documents": ["shop.yml"]}),
        ("fleet", {"documents": ["shop.yml"], "report": "drift"}),
        ("diagnose", {"application": "acme/shop", "fail_on": "none"}),
    ],
    ids=str,
)
def test_a_run_of_the_other_roles(shops, fleet, ansible, role: str, given: dict[str, Any]):
    (ansible.folder / "shop.yml").write_text("fleet: acme/shop\ntags: {shown: briefly}\n", encoding="utf-8")
    told = {f"{role}_{name}": value for name, value in given.items()}
    roles = [{"role": f"community.balena.{role}", "vars": told}]
    lines = lines_of(ansible.playbook([{"hosts": "localhost", "gather_facts": False, "roles": roles}]).output)
    assert len(lines) <= MOST, "\n".join(lines)


@pytest.mark.parametrize("module", ["balena_rollout", "balena_os_update"])
@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ({"record": {"state": "running"}}, "record: this is not what an earlier step returned as record"),
        ({"planned": [{"number": 1, "name": "all"}]}, "planned: these are not the waves that balena_rollout_info"),
    ],
    ids=str,
)
def test_a_step_refuses_a_record_of_something_else(shops, fleet, ansible, module, kept, told):
    begun = {
        "state": "running", "problem": "", "downloads": [], "waves": [], "rolled_back": [], "empty_waves": [],
        "todo": [], "ready": [],
    }  # fmt: skip
    waves = [{"number": 1, "name": "all", "devices": [], "total": 0}]
    what = {"balena_rollout": {"release": "1.2.0"}, "balena_os_update": {"version": "6.0.41"}}[module]
    options = {"application": FLEET, "wave": 1, "record": begun, "planned": waves, **what, **kept}
    task = {f"community.balena.{module}": options}
    assert told in ansible.tasks([task], status=2).output
