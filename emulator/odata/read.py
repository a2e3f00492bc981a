# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads rows as the API shows them: selected fields, expanded relations, one SQL statement for each relation."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Union

import sqlalchemy as sa

from ..http.responses import Refused
from ..store.database import listed
from ..store.model import Field, Relation, Resource
from ..store.store import Store
from .expressions import condition, counted, property_of
from .nodes import Alias, Expand, Literal, Options, Order, Property, Target
from .query_scope import Context, Scope, visible
from .typed import Sql, coerce, of_field

Row = dict[str, Any]
Conditions = Callable[[Scope], Iterable[Sql]]
Link = tuple[Any, Row]
Show = Callable[[Any], Any]
Column = tuple[str, Sql, Union[Show, None]]
Select = sa.Select[Any]


def shown(f: Field) -> Show | None:
    """How a stored value becomes the API's; None: it stays as it is."""
    convert: Callable[[Any], Any]
    if f.type == "bool":
        convert = bool
    elif f.type in ("json", "file"):
        convert = json.loads
    elif f.type == "jsontext":
        convert = json_text
    elif f.type == "bigint":
        convert = str
    elif f.type == "ref":
        return lambda value: None if value is None else {"__id": value}
    else:
        return None
    return lambda value: None if value is None else convert(value)


def json_text(stored: str) -> str:
    """JSON as PostgreSQL writes it: shorter keys come first."""

    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: ordered(value[key]) for key in sorted(value, key=lambda key: (len(key), key))}
        return [ordered(item) for item in value] if isinstance(value, list) else value

    return json.dumps(ordered(json.loads(stored)), ensure_ascii=False)


