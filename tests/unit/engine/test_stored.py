# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is data: it can be written as JSON and read again, and shows nothing that is secret."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.module_utils.engine.plan import (
    Act,
    Change,
    NamedId,
    Need,
    NewId,
    Plan,
    in_order,
)
from ansible_collections.community.balena.plugins.module_utils.engine.stored import Secret, from_json, to_json

names = st.text(max_size=5) | st.sampled_from(["$id", "$new", "$secret", "$pairs", "value"])
texts = st.text(max_size=8)
keys = st.lists(texts, min_size=1, max_size=3).map(tuple)
scalars = st.none() | st.booleans() | st.integers() | texts
ids = st.builds(NamedId, st.integers(1, 99), texts) | st.builds(NewId, texts, keys)
values = st.recursive(
    scalars | ids | texts.map(Secret),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
sides = st.dictionaries(names, values, max_size=3)
kinds = st.sampled_from(["create", "update", "delete", "act"])
needs = st.lists(st.builds(Need, texts, kinds, st.none() | keys, texts), max_size=2).map(tuple)
changes = st.builds(
    Change,
    kinds,
    texts,
    keys,
    st.none() | sides,
    st.none() | sides,
    sides,
    st.none() | st.integers(),
    st.booleans(),
    st.none() | st.builds(NewId, texts, keys),
    needs,
    sides,
)
acts = st.builds(Act, texts, keys, sides, sides, sides, st.none() | st.integers(), st.booleans(), needs)
plans = st.builds(
    Plan,
    st.lists(changes, max_size=3).map(tuple),
    st.integers(0, 9),
    st.dictionaries(texts, values, max_size=3),
    st.lists(texts, max_size=2).map(tuple),
    st.lists(acts, max_size=2).map(tuple),
)


@settings(max_examples=40)
@given(plans)
def test_a_plan_is_the_same_when_it_was_written_and_read(plan):
    assert from_json(to_json(plan, secrets=True)) == plan


@settings(max_examples=40)
@given(plans)
def test_a_plan_without_its_secrets_is_written_the_same_again(plan):
    text = to_json(plan)
    assert to_json(from_json(text)) == text


def test_names_of_ids_survive():
    change = Change("update", "device", ("d1",), {"pin": None}, {"pin": NamedId(7, "1.0.0")}, {}, 1)
    (read,) = from_json(to_json(Plan((change,)))).changes
    assert read.after is not None and read.after["pin"].label == "1.0.0"


def test_order_survives():
    first = Change("create", "application", ("acme/x",), None, {}, {"app_name": "x"})
    tag = Change("create", "application_tag", ("acme/x", "k"), None, {"value": "v"}, {"application": 1})
    plan = Plan(in_order([first, tag]))
    assert from_json(to_json(plan)).changes[1].needs == (Need("application", "create"),)


def test_nothing_secret_is_written_unless_it_is_asked_for():
    variable = Change("update", "v", ("d1", "PW"), {"value": "hunter2"}, {"value": "hunter3"}, {}, 1, secret=True)
    source = "https://s3cr3t@example.com/x.tar"
    build = Change("create", "release", ("acme/x", "x"), None, {"note": "n"}, arguments={"url": Secret(source)})
    plan = Plan((variable, build), result={"variables": {"PW": "hunter3"}}, warnings=("hunter2 is weak",))
    assert not [secret for secret in ("hunter2", "hunter3", "s3cr3t") if secret in to_json(plan)]
    assert "s3cr3t" not in repr(plan)
    assert all(secret in to_json(plan, secrets=True) for secret in ("hunter2", "hunter3", "s3cr3t"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"changes": [{"action": 1}]}', json.dumps({"changes": 1})])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(ValueError, match=r"plan|Expecting"):
        from_json(text)
