# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQLite database: a table for each stored resource, and functions that SQLite lacks."""

from __future__ import annotations

import functools
import json
import math
import sqlite3
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from .model import Field, Resource, base_model

COLUMN_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "serial": sa.Integer,
    "ref": sa.Integer,
    "int": sa.Integer,
    "bigint": sa.Integer,
    "bool": sa.Integer,
}


def _column(f: Field) -> sa.Column[Any]:
    kind = COLUMN_TYPES.get(f.type, sa.Text)
    return sa.Column(f.name, kind(), primary_key=f.name == "id", nullable=not f.required, index=f.type == "ref")


def _table(metadata: sa.MetaData, resource: Resource) -> sa.Table:
    columns = [_column(f) for f in resource.fields.values() if not f.computed]
    unique = [sa.UniqueConstraint(*names) for names in resource.unique]
    alone = [sa.UniqueConstraint(f.name) for f in resource.fields.values() if f.unique]
    return sa.Table(resource.name, metadata, *columns, *unique, *alone)


@functools.cache
def tables() -> dict[str, sa.Table]:
    """The table of every stored resource."""
    metadata = sa.MetaData()
    return {name: _table(metadata, r) for name, r in base_model().resources.items() if not r.view}


def listed(values: Iterable[Any]) -> sa.Select[Any]:
    """A subquery of values for `in`: one parameter, however many they are."""
    return sa.select(sa.func.json_each(json.dumps(list(values))).table_valued("value").c.value)


@functools.cache
def _engine(path: str) -> sa.Engine:
    """The engine of all databases of this kind: it keeps the SQL that statements became, which each reset asks anew."""
    return sa.create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "isolation_level": None},
        execution_options={"isolation_level": "AUTOCOMMIT"},
        query_cache_size=2000,
    )


def open_database(path: str) -> sa.Connection:
    """The one connection to a database with all tables, which are empty; the caller serialises its use."""
    connection = _engine(path).connect()
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA journal_mode = MEMORY")
    # SQLite's own know ASCII only; PostgreSQL's know every letter
    raw.create_function("lower", 1, _text_function(str.lower), deterministic=True)
    raw.create_function("upper", 1, _text_function(str.upper), deterministic=True)
    raw.create_function("floor", 1, _number_function(math.floor), deterministic=True)
    raw.create_function("ceil", 1, _number_function(math.ceil), deterministic=True)
    _empty_database().backup(raw)
    return connection


@functools.cache
def _empty_database() -> sqlite3.Connection:
    """All tables without rows: copying them takes a hundredth of the time that making them takes."""
    engine = _engine(":memory:")
    with engine.connect() as connection:
        next(iter(tables().values())).metadata.create_all(connection)
        empty = sqlite3.connect(":memory:", check_same_thread=False)
        raw: Any = connection.connection.dbapi_connection
        raw.backup(empty)
    return empty


def _number_function(change: Any) -> Any:
    return lambda value: value if value is None else change(value)


def _text_function(change: Any) -> Any:
    return lambda value: value if value is None else change(str(value))
