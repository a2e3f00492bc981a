# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes parsed queries back as text, and makes up queries: for the round trips of the parser's tests."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import strategies as st

from emulator.odata.nodes import (
    Call,
    Counted,
    Expand,
    Expression,
    Literal,
    Member,
    Negated,
    Operation,
    Options,
    Order,
    Property,
    Quantified,
)

RESERVED = {"null", "true", "false", "not", "and", "or", "any", "all"}


def expression_text(node: Expression) -> str:
    """An expression as one would write it, with parentheses around every part."""
    if isinstance(node, Literal):
        return literal_text(node)
    if isinstance(node, Property):
        return "/".join(node.path)
    if isinstance(node, Operation):
        return f"({expression_text(node.left)}) {node.operator} ({expression_text(node.right)})"
    if isinstance(node, Negated):
        return f"not({expression_text(node.operand)})"
    if isinstance(node, Member):
        return f"({expression_text(node.operand)}) in ({', '.join(literal_text(value) for value in node.values)})"
    if isinstance(node, Call):
        return f"{node.function}({','.join(expression_text(argument) for argument in node.arguments)})"
    if isinstance(node, Quantified):
        return f"{'/'.join(node.path)}/{node.quantifier}({node.variable}:{expression_text(node.condition)})"
    assert isinstance(node, Counted)
    return "/".join(node.path) + "/$count" + (f"($filter={expression_text(node.filter)})" if node.filter else "")


def literal_text(literal: Literal) -> str:
    """A value as one would write it."""
    value = literal.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return "'" + str(value).replace("'", "''") + "'" if isinstance(value, str) else str(value)


def options_text(options: Options, separator: str = "&") -> str:
    """The options of a query or an expand."""
    parts = []
    if options.select is not None:
        parts.append("$select=" + ",".join(expression_text(field) for field in options.select))
    if options.filter is not None:
        parts.append("$filter=" + expression_text(options.filter))
    if options.expand:
        parts.append("$expand=" + ",".join(_expand_text(item) for item in options.expand))
    if options.orderby:
        orders = (f"{expression_text(order.by)} {'desc' if order.descending else 'asc'}" for order in options.orderby)
        parts.append("$orderby=" + ",".join(orders))
    parts += [f"${name}={value}" for name, value in (("top", options.top), ("skip", options.skip)) if value is not None]
    return separator.join(parts)


def _expand_text(item: Expand) -> str:
    inner = options_text(item.options, ";")
    return item.name + ("/$count" if item.count else "") + (f"({inner})" if inner else "")


def encoded(text: str) -> str:
    """A query as a client sends it: what is not punctuation of the language is percent-encoded."""
    return quote(text, safe="$=&;,()'/:@")


names = st.from_regex(r"[a-z][a-z_]{0,12}", fullmatch=True).filter(lambda name: name not in RESERVED)
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
literals = st.builds(Literal, st.none() | st.booleans() | st.integers(-(10**9), 10**9) | texts)
properties = st.builds(Property, paths)
leaves = literals | properties | st.builds(Counted, paths)


def _branches(children: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    operators = st.sampled_from("eq ne gt ge lt le and or add sub mul div mod".split())
    return (
        st.builds(Operation, operators, children, children)
        | st.builds(Negated, children)
        | st.builds(Member, properties, st.lists(literals, min_size=1, max_size=4).map(tuple))
        | st.builds(Call, st.sampled_from(["contains", "startswith", "indexof"]), st.tuples(children, children))
        | st.builds(Call, st.sampled_from(["tolower", "length", "year"]), st.tuples(children))
        | st.builds(Quantified, paths, st.sampled_from(["any", "all"]), names, children)
        | st.builds(Counted, paths, children)
    )


expressions: st.SearchStrategy[Expression] = st.recursive(leaves, _branches, max_leaves=8)
orders = st.lists(st.builds(Order, properties | st.builds(Counted, paths), st.booleans()), max_size=2).map(tuple)
numbers = st.none() | st.integers(0, 10**6)


def options_with(expands: st.SearchStrategy[tuple[Expand, ...]]) -> st.SearchStrategy[Options]:
    """Options with such expands."""
    return st.builds(
        Options,
        select=st.none() | st.lists(properties, min_size=1, max_size=3).map(tuple),
        filter=st.none() | expressions,
        expand=expands,
        orderby=orders,
        top=numbers,
        skip=numbers,
    )


def expanding(options: st.SearchStrategy[Options]) -> st.SearchStrategy[tuple[Expand, ...]]:
    """Up to two expands with such options."""
    return st.lists(st.builds(Expand, names, st.booleans(), options), max_size=2).map(tuple)


queries = options_with(expanding(options_with(expanding(options_with(st.just(()))))))
