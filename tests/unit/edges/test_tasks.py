# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task tells of things that are told only once, whatever happens afterwards."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils import options, performing
from ansible_collections.community.balena.plugins.module_utils.engine import patience
from ansible_collections.community.balena.plugins.module_utils.engine.apply import Made
from ansible_collections.community.balena.plugins.module_utils.engine.plan import Change, Plan
from ansible_collections.community.balena.plugins.module_utils.engine.task import Task
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaConnectionError, BalenaError

NAMES = ("first", "second")


def params(**more):
    rules = options.Options(argument_spec=options.PATIENCE).rules()
    defaults = {name: spec.get("default") for name, spec in rules["argument_spec"].items()}
    return {**defaults, "api_url": "http://127.0.0.1:9", "api_token": "t" * 32, **more}


class Keys:
    """Plans keys that are not there yet; the server is away when the second is first made."""

    def __init__(self, *, away=0, lost=False):
        self.there, self.away, self.lost = [], away, lost

    def plan(self, balena, want):
        changes = tuple(Change("create", "key", (name,), None, {}) for name in NAMES if name not in self.there)
        return Task(Plan(changes), {("key", "create"): self.make}, self.read, self.result)

    def make(self, balena, change, outcome):
        (name,) = change.key
        if name == "second" and self.away:
            self.away -= 1
            raise BalenaConnectionError("the server is away")
        self.there.append(name)
        return Made(secret=f"value of {name}")

    def read(self, balena, outcome):
        if self.lost:
            raise BalenaError("nothing can be read")
        return list(self.there)

    def result(self, outcome):
        return {"values": [outcome.secret("key", (name,)) for name in NAMES], "read": outcome.read}


def test_what_was_made_before_the_server_went_away_is_told(monkeypatch):
    monkeypatch.setattr(patience, "_PAUSE", 0.01)
    result = performing.perform(Keys(away=1).plan, params(patience=60.0), check_mode=False)
    assert result["values"] == ["value of first", "value of second"]
    assert result["read"] == ["first", "second"] and result["changes"]["create"] == 2


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (Keys(away=1), ["value of first", None]),
        (Keys(lost=True), ["value of first", "value of second"]),
    ],
)
def test_what_was_made_before_a_failure_is_told(keys, told):
    with pytest.raises(performing.TaskFailure) as caught:
        performing.perform(keys.plan, params(), check_mode=False)
    assert caught.value.result["values"] == told and caught.value.result["read"] is None
