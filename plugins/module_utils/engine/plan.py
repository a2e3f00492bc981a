# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to change: a pure comparison of desired and actual rows.

Nothing in this file talks to a server. The laws that hold (and are tested as properties):
comparing a state with itself gives no change; the changes, made to the actual state, give the
desired one; comparing again gives no change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..sdk.errors import BalenaError
from .wording import counted

Action = Literal["create", "update", "delete"]
Key = tuple[str, ...]


#: What an application or service has, and all its devices get.
_REACHING = ("application_environment_variable", "application_config_variable", "service_environment_variable")
_TARGET = frozenset(("should_be_running__release", "should_track_latest_release"))


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
    :param new: stands for C(id) in an update of what the same plan creates.
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

    @property
    def subject(self) -> Key:
        """What it is about: the beginning of its key. A device that is declared by its name has two parts there."""
        by_name = self.resource.startswith(("device", "service_install")) and "/" in self.key[0]
        return self.key[: 2 if by_name else 1]

    @property
    def reaches_all(self) -> bool:
        """Whether all devices of the application get it."""
        return self.resource in _REACHING or (
            self.resource == "application" and self.action == "update" and not _TARGET.isdisjoint(self.body)
        )

    @property
    def body(self) -> dict[str, Any]:
        """The columns to send: all of a creation, only those that differ of an update."""
        after, before = self.after or {}, self.before or {}
        if self.action == "create":
            return {**self.identity, **after}
        return {name: value for name, value in after.items() if name not in before or before[name] != value}


#: Makes one change that is not a plain write of a row (a registration, a call of a service).
#: Gets the SDK and the change; returns the id of what it made, or None.
Writer = Callable[[Any, Change], "int | None"]


#: Shows a line of text to who is looking on; a module process has nobody who is.
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Followed:
    """What came of waiting after the changes: more of the result, and what went wrong, if something did."""

    result: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True)
class Plan:
    """An ordered list of changes and what the task returns when they are made.

    :param changes: in the order in which they are safe to make.
    :param subjects: how many things (devices, applications) the plan is about; percentages count these.
    :param result: what the task returns besides the changes, as it will be after them (check mode returns this).
    :param refresh: reads that result again after the changes were made, where the server decides some of it.
    :param writers: C((resource, action)) of the changes that are not plain writes of a row.
    :param changes_nothing: the "changes" leave everything as it is (a ping): they are made, and never reported.
    :param account: more of the result, made of what became of the changes (an C(Outcome)), also when some failed.
    :param in_order: what follows a change that failed is not tried, unless it is of the same kind: later changes rely
        on earlier ones.
    :param follow: waits for what the changes bring about; also when nothing had to be changed, never in check mode.
    """

    changes: tuple[Change, ...] = ()
    subjects: int = 1
    result: Mapping[str, Any] = field(default_factory=dict)
    refresh: Callable[[Any], Mapping[str, Any]] | None = None
    writers: Mapping[tuple[str, Action], Writer] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    changes_nothing: bool = False
    in_order: bool = False
    account: Callable[[Any], Mapping[str, Any]] | None = None
    follow: Callable[[Any, Progress], Followed] | None = None

    @property
    def touched(self) -> int:
        """How many subjects the changes are about. What reaches all devices of an application touches all of them."""
        if any(change.reaches_all for change in self.changes):
            return self.subjects
        return min(len({change.subject for change in self.changes}), self.subjects)

    def count(self) -> dict[str, int]:
        """How many rows are created, updated and deleted."""
        counts = {"create": 0, "update": 0, "delete": 0}
        for change in self.changes:
            counts[change.action] += 1
        return counts


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
        raise DeclarationError(f"declared both present and absent: {', '.join(' '.join(key) for key in both)}")
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


def guard(plan: Plan, max_changes: str | int | None) -> None:
    """Stop a plan that is larger than its author allowed, before its first write.

    :param max_changes: a number of changes, or a percentage of the subjects (C("10%")) that may be touched, however
        many changes each of them has.
    :raises DeclarationError: the plan is larger; or C(max_changes) is neither a number nor a percentage.
    """
    if max_changes is None:
        return
    limit, by_share = share(max_changes, plan.subjects, option="max_changes"), str(max_changes).strip().endswith("%")
    if (plan.touched if by_share else len(plan.changes)) > limit:
        counts = ", ".join(f"{number} to {action}" for action, number in plan.count().items() if number)
        allowed = f"{max_changes}, that is {limit} of {plan.subjects}" if by_share else counted(limit, "change")
        raise DeclarationError(
            f"Nothing was written: the plan has {counted(len(plan.changes), 'change')} ({counts}) and touches "
            f"{plan.touched} of {counted(plan.subjects, 'subject')}, more than max_changes allows ({allowed})"
        )


def share(amount: str | int, total: int, *, option: str) -> int:
    """How many a count or a percentage is of a total; a percentage is rounded up, so that 1 % of 5 is one.

    :raises DeclarationError: not a whole number or percentage of 0 or more.
    """
    text = str(amount).strip()
    number = text[:-1].strip() if text.endswith("%") else text
    try:
        value = float(number) if text.endswith("%") else int(number)
    except ValueError:
        value = -1
    if not 0 <= value <= (100 if text.endswith("%") else float("inf")):
        raise DeclarationError(f"{option} must be a whole number or a percentage such as 10%, not '{amount}'")
    return -int(-total * value // 100) if text.endswith("%") else int(value)


def _by_key(rows: Iterable[Row]) -> dict[Key, Row]:
    found: dict[Key, Row] = {}
    for row in rows:
        if row.key in found:
            raise DeclarationError(f"declared twice: {' '.join(row.key)}")
        found[row.key] = row
    return found


def join(plans: Sequence[Sequence[Change]]) -> tuple[Change, ...]:
    """The changes of several resources as one plan: every deletion after all that creates or updates."""
    flat = [change for changes in plans for change in changes]
    return tuple([c for c in flat if c.action != "delete"] + [c for c in flat if c.action == "delete"])
