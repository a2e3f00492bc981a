# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of undoing: changes that are made and undone leave what was before, but for what others did since."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.engine.inverse import Kind, Live, invert
from ansible_collections.community.balena.plugins.module_utils.engine.net import nets
from ansible_collections.community.balena.plugins.module_utils.engine.plan import Change, Row, compare, predict

KINDS = {"thing": Kind("thing"), "fixed": Kind("fixed", stays="it stays", lost="it is lost", forward={"a": "no way"})}
keys = st.sampled_from([("k1",), ("k2",), ("k3",), ("k4",)])
fields = st.fixed_dictionaries({"a": st.sampled_from([None, 1, 2, 3]), "b": st.sampled_from(["x", "y"])})
states = st.dictionaries(keys, fields)


def rows(state):
    return [Row(key, values, {"name": key[0]}, number) for number, (key, values) in enumerate(state.items(), 1)]


def steps_of(states_):
    """The changes from each state to the next, and the state in the end."""
    made, now = [], states_[0]
    for wanted in states_[1:]:
        changes = compare("thing", rows(wanted), rows(now), purge=True)
        made += [(change, True) for change in changes]
        now = {row.key: dict(row.fields) for row in predict(rows(now), changes)}
    return made, now


def undone(made, now):
    """What is undone, and the state after it."""
    done = nets((replace(change, id=None), sure) for change, sure in made)
    live = [Live("here", now.get(net.key), {"name": net.key[0]}) for net in done]
    inverse = invert(done, live, KINDS, lambda value, held: value == held)
    return inverse, {row.key: dict(row.fields) for row in predict(rows(now), inverse.changes)}


@given(st.lists(states, min_size=2, max_size=4))
def test_changes_that_are_undone_leave_what_was_before(states_):
    made, now = steps_of(states_)
    inverse, after = undone(made, now)
    assert after == states_[0]
    assert not inverse.left
    again, same = undone(made, after)
    assert not again.changes and not again.left and same == after


@given(states, states, states)
def test_what_others_have_changed_since_stays_as_they_left_it(before, declared, others):
    made, now = steps_of([before, declared])
    theirs = {**now, **{key: values for key, values in others.items() if key not in before or key not in declared}}
    inverse, after = undone(made, theirs)
    for key, values in theirs.items():
        ours = now.get(key)
        if ours is None and before.get(key) != values and key in before:
            assert after[key] == values and key in {one.key for one in inverse.left}
        if ours is not None and key not in before and values != ours:
            assert after[key] == values and key in {one.key for one in inverse.left}
    again, same = undone(made, after)
    assert not again.changes and same == after


@given(states, states)
def test_what_may_have_been_made_is_undone_if_it_was(before, declared):
    """A run that was killed has made a beginning of it."""
    changes = compare("thing", rows(declared), rows(before), purge=True)
    for number in range(len(changes) + 1):
        now = {row.key: dict(row.fields) for row in predict(rows(before), changes[:number])}
        inverse, after = undone([(change, False) for change in changes], now)
        assert after == before and not inverse.left


@pytest.mark.parametrize(
    ("change", "live", "says"),
    [
        (("create", None, {"a": 1}), {"a": 1}, "here: fixed k was made by the change and is left: it stays"),
        (("delete", {"a": 1}, None), None, "here: fixed k was removed by the change and cannot be made again: it is"),
        (("update", {"a": 1}, {"a": 2}), {"a": 2}, "here: a stays 2: no way"),
        (("update", {"b": 1}, {"b": 2}), None, "here: fixed k is not there any more: left alone"),
        (("update", {"b": "x"}, {"b": "y\n"}), {"b": None}, r'here: b is empty now, was set to "y\n" by the change'),
    ],
)
def test_what_cannot_be_undone_says_why(change, live, says):
    action, before, after = change
    done = nets([(Change(action, "fixed", ("k",), before, after, {"name": "k"}), True)])
    inverse = invert(done, [Live("here", live)], KINDS, lambda value, held: value == held)
    assert not inverse.changes
    assert inverse.left[0].sentence.startswith(says)


def test_what_never_had_a_value_goes_back_to_none_even_if_it_only_goes_forwards():
    done = nets([(Change("update", "fixed", ("k",), {"a": None}, {"a": 2}), True)])
    inverse = invert(done, [Live("here", {"a": 2})], KINDS, lambda value, held: value == held)
    assert [dict(change.after or {}) for change in inverse.changes] == [{"a": None}]


def test_what_others_changed_between_two_changes_is_what_was_before():
    first = Change("update", "thing", ("k",), {"a": 1, "b": 1}, {"a": 2, "b": 2}, id=7)
    second = Change("update", "thing", ("k",), {"a": 5, "b": 2}, {"a": 6, "b": 3}, id=7)
    done = nets([(first, True), (second, True)])
    inverse = invert(done, [Live("here", {"a": 6, "b": 3}, id=7)], KINDS, lambda value, held: value == held)
    assert [dict(change.after or {}) for change in inverse.changes] == [{"a": 5, "b": 1}]
