# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever wrong value an option gets, the task says which option it is and what it takes, and writes nothing.

The values are derived from what options, documents and sources declare; test_bad_input.py has those that need a story.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.community.balena.plugins.module_utils.connection import CONNECTION_SPEC
from emulator import Emulator
from tests.bad_inputs.calls import ACCOUNT, CALLS, SECRETS, SEED
from tests.bad_inputs.documents import GOOD, variants
from tests.bad_inputs.judging import KIND, fault
from tests.bad_inputs.values import bad_values
from tests.support.modules import MODULES, argument_spec
from tests.support.tasks import run_task

#: The module on which the connection options, which all modules share, are tried.
ONE = "balena_tag"


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        run_task(running, ONE, **CALLS[ONE], account_to=ACCOUNT)
        yield running
    Path(ACCOUNT).unlink()


def refusal(server, module, given):
    """What is wrong with the answer to a bad input; an empty text if nothing is."""
    server.clear_requests()
    result = run_task(server, module, **{**CALLS[module], **given})
    if server.writes():
        server.reset()
        return f"wrote: {result}"
    return result["msg"] if result.get("failed") else f"was accepted: {result}"


@pytest.mark.parametrize("module", MODULES)
def test_what_the_wrong_values_are_put_into_is_right(server, module):
    result = run_task(server, module, check_mode=True, **CALLS[module])
    assert not result.get("failed"), result["msg"]


@pytest.mark.parametrize("module", MODULES)
def test_a_value_of_the_wrong_kind(server, module, count_tried):
    spec = {name: said for name, said in argument_spec(module).items() if module == ONE or name not in CONNECTION_SPEC}
    tried = list(bad_values(spec))
    faults = {
        f"{bad.option}, {bad.what}": wrong
        for bad in tried
        if (wrong := fault(refusal(server, module, bad.given), bad.option, bad.says))
    }
    assert faults == {}
    count_tried(KIND, "modules", module, len(tried))


def test_the_document_that_mistakes_are_put_into_is_right(server):
    result = run_task(server, "balena_fleet", document=GOOD, secrets=SECRETS, check_mode=True)
    assert not result.get("failed"), result["msg"]


@pytest.mark.parametrize("section", sorted(GOOD))
def test_a_document_that_is_wrong_somewhere(server, section, count_tried):
    tried, faults = 0, {}
    for place, what, content, legal in variants(section):
        server.clear_requests()
        result = run_task(server, "balena_fleet", document=content, secrets=SECRETS, check_mode=legal)
        if legal and not result.get("failed"):
            continue
        # A mapping that only refers to a secret is one value.
        named = "" if legal else place.removesuffix(".secret")
        wrong = fault(result["msg"], named) if result.get("failed") else "was accepted"
        if wrong or server.writes():
            faults[f"{place}, {what}"] = wrong or "wrote"
        tried += 1
    assert faults == {}
    count_tried(KIND, "sections of documents", section, tried)
