# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the changes of a plan in the fewest requests, and know afterwards which were made.

Equal updates of one resource become one filtered PATCH for each 200 ids, deletions one filtered DELETE for
each 200 ids; creations go one by one over the pooled connections, since the API has no multi-row POST.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from ..sdk._related import referenced
from ..sdk.errors import (
    BalenaConnectionError,
    BalenaError,
    BalenaInvalidResponseError,
    BalenaNotLoggedIn,
    BalenaReadOnlyError,
    BalenaRequestError,
)
from . import along
from .batches import alike, batches
from .plan import Action, Change, Key, Need, NewId, Plan, Step
from .wording import spelled

if TYPE_CHECKING:
    from ..sdk import Balena


@dataclass(frozen=True)
class Failure:
    """A step that was refused, and why."""

    change: Step
    error: BalenaError


@dataclass(frozen=True)
class Made:
    """What a step made.

    :param id: the server's id of it.
    :param secret: what is told only once, such as the value of a key.
    """

    id: int | None = None
    secret: str | None = field(default=None, repr=False)


def _silent(line: str) -> None:
    """Nobody is looking on."""


@dataclass
class Outcome:
    """What became of each step of a plan.

    :param done: what was made here.
    :param met: what somebody else had made in the meantime, just as declared; nothing was left to do.
    :param earlier: what failed before the rest was planned anew; it may have been made nevertheless.
    :param made: the rows that are there now because they were to be created, and what else steps made.
    :param read: what was read when all was made; C(None) before that.
    :param progress: shows a line of text while a step takes its time.
    """

    done: list[Step] = field(default_factory=list)
    met: list[Step] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    not_done: list[Step] = field(default_factory=list)
    earlier: list[Failure] = field(default_factory=list)
    made: dict[tuple[str, Key], Made] = field(default_factory=dict)
    read: Any = None
    progress: Callable[[str], object] = field(default=_silent, repr=False, compare=False)

    @property
    def complete(self) -> bool:
        """Whether every step was made."""
        return not self.failed and not self.not_done

    def secret(self, resource: str, key: Key) -> str | None:
        """What a step made that is told only once, if it made something of the kind."""
        made = self.made.get((resource, key))
        return made.secret if made else None


#: Makes one step that is not a plain write of a row, such as a registration: gets the SDK, the step, and what has
#: become of those before it.
Writer = Callable[[Any, Any, Outcome], "Made | None"]
Writers = Mapping[tuple[str, Action], Writer]

#: From so many on, one request that looks for rows is less than a conflict for each.
_MANY = 2


def apply(
    balena: Balena, plan: Plan, writers: Writers | None = None, progress: Callable[[str], object] = _silent
) -> Outcome:
    """Make every step of the plan, in its order.

    A change that the server refuses does not keep independent ones from being made; an error that would meet every
    further request (no connection, no permission, a failing server) ends the run. Running it again finishes the rest.

    :param writers: make the steps that are not plain writes of a row, by resource and action.
    :param progress: shows a line of text while a step takes its time.
    :returns: which steps were made, which failed and why, and which were not tried.
    """
    run = _Run(balena, writers or {}, Outcome(progress=progress))
    for batch in batches(plan.steps):
        resource, action = batch[0].resource, batch[0].action
        steps = run.able(batch)
        if (resource, action) in run.writers or action == "create":
            run.each(steps)
        else:
            run.bulk(steps)
    return run.outcome


