# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that refuses a request and repeats what it was sent, in any form: none of it is shown."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.tasks import run_task
from tests.unit.sdk.test_masking import WAYS

pytestmark = pytest.mark.usefixtures("no_waiting")

#: Secrets are long enough to be told from what a message says anyway.
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc"]), min_size=8)
OF_FLEET = {"scope": "application", "application": "acme/bench", "secret": True}


@pytest.fixture(scope="module")
def bench():
    with Emulator(seed=SEEDS / "bench.yml", devices=2) as running:
        yield running


def _shown(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False)


def test_a_refusal_that_repeats_a_secret(bench, count_tried):
    tried = 0

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(secret=SECRETS, way=st.sampled_from(sorted(WAYS)), status=st.sampled_from([400, 401, 403, 409, 422, 500]))
    def try_one(secret: str, way: str, status: int) -> None:
        nonlocal tried
        written = WAYS[way](secret)
        cut = random.Random(secret).choice([len(written), max(6, len(written) // 2)])
        bench.clear_faults()
        bench.fault(method="POST|PATCH", status=status, json=f"value {written[:cut]}", times=9)
        variables = {"name": "PW", "value": secret}
        result = run_task(bench, "balena_env_var", **OF_FLEET, **variables)
        assert result["failed"]
        tried += 1
        shown = _shown(result)
        for text in (secret, written, written[:cut], json.dumps(written[:cut])[1:-1]):
            assert text not in shown, (way, result["msg"])

    try_one()
    bench.clear_faults()
    count_tried("secret echoes; none shown", "variables", "balena_env_var", tried)


def test_a_refusal_that_repeats_the_token(bench, count_tried):
    for way, write in WAYS.items():
        token = 'Tok/en+of "all" <kinds>&\'=~'
        bench.clear_faults()
        bench.fault(method="GET", status=403, json=f"who is {write(token)}?")
        result = run_task(bench, "balena_device_info", application="acme/bench", api_token=token)
        assert result["failed"]
        assert write(token) not in result["msg"], way
        assert "who is ********?" in result["msg"] or "inside" in way, result["msg"]
    bench.clear_faults()
    count_tried("secret echoes; none shown", "tokens", "balena_device_info", len(WAYS))


QUERIES = ["sum(details)", "abs(details)", "join(', ', details)", "max_by(details, &value)", "min(details)"]
QUERIES += ["sort_by(details, &[value])", "contains(details[0], 'x')", "to_entries(@)"]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_cannot_be_applied_shows_no_value(bench, query):
    bench.reset()
    values = {"A": "hunter2-one", "B": "hunter2-two"}
    options = {"scope": "application", "application": "acme/bench"}
    run_task(bench, "balena_env_var", **options, variables=values)
    result = run_task(bench, "balena_env_var_info", **options, values=True, query=query)
    assert "hunter2" not in result.get("msg", "")
    if "max_by" not in query:
        assert "cannot be applied" in result["msg"]
        assert query in result["msg"]
