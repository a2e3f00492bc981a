# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task saw of devices while it waited is shown so that it acts on no terminal and in no report."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils import options, performing
from ansible_collections.community.balena.plugins.module_utils.engine.plan import Plan
from ansible_collections.community.balena.plugins.module_utils.engine.task import Followed, Task
from tests.support.tasks import run_task

ACTING = "a\x00b\x1b[2J\u202etxt"
SHOWN = "a\\x00b\\x1b[2J\\u202etxt"


@pytest.mark.parametrize("problem", [None, f"failed: {ACTING}"])
def test_accounts_of_waiting(emulator, problem):
    def planner(balena, params):
        followed = Followed({"pending": [{"reason": ACTING}]}, problem)
        return Task(Plan(), wait=lambda _balena, _outcome, _progress: followed)

    given = {"api_url": emulator.url, "api_token": emulator.token, "validate_certs": True}
    try:
        result = performing.perform(planner, _params(given), check_mode=False)
    except performing.TaskFailure as failure:
        result = failure.result
        assert result["msg"] == f"failed: {SHOWN}"
    assert result["pending"] == [{"reason": SHOWN}]


def test_diffs_of_tasks(emulator):
    emulator.seed({"applications": [{"name": "kiosk", "tags": {"site": ACTING.replace("\x00", "")}}]})
    done = run_task(emulator, "balena_tag", scope="application", application="acme/kiosk", tags={"site": "lab"})
    assert done["changed"]
    (before,) = done["diff"]["before"].values()
    assert list(before.values()) == [SHOWN.replace("\\x00", "")]


def _params(given):
    rules = options.Options(argument_spec={}).rules()
    return {**{name: spec.get("default") for name, spec in rules["argument_spec"].items()}, **given}
