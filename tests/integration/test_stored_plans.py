# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every plan that the examples of the modules make is data: it can be written and read again."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
import requests
import yaml
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.community.balena.plugins.module_utils.engine.report import secrets_of
from ansible_collections.community.balena.plugins.module_utils.engine.stored import from_json, to_json
from ansible_collections.community.balena.plugins.module_utils.engine.task import Task
from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT
from tests.support.examples import SEED, examples, with_files
from tests.support.modules import CHANGING, argument_spec
from tests.support.tasks import COLLECTION, run_task


@pytest.fixture(scope="module")
def kiosks():
    """The server that the examples are written for."""
    with Emulator(seed=SEED, flavor="cloud", rate=300.0) as running:
        yield running


def filled(value, variables):
    """Options with the values of their templates."""
    if isinstance(value, dict):
        return {name: filled(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    return NativeEnvironment().from_string(value).render(variables) if "{{" in str(value) else value


@pytest.mark.parametrize("name", CHANGING)
def test_plans_of_examples(kiosks, monkeypatch, tmp_path, name):
    kiosks.reset()
    module, plans = importlib.import_module(f"{COLLECTION}.modules.{name}"), []
    plan = module.plan

    def keep(balena, want):
        planned = plan(balena, want)
        plans.append(Task.of(planned).plan)
        return planned

    monkeypatch.setattr(module, "plan", keep)
    soon = {"poll_interval": 0.5} if "poll_interval" in argument_spec(name) else {}
    who = {"username": "admin", "password": "Admin-Passw0rd"}
    user = SimpleNamespace(url=kiosks.url, token=requests.post(f"{kiosks.url}/login_", json=who, timeout=60).text)
    for task in yaml.safe_load(examples(CHECKOUT / "plugins" / "modules" / f"{name}.py")):
        for full, options in task.items():
            # An example of another module is there for what it leaves behind.
            if full == f"community.balena.{name}" or (isinstance(options, dict) and "account_to" in options):
                known = {"playbook_dir": str(tmp_path), **soon, **task.get("vars", {})}
                given = {**soon, **filled(with_files(options), known)}
                result = run_task(user, full.rpartition(".")[2], **given)
                assert not result.get("failed"), result["msg"]
    assert any(planned.steps for planned in plans)
    for planned in plans:
        assert from_json(to_json(planned, secrets=True)) == planned
        text = to_json(planned)
        assert to_json(from_json(text)) == text
        assert not [secret for secret in secrets_of(planned.steps) if secret in text]
