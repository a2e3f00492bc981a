# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an expression depends on, and which expressions are never remembered."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.plugin_utils.inventory.expressions import (
    MISSING,
    Dependency,
    analyse,
    analyse_template,
    follow,
    freeze,
)


def dependencies(expression):
    analysis = analyse(expression)
    assert analysis.pure, expression
    return {(dependency.name, *dependency.steps) for dependency in analysis.dependencies}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a", {("a",)}),
        ("a.b.c", {("a", "b", "c")}),
        ("a['b']", {("a", "b")}),
        ("a[0]", {("a", 0)}),
        ("a[b]", {("a",), ("b",)}),
        ("a[b.c].d", {("a",), ("b", "c")}),
        ("a.b ~ c", {("a", "b"), ("c",)}),
        ("a | default(b)", {("a",), ("b",)}),
        ("a.startswith(b)", {("a", "startswith"), ("b",)}),
        ("a if b else c", {("a",), ("b",), ("c",)}),
        ("a in [b, 'x'] and not c", {("a",), ("b",), ("c",)}),
        ("{'x': a}", {("a",)}),
        ("a is match(b)", {("a",), ("b",)}),
        ("a | map('upper') | list", {("a",)}),
        ("a | selectattr('b', 'equalto', c) | list", {("a",), ("c",)}),
        ("range(a) | list", {("a",)}),
        ("a | ansible.builtin.regex_replace('x', b)", {("a",), ("b",)}),
        ("a[1:b]", {("a",), ("b",)}),
        ("'x'", set()),
    ],
)
def test_dependencies(expression, expected):
    assert dependencies(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "lookup('env', 'HOME')", "query('env', a)", "q('x')", "now()", "now().year", "a | random", "a | shuffle",
        "vars['a']", "vars", "hostvars[a]", "groups", "group_names", "a | map('random')", "a | map(b)", "lipsum()",
        "a | select(b)", "a | selectattr('x', b)", "a | password_hash('sha512')", "a | fileglob", "a is exists",
        "a | community.general.anything", "a.append(1)", "a.pop()", "a is sameas b", "a(1)", "a.b.c()",
        "namespace(x=1)", "{{ a }}", "a }}{{ b", "a |", "", 5, None, ["a"], "dict(*a)", "a | expandvars",
        "a | strftime",
    ],
)  # fmt: skip
def test_impure_or_unknown(expression):
    assert not analyse(expression).pure


def test_conditions_may_be_plain_booleans():
    assert analyse(True).pure


@pytest.mark.parametrize(
    ("expression", "steps"),
    [("a", ()), ("a.b", ("b",)), ("a['b'][0]", ("b", 0)), ("(a)", ()), ("a | first", (0,)), ("a.b | last", ("b", -1))],
)
def test_expressions_that_are_nothing_but_a_path(expression, steps):
    assert analyse(expression).path == Dependency("a", steps)


@pytest.mark.parametrize("expression", ["a[b]", "a[b].c", "a ~ b", "a | upper", "a | first(1)", "a.b()", "'x'", "-a"])
def test_expressions_that_are_more_than_a_path(expression):
    assert analyse(expression).path is None


def test_templates_of_parent_groups():
    assert analyse_template(None).pure
    assert analyse_template("plain").dependencies == ()
    assert analyse_template("x_{{ a.b }}_{{ c }}").names == {"a", "c"}
    assert not analyse_template("{% set x = 1 %}").pure
    assert not analyse_template("{{ lookup('env', 'HOME') }}").pure


def test_following_steps():
    value = {"a": {"b": [1, 2]}, "items": 5, "_x": 6}
    assert follow(value, ("a", "b", 1)) == (2, True)
    assert follow(value, ("a", "b", 7)) == (MISSING, True)
    assert follow(value, ("no", "b")) == (MISSING, True)
    assert follow(value, ("items",)) == (value, False)
    assert follow(value, ("_x",)) == (value, False)
    assert follow("text", ("upper",)) == ("text", False)
    assert follow(value, ("a", 0)) == ({"b": [1, 2]}, False)


def test_keys_tell_types_and_orders_apart():
    values = [1, True, 1.0, "1", None, "None", MISSING, "", [], {}, [[]], "[]", 0, False, 0.0, -0.0, "1.0",
              {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": True}, [1, "1"], ["1", 1], [None]]  # fmt: skip
    assert len({freeze(value) for value in values}) == len(values)
    assert freeze({"a": [1, {"b": "c"}]}) == freeze({"a": [1, {"b": "c"}]})
