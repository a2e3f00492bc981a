# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database behind the emulated API, below all rules and rights: rows go in and out as plain dicts.

Values are what SQLite holds: times as text (`2026-01-01T00:00:00.000Z`), booleans as 0 and 1 (bools are accepted),
JSON as Python data, references as ids.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Protocol

import sqlalchemy as sa

from .database import open_database, tables
from .files import Files
from .model import Resource, base_model
from .values import iso, new_key, new_name, new_uuid

Row = dict[str, Any]


class HasNow(Protocol):
    """What the store wants of a clock."""

    def now(self) -> datetime:
        """The time."""


class RealClock:
    """The real time, until the API brings its own clock."""

    def now(self) -> datetime:
        """The time."""
        return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Image:
    """All that a store held at one time; another store can begin with it."""

    database: sqlite3.Connection
    sequences: Mapping[str, int]
    secrets: Mapping[str, str]


class Store:
    """Rows of every resource in SQLite; usable from many threads, each transaction alone."""

    def __init__(self, path: str = ":memory:", clock: HasNow | None = None) -> None:
        self.clock: HasNow = clock or RealClock()
        self.lock = threading.RLock()
        self._connection = open_database(path)
        self._raw: sqlite3.Connection = self._connection.connection.dbapi_connection  # type: ignore[assignment]
        self._depth = 0
        self._sequences: dict[str, int] = {}
        self.secrets: dict[str, str] = {}
        self.files = Files()
        self.listeners: list[Callable[[str, str, list[int]], None]] = []

    def now(self) -> str:
        """The clock's time as it is stored."""
        return iso(self.clock.now())

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """All or nothing; transactions within one another are one."""
        with self.lock:
            if self._depth == 0:
                self.write("BEGIN")
            self._depth += 1
            try:
                yield self
            except BaseException:
                if self._depth == 1:
                    self.write("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self.write("COMMIT")
            finally:
                self._depth -= 1

    # Rows are fetched while the lock is held: a cursor that is read later may yield another thread's rows.

    def execute(self, statement: sa.Executable, parameters: Any = None) -> Sequence[sa.Row[Any]]:
        """Run a statement of SQLAlchemy; the rows that it yields."""
        with self.lock:
            result = self._connection.execute(statement, parameters)
            return result.all() if result.returns_rows else ()

    def rows(self, statement: sa.Executable, parameters: Any = None) -> list[Row]:
        """The rows that a statement yields, by column."""
        return [dict(row._mapping) for row in self.execute(statement, parameters)]

    def scalar(self, statement: sa.Executable) -> Any:
        """The first value that a statement yields, or None."""
        with self.lock:
            return self._connection.execute(statement).scalar()

    def sql(self, text: str, parameters: Sequence[Any] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a query in plain SQL, which costs a fraction of building one; its columns and rows."""
        with self.lock:
            cursor = self._raw.execute(text, parameters)
            return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def write(self, text: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement in plain SQL; how many rows it changed."""
        with self.lock:
            return self._raw.execute(text, parameters).rowcount

    def copy_to(self, other: sqlite3.Connection) -> None:
        """Copy the whole database."""
        with self.lock:
            self._raw.backup(other)

    def copy_from(self, other: sqlite3.Connection) -> None:
        """Replace the whole database by a copy of another."""
        with self.lock:
            other.backup(self._raw)

    def image(self) -> Image:
        """A copy of all that the store holds."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        with self.lock:
            self.copy_to(copy)
            return Image(copy, dict(self._sequences), dict(self.secrets))

    def load(self, image: Image) -> None:
        """Hold what an image holds, and nothing else."""
        with self.lock:
            self.copy_from(image.database)
            self._sequences, self.secrets = dict(image.sequences), dict(image.secrets)

    def next_id(self, resource: str, count: int = 1) -> int:
        """The first of `count` new ids of a resource."""
        with self.lock:
            first = self._sequences.get(resource, 1)
            self._sequences[resource] = first + count
            return first

    def insert(self, resource: str, **fields: Any) -> int:
        """Add a row, with defaults for what is not given; the row's id."""
        return self.insert_many(resource, [fields])[0]

    def insert_many(self, resource: str, rows: Iterable[Mapping[str, Any]]) -> list[int]:
        """Add many rows in one go; their ids. Fast enough for 10,000 devices with their tags."""
        model = base_model()[resource]
        given = [dict(row) for row in rows]
        if not given:
            return []
        with self.transaction():
            self._fill_defaults(model, given)
            encoded = [self._encode(model, row) for row in given]
            columns = ", ".join(f'"{name}"' for name in encoded[0])
            marks = ", ".join("?" * len(encoded[0]))
            with self.lock:
                self._raw.executemany(
                    f'INSERT INTO "{resource}" ({columns}) VALUES ({marks})',
                    [[row[name] for name in encoded[0]] for row in encoded],
                )
        ids = [int(row["id"]) for row in given]
        self._tell("insert", resource, ids)
        return ids

    def update(self, resource: str, ids: int | Sequence[int], **fields: Any) -> int:
        """Change rows by id; how many there were."""
        values = {"modified_at": self.now(), **self._encode(base_model()[resource], fields)}
        where, parameters = _conditions({"id": ids})
        changes = ", ".join(f'"{name}" = ?' for name in values)
        return self.write(f'UPDATE "{resource}" SET {changes} WHERE {where}', [*values.values(), *parameters])

    def update_where(self, resource: str, where: sa.ColumnElement[bool], **fields: Any) -> int:
        """Change the rows that a condition on the resource's table selects."""
        values = {"modified_at": self.now(), **self._encode(base_model()[resource], fields)}
        with self.lock:
            return self._connection.execute(tables()[resource].update().where(where).values(values)).rowcount

    def delete(self, resource: str, ids: int | Sequence[int]) -> int:
        """Remove rows by id, and the rows that go with them; how many there were."""
        wanted = [ids] if isinstance(ids, int) else list(ids)
        if not wanted:
            return 0
        with self.transaction():
            for other in base_model().resources.values():
                for f in other.fields.values():
                    if f.target == resource and f.cascade and not f.computed:
                        self.delete(other.name, self.ids(other.name, **{f.name: wanted}))
            where, parameters = _conditions({"id": wanted})
            gone = self.write(f'DELETE FROM "{resource}" WHERE {where}', parameters)
        self._tell("delete", resource, wanted)
        return gone

    def query(self, resource: str, **equals: Any) -> list[Row]:
        """The rows whose fields equal the given values; a list matches any of its values."""
        where, parameters = _conditions(equals)
        names, found = self.sql(f'SELECT * FROM "{resource}" WHERE {where} ORDER BY id', parameters)
        decode = self._decoder(base_model()[resource])
        return [decode(dict(zip(names, row, strict=True))) for row in found]

    def ids(self, resource: str, **equals: Any) -> list[int]:
        """The ids of the rows whose fields equal the given values."""
        where, parameters = _conditions(equals)
        _names, found = self.sql(f'SELECT id FROM "{resource}" WHERE {where} ORDER BY id', parameters)
        return [row[0] for row in found]

    def get(self, resource: str, row_id: int | None = None, **equals: Any) -> Row | None:
        """One row, by id or by the values of fields; None when there is none."""
        found = self.query(resource, **(equals if row_id is None else {"id": row_id, **equals}))
        return found[0] if found else None

    def _tell(self, event: str, resource: str, ids: list[int]) -> None:
        for listener in self.listeners:
            listener(event, resource, ids)

    def _fill_defaults(self, model: Resource, rows: list[Row]) -> None:
        now = self.now()
        makers: dict[str, Callable[[], Any]] = {
            "$now": lambda: now,
            "$uuid": new_uuid,
            "$name": new_name,
            "$key": new_key,
            "$id": lambda: self.next_id(model.name),
        }
        for f in model.fields.values():
            lacking = [] if f.computed else [row for row in rows if f.name not in row]
            if f.default == "$actor":
                for row, actor in zip(lacking, self.insert_many("actor", [{} for _turn in lacking]), strict=True):
                    row[f.name] = actor
                continue
            make, constant = makers.get(f.default or ""), _constant(f.type, f.default)
            for row in lacking:
                row[f.name] = make() if make else constant

    @staticmethod
    def _encode(model: Resource, row: Mapping[str, Any]) -> Row:
        out = dict(row)
        for name, value in row.items():
            if value is None:
                continue
            if model.fields[name].type in ("json", "file"):
                out[name] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            elif isinstance(value, bool):
                out[name] = int(value)
        return out

    @staticmethod
    def _decoder(model: Resource) -> Callable[[Row], Row]:
        flags = [f.name for f in model.fields.values() if f.type == "bool" and not f.computed]
        data = [f.name for f in model.fields.values() if f.type in ("json", "file") and not f.computed]

        def decode(row: Row) -> Row:
            for name in flags:
                row[name] = None if row[name] is None else bool(row[name])
            for name in data:
                row[name] = None if row[name] is None else json.loads(row[name])
            return row

        return decode


def _conditions(equals: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The condition that fields equal values, and its parameters; a list is any of its values."""
    parts, parameters = ["1"], []
    for name, value in equals.items():
        if isinstance(value, (list, tuple, set, frozenset)):
            parts.append(f'"{name}" IN (SELECT value FROM json_each(?))')
            parameters.append(json.dumps(list(value)))
        else:
            parts.append(f'"{name}" IS ?')
            parameters.append(value)
    return " AND ".join(parts), parameters


def _constant(kind: str, default: str | None) -> Any:
    if default is None or default.startswith("$"):
        return None
    if kind == "bool":
        return default == "true"
    return int(default) if kind in ("int", "ref", "bigint") else default
