# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where names in a query lead: the resource at hand, those joined to it and the variables of lambdas."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ..http.responses import Refused
from ..store.database import tables
from ..store.model import Field, Model, Relation, Resource, base_model
from .computed import computed
from .nodes import Expression, Literal
from .typed import Sql
from .views import view

if TYPE_CHECKING:
    from ..access import Actor


@functools.cache
def _alias(table: str, number: int) -> sa.FromClause:
    """Aliases are made once: SQLAlchemy takes longer to make one of a wide table than to run the query."""
    return tables()[table].alias(f"{table}__{number}")


@dataclass
class Context:
    """What a query is compiled for: a version of the API, the caller (None: the server itself), the time.

    condition: what compiles an expression; rights are expressions over a scope, as the queries are.
    columns_leak: compile comparisons of columns wrongly, see `expressions.py`.
    """

    condition: Callable[[Expression, Scope], Sql]
    model: Model
    actor: Actor | None
    now: str
    aliases: dict[str, Literal] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    columns_leak: bool = False

    def alias(self, table: str) -> sa.FromClause:
        """An alias of a table that is new in this query."""
        self.used[table] += 1
        return _alias(table, self.used[table])

    def right(self, resource: str, verb: str = "read") -> Expression | None:
        """The condition under which the actor may see rows; raises Unauthorized."""
        if self.actor is None:
            return None
        base = "application" if resource == "my_application" else resource
        return self.actor.right(base, verb)


class Scope:
    """The rows of one resource within a query, and what is joined to them by paths."""

    def __init__(self, context: Context, resource: Resource, outer: Scope | None = None) -> None:
        self.context = context
        self.resource = resource
        self.variables: dict[str, Scope] = dict(outer.variables) if outer else {}
        self.alias = self._table(resource)
        self.joins: list[tuple[sa.FromClause, Sql]] = []
        self._joined: dict[str, Scope] = {}
        self._root: Scope = self

    def _table(self, resource: Resource) -> sa.FromClause:
        if resource.view:
            actor = self.context.actor
            own = actor.id if actor else self.context.aliases.get("actor", Literal(None)).value
            return view(resource.name, self.context.model.version, own)  # type: ignore[arg-type]
        return self.context.alias("application" if resource.name == "my_application" else resource.name)

    @property
    def source(self) -> sa.FromClause:
        """The table and all that is joined to it."""
        source = self.alias
        for joined, condition in self._root.joins:
            source = source.outerjoin(joined, condition)
        return source

    @property
    def own_tables(self) -> list[sa.FromClause]:
        """The tables that a subquery over this scope does not take from outside."""
        return [self.alias, *(joined for joined, _on in self.joins)]

    def column(self, f: Field) -> Sql:
        """The SQL of a field."""
        if f.computed and not self.resource.view:
            return computed(self.context.model.version, self.resource.name, f.name, self.alias)
        column: Sql = self.alias.c[f.stored]
        return column

    def field(self, name: str) -> Field:
        """The field of this name; a reference may go by any of its names."""
        found = self.resource.find(name)
        if found is None:
            raise Refused(f"{self.resource.name} has no field {name}")
        return found

    def relation(self, name: str) -> Relation:
        """The relation of this name."""
        found = self.resource.relations.get(name)
        if found is None:
            raise Refused(f"{self.resource.name} does not lead to {name}")
        return found

    def link(self, relation: Relation, there: Scope) -> Sql:
        """The condition that rows of another scope belong to rows of this one."""
        here = self.column(self.resource.fields[relation.here])
        return here == there.column(there.resource.fields[relation.there])

    def walk(self, steps: tuple[str, ...]) -> Scope:
        """Follow relations by joining; the server skips a step that leads nowhere, so this does too."""
        scope = self
        for index, step in enumerate(steps):
            if index == 0 and step in self.variables:
                scope = self.variables[step]
            elif step in scope.resource.relations:
                scope = scope._join(step)
        return scope

    def _join(self, step: str) -> Scope:
        if step not in self._joined:
            relation = self.resource.relations[step]
            there = self.enter(relation)
            there._root = self._root
            self._joined[step] = there
            self._root.joins.append((there.alias, sa.and_(self.link(relation, there), *visible(there))))
        return self._joined[step]

    def enter(self, relation: Relation) -> Scope:
        """A scope over the rows that a relation leads to."""
        return Scope(self.context, self.context.model[relation.target], self)


def visible(scope: Scope, verb: str = "read") -> list[Sql]:
    """The conditions under which the actor may see (or change) the rows of a scope; raises Unauthorized."""
    right = scope.context.right(scope.resource.name, verb)
    if right is None:
        return []
    actor = scope.context.actor
    me = {"actor": Literal(actor.id if actor else None)}
    inner = Context(scope.context.condition, base_model(), None, scope.context.now, me, scope.context.used)
    name = "application" if scope.resource.name == "my_application" else scope.resource.name
    rights = Scope(inner, base_model()[name])
    rights.alias = scope.alias
    return [inner.condition(right, rights)]
