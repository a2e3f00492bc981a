# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates, changes and deletes rows as requests ask for it."""

from __future__ import annotations

from sqlite3 import IntegrityError
from typing import Any

from . import rules
from .access import Actor
from .http.responses import BadRequest, Refused, Unauthorized
from .odata import Options, Target
from .odata.expressions import condition
from .odata.nodes import Alias, Literal
from .odata.query_scope import Context
from .odata.read import Reader
from .rules.checks import check_deletable, check_references, check_required, check_unique, check_values, converted
from .rules.write import AFTER, BEFORE, Row, Write, apply
from .store.model import Resource, base_model, model_of
from .store.store import Store

assert rules  # registers the rules


def writer_for(store: Store, actor: Actor | None) -> Writer:
    """A writer for what an endpoint of its own does for an actor; None is the server itself."""
    return Writer(store, Context(condition, model_of("resin"), actor, store.now()))


class Writer:
    """Writes for one request; the caller holds the transaction."""

    def __init__(self, store: Store, context: Context) -> None:
        assert context.actor is not None
        self.store = store
        self.context = context
        self.actor = context.actor
        self.reader = Reader(store, context)

    def create(self, target: Target, body: Row) -> Row:
        """POST: the new row as the API shows it."""
        resource = self.context.model[target.resource]
        right = self._right(resource, "create")
        write = self._write(resource, "create", body)
        for name, value in (target.key or {}).items():
            write.values[name] = converted(resource.fields[name], value.value if isinstance(value, Literal) else None)
        row_id = self._insert(resource, write, conditional=right is not None)
        if not self.actor.may(self._stored(resource).name, "read"):
            return {"id": row_id}
        rows: list[Row] = self.reader.read(Target(target.resource, {"id": Literal(row_id)}), Options())
        return rows[0] if rows else {"id": row_id}

    def _insert(self, resource: Resource, write: Write, conditional: bool = False) -> int:
        stored = self._stored(resource)
        apply(BEFORE, write)
        if conditional:
            self._check_condition(resource, write)
        check_required(stored, write.values)
        check_values(stored, write.values)
        check_unique(self.store, stored, [write.values])
        write.ids = [self.store.insert(stored.name, **write.values)]
        check_references(self.store, stored, write.values)
        apply(AFTER, write)
        return write.ids[0]

    def _check_condition(self, resource: Resource, write: Write) -> None:
        """Whether the actor may create such a row: tried on a row that is taken back."""
        stored = self._stored(resource)
        owners = [f.name for f in stored.fields.values() if f.type == "ref" and f.required and f.default is None]
        if any(name not in write.values for name in owners):
            raise Unauthorized
        try:
            row_id = self.store.insert(stored.name, **write.values)
        except IntegrityError:
            return  # taken, which is said later
        allowed = self.reader.ids(Target(resource.name, {"id": Literal(row_id)}), Options(), "create")
        self.store.delete(stored.name, row_id)
        if not allowed:
            raise Unauthorized

    def update(self, target: Target, options: Options, body: Row) -> None:
        """PATCH: every row that the key and the filter name; without either, all rows."""
        resource = self.context.model[target.resource]
        self._right(resource, "update")
        if not isinstance(body, dict):
            raise BadRequest
        write = self._write(resource, "update", body)
        write.by_key = target.key is not None
        write.ids = self.reader.ids(target, options, "update")
        apply(BEFORE, write)
        if not write.values:
            raise Refused("only unknown fields") if body else BadRequest("No fields to update")
        self.change(resource, write)

    def check(self, resource: Resource, values: Row) -> None:
        """Whether such values could be written; nothing is."""
        write = Write(self.store, self._stored(resource).name, "update", values, self.actor)
        apply(BEFORE, write)
        check_values(self._stored(resource), write.values)

    def change(self, resource: Resource, write: Write) -> None:
        """Change the rows of a write that has been through the rules before it."""
        stored = self._stored(resource)
        check_values(stored, write.values)
        if write.ids:
            rows = [{**row, **write.values} for row in write.rows]
            if any(name in key for name in write.values for key in stored.keys):
                check_unique(self.store, stored, rows, write.ids)
            self.store.update(stored.name, write.ids, **write.values)
            if write.values.get("id") is not None:
                write.ids = [write.values["id"]]
            check_references(self.store, stored, write.values)
        apply(AFTER, write)

    def replace(self, target: Target, body: Row) -> None:
        """PUT: create the row that the key names, or give it these values and the defaults."""
        resource = self.context.model[target.resource]
        creating, changing = self._right(resource, "create"), self._right(resource, "update")
        write = self._write(resource, "replace", body)
        stored = self._stored(resource)
        for name, value in (target.key or {}).items():
            literal = self.context.aliases.get(value.name, Literal(None)) if isinstance(value, Alias) else value
            write.values[resource.fields[name].stored] = converted(resource.fields[name], literal.value)
        # the rules for new rows do not run, so nothing is generated
        for f in stored.fields.values():
            generated = (f.default or "").startswith("$") and f.name not in ("created_at", "modified_at", "id")
            if f.required and not f.computed and f.name not in write.values and (f.default is None or generated):
                raise Refused(f"{f.name} is missing")
        write.ids = self._same_row(stored, write.values)
        if not write.ids:
            self._insert(resource, write, conditional=creating is not None)
            return
        own = Target(resource.name, {"id": Literal(write.ids[0])})
        if changing is not None and not self.reader.ids(own, Options(), "update"):
            raise Unauthorized
        self.change(resource, write)

    def _same_row(self, stored: Resource, values: Row) -> list[int]:
        for key in sorted(stored.keys, key=len):
            if all(values.get(name) is not None for name in key):
                ids = self.store.ids(stored.name, **{name: values[name] for name in key})
                if ids:
                    return ids
        return []

    def delete(self, target: Target, options: Options) -> None:
        """DELETE: every row that the key and the filter name; without either, all rows."""
        resource = self.context.model[target.resource]
        self._right(resource, "delete")
        stored = self._stored(resource)
        write = Write(self.store, stored.name, "delete", {}, self.actor, by_key=target.key is not None)
        write.ids = self.reader.ids(target, options, "delete")
        apply(BEFORE, write)
        if write.ids:
            check_deletable(self.store, stored.name, write.ids)
            self.store.delete(stored.name, write.ids)
        apply(AFTER, write)

    def _right(self, resource: Resource, verb: str) -> Any:
        return self.actor.right(self._stored(resource).name, verb)

    @staticmethod
    def _stored(resource: Resource) -> Resource:
        return base_model()["application" if resource.name == "my_application" else resource.name]

    def _write(self, resource: Resource, verb: str, body: Row) -> Write:
        """The body's known fields, converted; the rules see computed ones too."""
        if not isinstance(body, dict):
            raise BadRequest
        write = Write(self.store, self._stored(resource).name, verb, {}, self.actor)
        if self.context.model.version == "v6":
            body = rules.v6.translated(self.store, resource.name, body)
        for name, value in body.items():
            f = resource.fields.get(name)
            if f is None or "none" in f.versions:
                continue
            if value is None and f.required and self.context.model.version == "cloud":
                raise BadRequest(f'"{name}" cannot be null')
            if f.computed:
                write.notes[name] = converted(f, value)
            else:
                write.values[f.stored] = converted(f, value)
        return write
