# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles expressions of the query language to SQL."""

from __future__ import annotations

import sqlalchemy as sa

from ..http.responses import Refused
from ..store.database import listed
from .durations import time_arithmetic
from .functions import call
from .nodes import Alias, Call, Counted, Expression, Literal, Member, Negated, Operation, Property, Quantified
from .query_scope import Scope, visible
from .typed import Sql, Typed, as_sql, coerce, of_field, unify

COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})


def condition(node: Expression, scope: Scope) -> Sql:
    """An expression as a condition."""
    return as_sql(value(node, scope), "bool")


def value(node: Expression, scope: Scope) -> Typed:
    """An expression as a value."""
    if isinstance(node, Literal):
        return Typed(None, "literal", node.value)
    if isinstance(node, Alias):
        return _alias(node, scope)
    if isinstance(node, Property):
        return property_of(node.path, scope)
    if isinstance(node, Operation):
        return _operation(node, scope)
    if isinstance(node, Negated):
        return Typed(sa.not_(condition(node.operand, scope) == sa.literal_column("1")), "bool")
    if isinstance(node, Member):
        return _member(node, scope)
    if isinstance(node, Quantified):
        return _quantified(node, scope)
    if isinstance(node, Counted):
        return counted(node, scope)
    assert isinstance(node, Call)
    return call(node.function, [value(argument, scope) for argument in node.arguments], scope.context.now)


def property_of(path: tuple[str, ...], scope: Scope) -> Typed:
    """A field, of the resource at hand or of one that a path leads to."""
    there = scope.walk(path[:-1])
    f = there.field(path[-1])
    return Typed(there.column(f), of_field(f.type))


def _alias(node: Alias, scope: Scope) -> Typed:
    if node.name not in scope.context.aliases:
        raise Refused(f"@{node.name} has no value")
    return Typed(None, "literal", scope.context.aliases[node.name].value)


def _operation(node: Operation, scope: Scope) -> Typed:
    if node.operator in ("and", "or"):
        join = sa.and_ if node.operator == "and" else sa.or_
        if node.operator == "and" and scope.context.columns_leak:
            return Typed(_leaking(_conjuncts(node), scope), "bool")
        # chains of thousands are one list, not a tower
        return Typed(join(*(condition(part, scope) for part in _chain(node))), "bool")
    left, right = value(node.left, scope), value(node.right, scope)
    if node.operator in COMPARISONS:
        return Typed(_compare(node.operator, left, right), "bool")
    return _arithmetic(node.operator, left, right)


def _chain(node: Operation) -> list[Expression]:
    parts: list[Expression] = []
    left: Expression = node
    while isinstance(left, Operation) and left.operator == node.operator:
        parts.append(left.right)
        left = left.left
    return [left, *reversed(parts)]


def _conjuncts(node: Expression) -> list[Expression]:
    """The parts of a conjunction, also of those within it: parentheses do not keep them apart on the server."""
    if not (isinstance(node, Operation) and node.operator == "and"):
        return [node]
    return [inner for part in _chain(node) for inner in _conjuncts(part)]


def _leaking(parts: list[Expression], scope: Scope) -> Sql:
    """A conjunction as a server has it that writes `x = y OR x IS NULL AND y IS NULL` without parentheses.

    AND binds tighter than OR, so what stands before the comparison does not count where both columns are null.
    """
    ways: list[list[Sql]] = [[]]
    for part in parts:
        twins = _twins(part, scope)
        if twins is None:
            ways[-1].append(condition(part, scope))
        else:
            one, other = twins
            ways[-1].append(one == other)
            ways.append([one.is_(None), other.is_(None)])
    return sa.or_(*(sa.and_(*way) for way in ways))


def _twins(part: Expression, scope: Scope) -> tuple[Sql, Sql] | None:
    """The two columns of a comparison for equality, if it is one of columns."""
    if not (isinstance(part, Operation) and part.operator == "eq"):
        return None
    if not (isinstance(part.left, Property) and isinstance(part.right, Property)):
        return None
    return unify(value(part.left, scope), value(part.right, scope))


def _compare(operator: str, left: Typed, right: Typed) -> Sql:
    if left.null or right.null:
        return _compare_null(operator, right if left.null else left)
    one, other = unify(left, right)
    if operator == "eq":
        return one.is_not_distinct_from(other)
    if operator == "ne":
        return one.is_distinct_from(other)
    return {"gt": one > other, "ge": one >= other, "lt": one < other, "le": one <= other}[operator]


def _compare_null(operator: str, other: Typed) -> Sql:
    if other.literal:
        if operator in ("eq", "ne"):
            return sa.literal((other.value is None) == (operator == "eq"))
        return sa.null()
    assert other.sql is not None
    if operator == "eq":
        return other.sql.is_(None)
    return other.sql.is_not(None) if operator == "ne" else sa.null()


def _arithmetic(operator: str, left: Typed, right: Typed) -> Typed:
    if "time" in (left.kind, right.kind):
        return time_arithmetic(operator, left, right)
    kinds = [side.kind for side in (left, right) if not side.literal]
    if operator == "mod":
        # the server knows `mod` but cannot translate it
        raise Refused(f"no {operator} for these")
    kind = kinds[0] if kinds else "number"
    if kind not in ("int", "bigint", "number"):
        raise Refused(f"no arithmetic with {kind}")
    one, other = as_sql(left, kind), as_sql(right, kind)
    operand = {"add": "+", "sub": "-", "mul": "*", "div": "/"}[operator]
    return Typed(one.op(operand)(other), "number" if "number" in (left.kind, right.kind, kind) else kind)


def _member(node: Member, scope: Scope) -> Typed:
    operand = value(node.operand, scope)
    wanted = [literal.value for literal in node.values if isinstance(literal, Literal)]
    if len(wanted) < len(node.values):
        raise Refused("only values can be listed")
    if operand.literal:
        operand = Typed(sa.literal(coerce(operand.value, "text")), "text")
    # `= any(null)` is never true
    values = [coerce(item, operand.kind) for item in wanted if item is not None]
    assert operand.sql is not None
    return Typed(operand.sql.in_(listed(values)), "bool")


def _quantified(node: Quantified, scope: Scope) -> Typed:
    here = scope.walk(node.path[:-1])
    relation = here.relation(node.path[-1])
    there = here.enter(relation)
    there.variables = {**scope.variables, node.variable: there}
    wanted = condition(node.condition, there)
    if node.quantifier == "all":
        wanted = sa.not_(wanted == sa.literal_column("1"))
    if there.resource.view and node.quantifier == "any":
        # what a view shows depends on nothing around it, so that it is looked up once and not for each row
        linked = there.column(there.resource.fields[relation.there])
        shown = sa.select(linked).select_from(there.source).where(wanted, *visible(there))
        column = here.column(here.resource.fields[relation.here])
        return Typed(column.in_(shown.correlate_except(*there.own_tables)), "bool")
    rows = sa.exists().select_from(there.source).where(here.link(relation, there), wanted, *visible(there))
    found = rows.correlate_except(*there.own_tables)
    return Typed(sa.not_(found) if node.quantifier == "all" else found, "bool")


def counted(node: Counted, scope: Scope) -> Typed:
    """How many rows a relation leads to."""
    here = scope.walk(node.path[:-1])
    relation = here.relation(node.path[-1])
    there = here.enter(relation)
    wanted = [condition(node.filter, there)] if node.filter is not None else []
    rows = sa.select(sa.func.count()).select_from(there.source)
    rows = rows.where(here.link(relation, there), *wanted, *visible(there)).correlate_except(*there.own_tables)
    return Typed(rows.scalar_subquery(), "bigint")
