# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One write on its way through the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..access import Actor
from ..odata.permitted import may
from ..store.store import Store

Row = dict[str, Any]


@dataclass
class Write:
    """What is to be written.

    values: stored columns by name; ids: the rows; notes: computed fields that were sent, and what rules tell others.
    """

    store: Store
    resource: str
    verb: str
    values: Row
    actor: Actor
    ids: list[int] = field(default_factory=list)
    notes: Row = field(default_factory=dict)
    by_key: bool = False

    @property
    def rows(self) -> list[Row]:
        """The rows as they are now."""
        return self.store.query(self.resource, id=self.ids)

    def may(self, verb: str, resource: str, row_id: int) -> bool:
        """Whether who writes may do something with a row."""
        return may(self.store, self.actor, verb, resource, row_id)


Rule = Callable[[Write], None]
BEFORE: dict[tuple[str, str], list[Rule]] = defaultdict(list)
AFTER: dict[tuple[str, str], list[Rule]] = defaultdict(list)


def _register(where: dict[tuple[str, str], list[Rule]], verbs: str, resources: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        for verb in verbs.split():
            for resource in resources.split():
                where[verb, resource].append(rule)
        return rule

    return register


def before(verbs: str, resources: str) -> Callable[[Rule], Rule]:
    """Run a rule before rows are written; it may change the values or raise."""
    return _register(BEFORE, verbs, resources)


def after(verbs: str, resources: str) -> Callable[[Rule], Rule]:
    """Run a rule after rows are written; raising undoes the write."""
    return _register(AFTER, verbs, resources)


def apply(rules: dict[tuple[str, str], list[Rule]], write: Write) -> None:
    """Run the rules of a write in the order in which they were registered."""
    for rule in rules.get((write.verb, write.resource), ()):
        rule(write)
