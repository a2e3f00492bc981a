# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to change: a pure comparison of desired and actual rows.

Nothing in this file talks to a server. The laws that hold (and are tested as properties): comparing a state with itself
gives no change; the changes, made to the actual state, give the desired one; comparing again gives no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Literal, Union

from ..sdk.errors import BalenaError
from .wording import spelled

Action = Literal["create", "update", "delete", "act"]
Key = tuple[str, ...]


class DeclarationError(BalenaError):
    """What was declared cannot be: an option is wrong, or names something that does not exist."""


@dataclass(frozen=True)
class Row:
    """One thing, as it is or as it should be.

    :param key: its natural key, readable: C(("7cf02a6…", "LOG_LEVEL")). Unique within a comparison.
    :param fields: the columns under comparison. A desired row names only those that the user gave.
    :param identity: the columns that make the row what it is; with C(fields) they are the body that creates it.
        A value, here and in C(fields) of a creation, may be a L(NewId): that of a row that an earlier change of the
        same plan creates.
    :param id: the server's id; only actual rows have one.
    """

    key: Key
    fields: Mapping[str, Any]
    identity: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None


class NamedId(int):
    """An id that knows what people call the thing, so that a diff can say it."""

    label: str

    def __new__(cls, id_: int, label: str) -> NamedId:
        """Make an integer that carries a label."""
        made = super().__new__(cls, id_)
        made.label = label
        return made


@dataclass(frozen=True)
class NewId:
    """Stands for the id of a row that an earlier change of the plan creates."""

    resource: str
    key: Key


@dataclass(frozen=True)
class Need:
    """An earlier step that a step relies on; it is not tried when that one was not made.

    :param key: which step; C(None) means all earlier ones of that kind.
    :param otherwise: why the step fails then; without it, the step only counts as not tried.
    """

    resource: str
    action: Action
    key: Key | None = None
    otherwise: str = ""


def reference(id_: int | NewId, label: str) -> NamedId | NewId:
    """What a column holds that refers to another row, with what people call that."""
    return id_ if isinstance(id_, NewId) else NamedId(id_, label)