class Reader:
    """Reads for one request."""

    def __init__(self, store: Store, context: Context) -> None:
        self.store = store
        self.context = context

    def read(self, target: Target, options: Options) -> Any:
        """What a GET of this target with these options answers: rows, or their number."""
        resource = self.context.model[target.resource]
        if target.count:
            return self._count(target, options)
        return [row for _link, row in self._rows(resource, options, self.key_condition(target.key))]

    def ids(self, target: Target, options: Options, verb: str) -> list[int]:
        """The ids of the rows that a PATCH or DELETE of this target means, and that the actor may change."""
        scope = Scope(self.context, self.context.model[target.resource])
        conditions = [*self.key_condition(target.key)(scope), *visible(scope, verb), *self._filter(options, scope)]
        statement = sa.select(scope.alias.c.id).select_from(scope.source).where(*conditions).order_by(scope.alias.c.id)
        if options.top is not None or options.skip is not None:
            statement = statement.limit(options.top if options.top is not None else -1).offset(options.skip)
        return list(dict.fromkeys(row[0] for row in self.store.execute(statement)))

    def key_condition(self, key: dict[str, Literal | Alias] | None) -> Conditions:
        """The condition that a key stands for; only what is unique is a key."""

        def conditions(scope: Scope) -> Iterable[Sql]:
            if key is None:
                return
            fields = {name: scope.field(name) for name in key}
            if frozenset(f.name for f in fields.values()) not in scope.resource.keys:
                raise Refused("not a key")
            for name, f in fields.items():
                value = key[name]
                if isinstance(value, Alias):
                    value = self.context.aliases.get(value.name, Literal(None))
                yield scope.column(f) == coerce(value.value, of_field(f.type))

        return conditions

    @staticmethod
    def _filter(options: Options, scope: Scope) -> list[Sql]:
        return [] if options.filter is None else [condition(options.filter, scope)]

    def _count(self, target: Target, options: Options) -> int:
        scope = Scope(self.context, self.context.model[target.resource])
        conditions = [*self.key_condition(target.key)(scope), *visible(scope)]
        for name, key in target.steps:
            relation = scope.relation(name)
            here = scope.column(scope.resource.fields[relation.here])
            rows = sa.select(here).select_from(scope.source).where(*conditions)
            there = Scope(self.context, self.context.model[relation.target])
            led = there.column(there.resource.fields[relation.there]).in_(rows.correlate(None))
            scope, conditions = there, [led, *self.key_condition(key)(there), *visible(there)]
        conditions += self._filter(options, scope)
        statement = sa.select(sa.func.count()).select_from(scope.source).where(*conditions)
        return int(self.store.scalar(statement))

    def _rows(self, resource: Resource, options: Options, where: Conditions, link: str | None = None) -> list[Link]:
        """The rows of a resource, each with the value of its link field (that ties it to the row it is expanded in)."""
        scope = Scope(self.context, resource)
        columns = self._columns(scope, options)
        expands = [(expand, scope.relation(expand.name)) for expand in options.expand]
        hidden = [scope.column(resource.fields[relation.here]) for _expand, relation in expands]
        tie = scope.column(resource.fields[link]) if link else sa.null()
        conditions = [*where(scope), *visible(scope), *self._filter(options, scope)]
        statement = sa.select(tie, *hidden, *(sql for _name, sql, _show in columns))
        orders = self._orders(scope, options.orderby)
        statement = statement.select_from(scope.source).where(*conditions)
        statement = self._limited(statement, options, orders, tie if link else None)
        found = self.store.execute(statement)
        expanded = [
            (expand.name, self._expanded(relation, expand, {row[index + 1] for row in found}))
            for index, (expand, relation) in enumerate(expands)
        ]
        if found and any(name not in resource.relations and name not in resource.fields for name, *_rest in columns):
            raise Refused("the server cannot show a field of another resource")
        return self._shaped(found, expanded, [(name, show) for name, _sql, show in columns])

    def _columns(self, scope: Scope, options: Options) -> list[Column]:
        expanded = {expand.name for expand in options.expand}
        if options.select is None:
            return [
                (f.name, scope.column(f), shown(f)) for f in scope.resource.fields.values()
                if f.name not in expanded and "none" not in f.versions
            ]  # fmt: skip
        columns: dict[str, Column] = {}
        for wanted in options.select:
            if not isinstance(wanted, Property):
                raise Refused("a count cannot be selected")
            there = scope.walk(wanted.path[:-1])
            name = wanted.path[-1]
            if name not in expanded:
                f = there.field(name)
                columns[name] = (name, there.column(f), shown(f))
        return list(columns.values())

    def _orders(self, scope: Scope, orderby: tuple[Order, ...]) -> list[Sql]:
        """How rows are sorted; those that are alike are in the order in which they were made."""
        orders: list[Sql] = []
        for order in orderby:
            by = property_of(order.by.path, scope) if isinstance(order.by, Property) else counted(order.by, scope)
            assert by.sql is not None
            if by.kind == "json":
                raise Refused("JSON has no order")
            orders.append(by.sql.desc().nulls_first() if order.descending else by.sql.asc().nulls_last())
        if "id" in scope.alias.c and not scope.resource.view:
            orders.append(scope.alias.c.id.desc() if orderby and orderby[0].descending else scope.alias.c.id.asc())
        return orders

    @staticmethod
    def _limited(statement: Select, options: Options, orders: list[Sql], tie: Sql | None) -> Select:
        if options.top is None and options.skip is None:
            return statement.order_by(*orders)
        skip, top = options.skip or 0, options.top
        if tie is None:
            return statement.order_by(*orders).limit(-1 if top is None else top).offset(skip)
        # in an expand the limit holds for each row that is expanded
        number = sa.func.row_number().over(partition_by=tie, order_by=orders).label("number")
        labelled = [column.label(f"c{index}") for index, column in enumerate(statement.selected_columns)]
        inner = statement.with_only_columns(*labelled, number).subquery()
        wanted = [inner.c.number > skip] if top is None else [inner.c.number > skip, inner.c.number <= skip + top]
        return sa.select(*list(inner.c)[:-1]).where(*wanted).order_by(inner.c.number)

    def _expanded(self, relation: Relation, expand: Expand, keys: set[Any]) -> Callable[[Any], Any]:
        """What an expand shows, for the value that links it to a row."""
        resource = self.context.model[relation.target]

        def linked(scope: Scope) -> Iterable[Sql]:
            yield scope.column(resource.fields[relation.there]).in_(listed(keys - {None}))

        if expand.count:
            counts = self._expanded_counts(resource, relation.there, expand.options, linked)
            return lambda key: counts.get(key, 0)
        groups: dict[Any, list[Row]] = defaultdict(list)
        for link, row in self._rows(resource, expand.options, linked, relation.there):
            groups[link].append(row)
        return lambda key: groups.get(key, [])

    def _expanded_counts(self, resource: Resource, link: str, options: Options, where: Conditions) -> dict[Any, int]:
        scope = Scope(self.context, resource)
        tie = scope.column(resource.fields[link])
        conditions = [*where(scope), *visible(scope), *self._filter(options, scope)]
        columns: list[Any] = [tie.label("link"), sa.func.count().label("number")]
        statement = sa.select(*columns).select_from(scope.source).where(*conditions).group_by(tie)
        return {row["link"]: row["number"] for row in self.store.rows(statement)}

    @staticmethod
    def _shaped(
        found: Iterable[Any],
        expanded: list[tuple[str, Callable[[Any], Any]]],
        columns: list[tuple[str, Show | None]],
    ) -> list[Link]:
        names = [name for name, _show in columns]
        changed = [(name, show) for name, show in columns if show is not None]
        first = 1 + len(expanded)
        out: list[Link] = []
        for values in found:
            row: Row = {}
            for index, (name, of) in enumerate(expanded):
                row[name] = of(values[index + 1])
            row.update(zip(names, values[first:], strict=True))
            for name, show in changed:
                row[name] = show(row[name])
            out.append((values[0], row))
        return out