class _Run:
    """One run of a plan: the outcome so far, and whether to go on."""

    def __init__(self, balena: Balena, writers: Writers, outcome: Outcome) -> None:
        self.balena, self.writers, self.outcome = balena, writers, outcome
        #: The rows that were made or changed here, not by somebody else.
        self._ours: set[tuple[str, Key]] = set()
        self._lock, self._hopeless = Lock(), Event()

    def able(self, steps: list[Any]) -> list[Any]:
        """Those of some steps whose needs are met; the others are noted."""
        if not any(step.needs for step in steps):
            return steps
        left = [*(failure.change for failure in self.outcome.failed), *self.outcome.not_done]
        lacking = {(step.resource, step.action, key) for step in left for key in (step.key, None)}
        able = []
        for step in steps:
            unmet = [need for need in step.needs if (need.resource, need.action, need.key) in lacking]
            if unmet:
                self._leave(step, unmet[0])
            else:
                able.append(step)
        return able

    def _leave(self, step: Step, unmet: Need) -> None:
        if unmet.otherwise:
            self.outcome.failed.append(Failure(step, BalenaError(unmet.otherwise)))
        else:
            self.outcome.not_done.append(step)

    def each(self, changes: Sequence[Change]) -> None:
        """Changes that need a request each, but for what came along with its parent."""
        there = self._already_there(changes)
        self._all([[change] for change in changes if change.key not in there], self._one)

    def _already_there(self, changes: Sequence[Change]) -> Collection[Key]:
        """Note the rows that the server made together with those that they belong to, which were created here."""
        if self._hopeless.is_set() or any((one.resource, one.action) in self.writers for one in changes[:1]):
            return ()
        looked_for = [change for change in changes if along.parent_of(change)]
        if len(looked_for) < _MANY:
            return ()
        try:
            there = along.find(self.balena, looked_for, self._resolved)
        except BalenaError:
            return ()  # making them shows what is wrong
        for change in looked_for:
            if change.key in there:
                self.outcome.made[change.resource, change.key] = Made(there[change.key])
                self._note(self.outcome.done if self._came_along(change) else self.outcome.met, [change])
        return there

    def bulk(self, changes: Sequence[Change]) -> None:
        """Updates or deletions of one resource, as many rows in a request as it takes."""
        self._all(list(alike(changes)), self._many)

    def _all(self, groups: Sequence[Sequence[Change]], write: Callable[[Sequence[Change]], bool]) -> None:
        """One request for each group, over the pooled connections."""
        workers = max(1, min(self.balena.options.max_connections, len(groups)))
        if workers == 1:
            for group in groups:
                self._attempt(group, write)
            return
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda group: self._attempt(group, write), groups))

    def _attempt(self, changes: Sequence[Change], write: Callable[[Sequence[Change]], bool]) -> None:
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
        return any((parent.resource, parent.key) in self._ours for parent in parents)

    def _note(self, where: list[Any], what: Iterable[Any]) -> None:
        with self._lock:
            where.extend(what)

    def _one(self, changes: Sequence[Change]) -> bool:
        """Make one change; whether there was anything left to do."""
        change = changes[0]
        writer = self.writers.get((change.resource, change.action))
        if writer:
            made, ours = writer(self.balena, change, self.outcome), True
        else:
            id_, ours = self._create(change)
            made = Made(id_)
        with self._lock:
            if made:
                self.outcome.made[change.resource, change.key] = made
            if ours and change.action == "create":
                self._ours.add((change.resource, change.key))
        return ours

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
        different = {name: value for name, value in after.items() if referenced(found.get(name)) != value}
        if different:
            self.balena.pine.patch(change.resource, different, id=found["id"])
        return found["id"], bool(different)

    def _many(self, changes: Sequence[Change]) -> bool:
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

    def _known(self, change: Any) -> Any:
        """A step with the ids of the rows that were made before instead of what stands for them."""
        if change.action == "act":
            return change
        values = (*change.identity.values(), *(change.after or {}).values())
        if not change.new and not any(isinstance(value, NewId) for value in values):
            return change
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
            made = self.outcome.made.get((value.resource, value.key))
        if made is None or made.id is None:
            raise BalenaError(f"{value.resource} {spelled(value.key)} was not created, so nothing can belong to it")
        return made.id


def _meets_every_request(error: BalenaError) -> bool:
    """Whether trying the next change makes no sense: no answer, not allowed, or the server is failing."""
    if isinstance(error, BalenaRequestError):
        return error.status_code in (401, 403) or error.status_code >= 500
    return isinstance(
        error, (BalenaConnectionError, BalenaInvalidResponseError, BalenaNotLoggedIn, BalenaReadOnlyError)
    )
