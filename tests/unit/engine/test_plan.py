# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws of planning, over random desired and actual states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.engine.guard import guard, share
from ansible_collections.community.balena.plugins.module_utils.engine.plan import (
    Change,
    DeclarationError,
    Plan,
    Row,
    compare,
    join,
    predict,
)

values = st.sampled_from(["", "a", "b", "true", "ü"])
keys = st.tuples(st.sampled_from(["d1", "d2", "d3"]), st.sampled_from(["A", "B", "C"]))
states = st.dictionaries(keys, values)


def rows(state, *, actual=False):
    """A state of one-valued things as rows; actual ones have ids."""
    return [
        Row(key, {"value": value}, {"device": key[0], "name": key[1]}, number if actual else None)
        for number, (key, value) in enumerate(state.items(), 1)
    ]


def state_of(rows_):
    return {row.key: row.fields["value"] for row in rows_}


@given(states)
def test_a_state_compared_with_itself_needs_no_change(state):
    assert compare("r", rows(state), rows(state, actual=True), purge=True) == []


@given(states, states)
def test_the_changes_made_to_the_actual_state_give_the_desired_one(desired, actual):
    before = rows(actual, actual=True)
    changes = compare("r", rows(desired), before, purge=True)
    assert state_of(predict(before, changes)) == desired


@given(states, states)
def test_without_purge_what_is_not_named_stays(desired, actual):
    before = rows(actual, actual=True)
    changes = compare("r", rows(desired), before)
    assert state_of(predict(before, changes)) == {**actual, **desired}
    assert not [change for change in changes if change.action == "delete"]


@given(states, states, st.booleans())
def test_a_second_plan_is_empty(desired, actual, purge):
    before = rows(actual, actual=True)
    after = predict(before, compare("r", rows(desired), before, purge=purge))
    assert compare("r", rows(desired), after, purge=purge) == []


@given(states, st.sets(keys))
def test_what_is_declared_absent_is_deleted_and_nothing_else(actual, absent):
    before = rows(actual, actual=True)
    changes = compare("r", [], before, absent=absent)
    assert {change.key for change in changes} == absent & set(actual)
    assert {change.action for change in changes} <= {"delete"}


@given(states, states)
def test_no_row_is_touched_twice_and_only_differing_columns_are_sent(desired, actual):
    changes = compare("r", rows(desired), rows(actual, actual=True), purge=True)
    assert len({change.key for change in changes}) == len(changes)
    for change in changes:
        if change.action == "update":
            assert change.body == {"value": desired[change.key]} != {"value": actual[change.key]}


def test_only_the_columns_that_were_given_are_compared():
    actual = [Row(("x",), {"note": "kept", "name": "old"}, {}, 1)]
    assert compare("r", [Row(("x",), {"name": "old"})], actual) == []
    (change,) = compare("r", [Row(("x",), {"name": "new"})], actual)
    assert (change.before, change.after) == ({"name": "old"}, {"name": "new"})


def test_null_empty_and_unset_are_three_things():
    actual = [Row(("x",), {"note": ""}, {}, 1)]
    (change,) = compare("r", [Row(("x",), {"note": None})], actual)
    assert change.body == {"note": None}
    assert compare("r", [Row(("x",), {})], actual) == []


def test_declaring_a_thing_twice_or_both_present_and_absent_is_an_error():
    with pytest.raises(DeclarationError, match="declared twice: d A"):
        compare("r", [Row(("d", "A"), {}), Row(("d", "A"), {})], [])
    with pytest.raises(DeclarationError, match="both present and absent: d A"):
        compare("r", [Row(("d", "A"), {})], [], absent=[("d", "A")])


def test_deletions_of_all_resources_come_last():
    delete = Change("delete", "a", ("x",), {}, None)
    create = Change("create", "b", ("y",), None, {})
    assert join([[delete], [create]]) == (create, delete)


@pytest.mark.parametrize(
    ("amount", "total", "expected"),
    [
        ("10%", 200, 20),
        ("1%", 5, 1),
        ("0%", 5, 0),
        ("100%", 7, 7),
        ("33%", 10, 4),
        (3, 10, 3),
        ("25", 10, 25),
        ("2.5%", 40, 1),
    ],
)
def test_shares_are_counts_or_percentages_rounded_up(amount, total, expected):
    assert share(amount, total, option="limit") == expected


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 20000))
def test_a_smaller_share_is_never_larger(small, large, total):
    small, large = sorted((small, large))
    assert share(f"{small}%", total, option="x") <= share(f"{large}%", total, option="x") <= total


@pytest.mark.parametrize("amount", ["ten", "-1", "101%", "", "%", "1.5"])
def test_a_bad_share_names_the_option(amount):
    with pytest.raises(DeclarationError, match="max_changes must be a whole number or a percentage"):
        share(amount, 10, option="max_changes")


def test_the_guard_stops_a_plan_that_is_too_large_and_says_what_it_would_do():
    plan = Plan(tuple(compare("r", rows({("d1", "A"): "a", ("d2", "A"): "a"}), [])), subjects=10)
    guard(plan, None, 2)
    guard(plan, "20%", 2)
    guard(plan, 2, 2)
    with pytest.raises(DeclarationError, match=r"Nothing was written: the plan has 2 changes \(2 to create\)"):
        guard(plan, "10%", 2)
