# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether somebody may do something with one row, asked outside of a query."""

from __future__ import annotations

from ..access import Actor
from ..store.model import model_of
from ..store.store import Store
from .expressions import condition
from .nodes import Literal, Options, Target
from .query_scope import Context
from .read import Reader


def may(store: Store, actor: Actor, verb: str, resource: str, row_id: int) -> bool:
    """Whether an actor may do something with a row."""
    if not actor.may(resource, verb):
        return False
    reader = Reader(store, Context(condition, model_of("resin"), actor, store.now()))
    return bool(reader.ids(Target(resource, {"id": Literal(row_id)}), Options(), verb))
