# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module in a process of its own: what it returns and what it writes into the system's log."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils import basic

from ansible_collections.community.balena.plugins.modules import balena_env_var
from tests.support.tasks import module_arguments

TASK = {"scope": "application", "application": "acme/x", "name": "PW", "value": "hunter2", "api_url": "wrong"}

# From ansible-core 2.21 on, results repeat the options only when the controller asks for it (-vvv).
ASKED = {"_ansible_inject_invocation": True} if "inject_invocation" in basic.PASS_VARS else {}


@pytest.fixture
def run(monkeypatch, capsys):
    """Run balena_env_var; its result, and what it logged."""
    logged = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda self, msg, log_args=None: logged.append(msg))

    def process(**options):
        with module_arguments({**TASK, **ASKED, **options}), pytest.raises(SystemExit):
            balena_env_var.main()
        return json.loads(capsys.readouterr().out), "".join(logged)

    return process


def test_the_options_of_a_task_are_shown_and_logged(run):
    result, log = run()
    assert "api_url must start with" in result["msg"]
    assert result["invocation"]["module_args"]["value"] == "hunter2"
    assert "value=hunter2" in log


@pytest.mark.parametrize("wrong", [{}, {"scope": "galaxy"}, {"nonsense": 1}, {"variables": "hunter2"}])
def test_secret_values_are_neither_shown_nor_logged(run, wrong):
    result, log = run(secret=True, **wrong)
    assert result["failed"]
    assert "hunter2" not in json.dumps(result) + log
    assert result["invocation"]["module_args"]["name"] == "PW"
