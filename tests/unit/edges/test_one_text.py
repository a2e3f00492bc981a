# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that are wrong get the same text, of all that is wrong, in process and from a module in its own process."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils import basic

from tests.bad_inputs.calls import CALLS
from tests.bad_inputs.values import bad_values
from tests.support.modules import COLLECTION, MODULES, argument_spec, module_of
from tests.support.tasks import run_module

#: What JSON cannot say, so that no module ever gets it.
UNSAID = ("a key that is", "half a character")


@dataclass
class Nowhere:
    """No server: wrong options are found before it is asked."""

    url: str = "http://127.0.0.1:1"
    token: str = "token"


def in_process(module, options):
    action = object.__new__(importlib.import_module(f"{COLLECTION}.action.{module}").ActionModule)
    action._task = SimpleNamespace(check_mode=False)
    return action._run_validated({"api_url": Nowhere.url, "api_token": Nowhere.token, **options})


def kinds_of(module):
    """One bad input for each kind of wrong value, as far as JSON can say it; and one with many mistakes."""
    found: dict[Any, dict[str, Any]] = {}
    for bad in bad_values(argument_spec(module)):
        kind = argument_spec(module).get(bad.option, {}).get("type"), bad.what
        if bad.option != "devices" and not any(unsaid in bad.what for unsaid in UNSAID):
            found.setdefault(kind, bad.given)
    everything = {name: value for given in found.values() for name, value in given.items()}
    return {**found, "everything": everything}


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda self, msg, log_args=None: None)


@pytest.mark.parametrize("module", MODULES)
def test_wrong_options_get_the_same_text_from_a_module_and_in_process(module):
    for kind, given in kinds_of(module).items():
        options = {**CALLS[module], **given}
        here, there = in_process(module, options), run_module(Nowhere(), module, **options)
        assert here["failed"] and there["failed"], kind
        assert here["msg"] == there["msg"], kind


@pytest.mark.parametrize("module", MODULES)
def test_a_task_without_options_names_those_that_it_needs(module):
    required = [name for name, said in argument_spec(module).items() if said.get("required")]
    here, there = in_process(module, {}), run_module(Nowhere(), module)
    assert here.get("msg") == there.get("msg")
    assert all(name in here["msg"] for name in required)


def test_an_option_that_there_is_not_is_reported_in_the_words_of_ansible():
    said = in_process("balena_tag", {"scope": "device", "name": "a", "valuee": "b"})["msg"]
    assert said.startswith("Unsupported parameters for (community.balena.balena_tag) module: valuee. Supported parame")
    assert said.endswith("with_tags (fleet); did you mean 'value'?")


def test_all_mistakes_are_named_at_once():
    said = in_process("balena_rollout", {"release": 1, "state": "wav", "probe": {"urll": "/"}, "soak": float("nan")})[
        "msg"
    ]
    for words in (
        "got: wav; did you mean 'wave'?",
        "probe.urll",
        "did you mean 'url'?",
        "soak must be a number, not nan",
    ):
        assert words in said


@pytest.mark.parametrize("option", ["application", "name"])
def test_what_excludes_each_other_is_named_once(option):
    rules = module_of("balena_tag").OPTIONS
    assert ("name", "tags") in rules.mutually_exclusive
    said = in_process("balena_tag", {"scope": "device", "name": "a", "tags": {}, option: "a"})["msg"]
    assert said == "parameters are mutually exclusive: name|tags"
