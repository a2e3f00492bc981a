# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the changes of a plan in the fewest requests, and know afterwards which were made.

Equal updates of one resource become one filtered PATCH for each 200 ids, deletions one filtered DELETE for
each 200 ids; creations go one by one over the pooled connections, since the API has no multi-row POST.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import groupby
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from ..sdk.errors import (
    BalenaConnectionError,
    BalenaError,
    BalenaInvalidResponseError,
    BalenaNotLoggedIn,
    BalenaReadOnlyError,
    BalenaRequestError,
)
from .plan import Change, Key, NewId, Plan

if TYPE_CHECKING:
    from ..sdk import Balena

#: Ids in one filtered write; the official SDK's chunk. A real server takes 1500 (recording 16), proxies less.
CHUNK = 200


@dataclass(frozen=True)
class Failure:
    """A change that was refused, and why."""

    change: Change
    error: BalenaError


@dataclass
class Outcome:
    """What became of each change of a plan.

    :param done: what was made here.
    :param met: what somebody else had made in the meantime, just as declared; nothing was left to do.
    """

    done: list[Change] = field(default_factory=list)
    met: list[Change] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    not_done: list[Change] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every change was made."""
        return not self.failed and not self.not_done


def apply(balena: Balena, plan: Plan) -> Outcome:
    """Make every change of the plan, in its order.

    A change that the server refuses does not keep independent ones from being made; an error that would meet
    every further request (no connection, no permission, a failing server) ends the run. Running the same
    declaration again finishes what was left.

    :returns: which changes were made, which failed and why, and which were not tried.
    """
    run = _Run(balena, plan)
    for (resource, action), group in groupby(plan.changes, key=lambda change: (change.resource, change.action)):
        changes = list(group)
        if plan.in_order and run.outcome.failed:
            run.outcome.not_done += changes
        elif (resource, action) in plan.writers or action == "create":
            run.each(changes)
        else:
            run.bulk(changes)
    return run.outcome


class _Run:
    """One application of a plan: the ids made so far, the outcome so far, and whether to go on."""

    def __init__(self, balena: Balena, plan: Plan) -> None:
        self.balena, self.plan = balena, plan
        self.outcome = Outcome()
        self._ids: dict[tuple[str, Key], int | None] = {}
        self._made: set[tuple[str, Key]] = set()
        self._lock, self._hopeless = Lock(), Event()

    def each(self, changes: Sequence[Change]) -> None:
        """Changes that need a request each."""
        self._all([[change] for change in changes], self._one)

    def bulk(self, changes: Sequence[Change]) -> None:
        """Updates or deletions of one resource, as many rows in a request as it takes."""
        self._all(list(_alike(changes)), self._many)

    def _all(self, groups: Sequence[list[Change]], write: Callable[[list[Change]], bool]) -> None:
        """One request for each group, over the pooled connections."""
        workers = max(1, min(self.balena.options.max_connections, len(groups)))
        if workers == 1:
            for group in groups:
                self._attempt(group, write)
            return
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda group: self._attempt(group, write), groups))

    def _attempt(self, changes: list[Change], write: Callable[[list[Change]], bool]) -> None:
        if self._hopeless.is_set():
            self._note(self.outcome.not_done, changes)
            return
        try:
            made = write([self._known(change) for change in changes]) or self._came_along(changes[0])
        except BalenaError as error:
            if _meets_every_request(error):
                self._hopeless.set()
            self._note(self.outcome.failed, [Failure(change, error) for change in changes])
        else:
            self._note(self.outcome.done if made else self.outcome.met, changes)

    def _came_along(self, change: Change) -> bool:
        """Whether the server made a row together with the one that it belongs to, which was created here."""
        parents = [value for value in change.identity.values() if isinstance(value, NewId)]
        return any((parent.resource, parent.key) in self._made for parent in parents)

    def _note(self, where: list[Any], what: Iterable[Any]) -> None:
        with self._lock:
            where.extend(what)

    def _one(self, changes: list[Change]) -> bool:
        """Make one change; whether there was anything left to do."""
        change = changes[0]
        writer = self.plan.writers.get((change.resource, change.action))
        id_, made = (writer(self.balena, change), True) if writer else self._create(change)
        if change.action == "create":
            with self._lock:
                self._ids[change.resource, change.key] = id_
                if made:
                    self._made.add((change.resource, change.key))
        return made

    def _create(self, change: Change) -> tuple[int | None, bool]:
        """Create a row: its id, and whether it was made or changed here."""
        try:
            row = self.balena.pine.post(change.resource, change.body, natural_key=tuple(change.identity))
            return row.get("id"), True
        except BalenaRequestError as error:
            if error.status_code != 409:
                raise
            return self._settle(change, error)

    def _settle(self, change: Change, conflict: BalenaRequestError) -> tuple[int, bool]:
        """Somebody else made the row since it was read: give it the declared values."""
        after = dict(change.after or {})
        options = {"$select": ["id", *after], "$filter": dict(change.identity)}
        rows = self.balena.pine.get(change.resource, options=options)
        if not rows:
            raise conflict
        found = rows[0]
        different = {name: value for name, value in after.items() if _plain(found.get(name)) != value}
        if different:
            self.balena.pine.patch(change.resource, different, id=found["id"])
        return found["id"], bool(different)

    def _many(self, changes: list[Change]) -> bool:
        """Make changes that one request can make; whether there was anything left to do."""
        first = changes[0]
        ids = [change.id for change in changes]
        target: dict[str, Any] = {"id": ids[0]} if len(ids) == 1 else {"options": {"$filter": {"id": {"$in": ids}}}}
        if first.action == "update":
            self.balena.pine.patch(first.resource, first.body, **target)
            return True
        try:
            self.balena.pine.delete(first.resource, **target)
        except BalenaRequestError as error:
            if error.status_code != 404:  # already gone: that is what was asked for
                raise
            return False
        return True

    def _known(self, change: Change) -> Change:
        """A change with the ids of the rows that were made before instead of what stands for them."""
        return replace(
            change,
            id=self._resolve(change.new) if change.new else change.id,
            identity=self._resolved(change.identity),
            after=None if change.after is None else self._resolved(change.after),
        )

    def _resolved(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._resolve(value) for name, value in fields.items()}

    def _resolve(self, value: Any) -> Any:
        if not isinstance(value, NewId):
            return value
        with self._lock:
            found = self._ids.get((value.resource, value.key))
        if found is None:
            raise BalenaError(f"{value.resource} {' '.join(value.key)} was not created, so nothing can belong to it")
        return found


def _plain(value: Any) -> Any:
    """The id of a reference to another row, C({"__id": 1}); any other value as it is."""
    return value["__id"] if isinstance(value, dict) and "__id" in value else value


def _alike(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Chunks of changes that one request can make: same body, at most CHUNK rows."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        # Of what stands for a new row, the text tells equal from different as its id will.
        body = json.dumps(change.body, sort_keys=True, default=repr) if change.action == "update" else ""
        groups.setdefault(body, []).append(change)
    for group in groups.values():
        for start in range(0, len(group), CHUNK):
            yield group[start : start + CHUNK]


def _meets_every_request(error: BalenaError) -> bool:
    """Whether trying the next change makes no sense: no answer, not allowed, or the server is failing."""
    if isinstance(error, BalenaRequestError):
        return error.status_code in (401, 403) or error.status_code >= 500
    return isinstance(
        error, (BalenaConnectionError, BalenaInvalidResponseError, BalenaNotLoggedIn, BalenaReadOnlyError)
    )
