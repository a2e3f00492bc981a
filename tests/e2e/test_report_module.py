# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module balena_report, as playbooks use it."""

from __future__ import annotations

import pytest

from tests.support.ansible_runs import TARGETS, Ansible
from tests.support.report_data import device, drift


@pytest.fixture
def ansible(tmp_path):
    return Ansible(tmp_path)


def test_the_target_passes(ansible):
    play = {"hosts": "localhost", "gather_facts": False, "roles": ["balena_report"]}
    done = ansible.playbook([play], env={"ANSIBLE_ROLES_PATH": str(TARGETS)})
    assert "wave  name        reached    done  failed  pending  result" in done.output


@pytest.mark.parametrize(
    ("api", "link"),
    [
        ("https://api.balena-cloud.com", "https://dashboard.balena-cloud.com"),
        ("https://u:secret@api.acme.example:8443/", "https://dashboard.acme.example:8443"),
        ("http://127.0.0.1:8080", None),
    ],
)
def test_links_lead_to_the_dashboard_of_the_server_that_the_other_tasks_ask(ansible, api, link):
    task = {
        "community.balena.balena_report": {"kind": "drift", "data": drift(1), "to": "drift.html"},
        "check_mode": False,
    }
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"where": api},
        "module_defaults": {"group/community.balena.balena": {"api_url": "{{ where }}"}},
        "tasks": [task],
    }
    ansible.playbook([play], "--check")
    page = (ansible.folder / "drift.html").read_text(encoding="utf-8")
    assert "secret" not in page
    assert (f'href="{link}/devices/{device(0)["uuid"]}/summary"' in page) == bool(link)
    assert ("href=" in page) == bool(link)
