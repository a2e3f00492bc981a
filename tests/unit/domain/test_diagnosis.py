# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How figures are judged and diagnoses compared: pure functions, over all figures and all results."""

from __future__ import annotations

import importlib
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.repository import read
from tests.support.tasks import COLLECTION

DIAGNOSIS = f"{COLLECTION}.module_utils.domain.diagnosis"
checks = importlib.import_module(f"{DIAGNOSIS}.checks")
judging = importlib.import_module(f"{DIAGNOSIS}.judging")
together = importlib.import_module(f"{DIAGNOSIS}.together")

FIGURES = st.one_of(st.none(), st.integers(), st.floats())
NAMES = st.sampled_from(list(checks.CHECKS))
RESULTS = st.sampled_from(judging.RESULTS)
RANK = {"good": 0, "warn": 1, "bad": 2}


@given(name=NAMES, figure=FIGURES, detail=st.text())
def test_every_figure_has_a_result_and_a_sentence(name, figure, detail):
    check = checks.CHECKS[name]
    found = judging.judge(check, judging.Measure(figure, detail))
    assert found["result"] in judging.RESULTS
    assert (found["figure"] is None) == (found["result"] == "unknown")
    assert found["sentence"]
    json.dumps(found, allow_nan=False)


@given(name=NAMES, first=st.floats(-150, 1000), second=st.floats(-150, 1000))
def test_a_worse_figure_has_no_better_result(name, first, second):
    check = checks.CHECKS[name]
    worst = min if check.falls else max
    one, two = (judging.judge(check, judging.Measure(figure))["result"] for figure in (first, second))
    last = judging.judge(check, judging.Measure(worst(first, second)))["result"]
    if "unknown" not in (one, two):
        assert RANK[last] == max(RANK[one], RANK[two])


@pytest.mark.parametrize("check", checks.CHECKS.values(), ids=checks.CHECKS)
def test_a_figure_at_the_threshold_is_beyond_it(check):
    for result, threshold in (("warn", check.warn), ("bad", check.bad)):
        if threshold is not None and not (result == "warn" and check.warn == check.bad):
            assert judging.judge(check, judging.Measure(threshold))["result"] == result
            better = threshold + 0.01 if check.falls else threshold - 0.01
            assert RANK[judging.judge(check, judging.Measure(better))["result"]] < RANK[result]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (before, now, RANK.get(before, 9) < RANK.get(now, -1))
        for before, now in itertools.product(judging.RESULTS, repeat=2)
    ],
)
def test_what_is_worse(before, now, expected):
    assert judging.worse({"storage": before}, {"storage": now}) == (["storage"] if expected else [])


def test_a_check_that_was_not_made_before_is_not_worse():
    assert judging.worse({}, {"storage": "bad"}) == []


@given(results=st.lists(RESULTS))
def test_the_worst_is_the_worst_that_is_known(results):
    known = [result for result in results if result in RANK]
    assert judging.worst(results) == (max(known, key=RANK.__getitem__) if known else "unknown")


@given(st.dictionaries(NAMES, FIGURES, max_size=5), st.dictionaries(NAMES, FIGURES, max_size=5))
def test_nothing_is_worse_than_itself_and_never_both_ways(first, second):
    one, two = (
        {"uuid": "a", "name": "x", **judging.diagnose(checks.CHECKS.values(), measured(figures))}
        for figures in (first, second)
    )
    assert together.compared([one], [one]) == []
    ways = [set(found[0]["checks"]) if found else set() for found in
            (together.compared([one], [two]), together.compared({"devices": [two]}, [one]))]  # fmt: skip
    assert not ways[0] & ways[1]


def measured(figures):
    return {name: judging.Measure(figure) for name, figure in figures.items()}


def test_the_guide_has_a_table_of_all_checks():
    """With their thresholds, and who can make them."""
    lines = read("docs/diagnosing.md").splitlines()
    shown = {}
    for line in lines:
        if line.startswith("| `"):
            name, _figure, *rest = (cell.strip() for cell in line.strip("|").split("|"))
            shown[name.strip("`")] = rest
    assert shown == {
        check.name: [
            *("" if value is None else f"{value:g} {check.unit}".strip() for value in (check.warn, check.bad)),
            *("yes" if source in check.sources else "" for source in ("api", "host")),
        ]
        for check in checks.CHECKS.values()
    }