@dataclass(frozen=True)
class Change:
    """One row to create, update or delete.

    Values of C(after) and C(identity) may be a L(NewId): that of a row that an earlier change of the plan creates.

    :param before: the compared columns as they are; C(None) for a creation, and for an update of what the same plan
        creates.
    :param after: the compared columns as they will be; C(None) for a deletion.
    :param secret: values must not be shown: see C(engine/report.py).
    :param kept: they are not known to be secrets, so that a file that only the user can read may have them.
    :param new: stands for C(id) in an update of what the same plan creates.
    :param needs: the earlier steps that it relies on, besides those whose ids it holds.
    :param arguments: what else it takes to make it, if it is not a plain write of a row; not shown.
    :param bookkeeping: it is how the task remembers what it does, and another one each time; no plan file promises it.
    """

    action: Action
    resource: str
    key: Key
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    identity: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None
    secret: bool = False
    new: NewId | None = None
    needs: tuple[Need, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    bookkeeping: bool = False
    kept: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """The columns to send: all of a creation, only those that differ of an update."""
        after, before = self.after or {}, self.before or {}
        if self.action == "create":
            return {**self.identity, **after}
        return {name: value for name, value in after.items() if name not in before or before[name] != value}


@dataclass(frozen=True)
class Act:
    """Something to do once, which is not a state that a row can have: a reboot, the start of an update.

    Results show it as they show an update.

    :param shown: what it does, as a diff shows it; C(before) is what it is about to end.
    :param arguments: what else it takes to do it.
    :param leaves_no_trace: everything is afterwards as it was (a ping), so that it is done and never reported.
    """

    resource: str
    key: Key
    shown: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None
    leaves_no_trace: bool = False
    needs: tuple[Need, ...] = ()
    secret: bool = False
    action: Literal["act"] = "act"

    @property
    def after(self) -> Mapping[str, Any]:
        """What a diff shows on its second side."""
        return self.shown


Step = Union[Change, Act]


@dataclass(frozen=True)
class Plan:
    """What a task does, in order, and what it returns when that is done. Nothing but data: see L(Task) for the rest.

    :param changes: in the order in which they are safe to make.
    :param subjects: how many things the plan is about; percentages count these.
    :param result: what the task returns besides the steps, as it will be after them (check mode returns this).
    :param acts: what is done after the changes.
    :param promise: what a plan file promises besides the steps: texts, and the names of things by uuid.
    """

    changes: tuple[Change, ...] = ()
    subjects: int = 1
    result: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    promise: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that is done, in order."""
        return (*self.changes, *self.acts)


def compare(
    resource: str,
    desired: Iterable[Row],
    actual: Iterable[Row],
    *,
    absent: Iterable[Key] = (),
    purge: bool = False,
    secret: bool = False,
) -> list[Change]:
    """Plan one resource: what turns C(actual) into C(desired).

    :param desired: rows that must exist, with the columns that matter.
    :param actual: rows that exist.
    :param absent: keys that must not exist.
    :param purge: also delete every actual row that is not desired.
    :param secret: the values are secret.
    :returns: creations, then updates, then deletions; each in the order of its input.
    :raises DeclarationError: the same key is desired twice, or both desired and absent.
    """
    wanted = _by_key(desired)
    existing = {row.key: row for row in actual}
    unwanted = dict.fromkeys(absent)
    both = sorted(key for key in unwanted if key in wanted)
    if both:
        raise DeclarationError(f"declared both present and absent: {', '.join(spelled(key) for key in both)}")
    creates, updates = [], []
    for key, row in wanted.items():
        found = existing.get(key)
        if found is None:
            creates.append(Change("create", resource, key, None, row.fields, row.identity, secret=secret))
        elif any(name not in found.fields or found.fields[name] != value for name, value in row.fields.items()):
            before = {name: found.fields.get(name) for name in row.fields}
            updates.append(Change("update", resource, key, before, row.fields, found.identity, found.id, secret))
    doomed = [row for key, row in existing.items() if key in unwanted or (purge and key not in wanted)]
    deletes = [Change("delete", resource, row.key, row.fields, None, row.identity, row.id, secret) for row in doomed]
    return creates + updates + deletes


def in_steps(changes: Iterable[Change], set_by_server: Mapping[str, Any]) -> list[Change]:
    """Creations whose rows the server changes: without these columns, then updates that give them their values.

    :param set_by_server: columns that have a certain value in each new row, whatever is asked; and that value.
    """
    found: list[Change] = []
    late: list[Change] = []
    for change in changes:
        after = change.after or {}
        if change.action != "create" or not after.keys() & set_by_server.keys():
            found.append(change)
            continue
        found.append(replace(change, after={name: after[name] for name in after if name not in set_by_server}))
        differing = {
            name: after[name] for name in after if name in set_by_server and after[name] != set_by_server[name]
        }
        if differing:
            new = NewId(change.resource, change.key)
            late.append(Change("update", change.resource, change.key, None, differing, new=new, secret=change.secret))
    return found + late


def predict(actual: Iterable[Row], changes: Iterable[Change]) -> list[Row]:
    """The rows as they will be once the changes are made: what check mode promises."""
    rows = {row.key: row for row in actual}
    for change in changes:
        if change.action == "delete":
            rows.pop(change.key, None)
            continue
        old = rows.get(change.key)
        fields = {**(old.fields if old else {}), **(change.after or {})}
        rows[change.key] = Row(change.key, fields, change.identity, change.id)
    return list(rows.values())


def _by_key(rows: Iterable[Row]) -> dict[Key, Row]:
    found: dict[Key, Row] = {}
    for row in rows:
        if row.key in found:
            raise DeclarationError(f"declared twice: {spelled(row.key)}")
        found[row.key] = row
    return found


def join(plans: Sequence[Sequence[Change]]) -> tuple[Change, ...]:
    """The changes of several resources as one plan: every deletion after all that creates or updates."""
    flat = [change for changes in plans for change in changes]
    return tuple([c for c in flat if c.action != "delete"] + [c for c in flat if c.action == "delete"])


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes, each of which needs all before it that are not of its own kind."""
    found: list[Change] = []
    needs: tuple[Need, ...] = ()
    for kind, group in groupby(changes, key=lambda change: (change.resource, change.action)):
        found += [replace(change, needs=(*change.needs, *needs)) for change in group]
        # What comes before it was needed by that in its turn.
        needs = (Need(*kind),)
    return tuple(found)
