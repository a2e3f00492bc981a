# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API keys: made, described, rotated and revoked. A key's value is told once, when it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...engine import dates
from ...engine.apply import Made, Outcome, Writers
from ...engine.plan import Change, DeclarationError, Plan
from ...engine.replacing import after_successors
from ...engine.report import SENSITIVE
from ...engine.task import Task
from ...sdk.errors import BalenaError, BalenaUnknownOutcomeError
from ...sdk.models._api_keys import new_actor_key, new_key
from ..query import Record
from .fields import API_KEY
from .owners import Owned, Owner, Scoped, describe, find, keys_of
from .rights import check_idempotence, check_token, user_only

if TYPE_CHECKING:
    from ...sdk import Balena

RESOURCE = API_KEY.name
#: What makes a key for each scope: the kind of owner, and the one role that suits it (recording 12).
_ACTORS = {
    "application": ("application", "provisioning-api-key"),
    "device": ("device", "device-api-key"),
}
_HIDDEN = (
    "The server does not list the new API key, as an openBalena server does with those of applications and devices: "
    "a later run cannot know that the key exists, and will make another one"
)
_UNSEEN = (
    "The server lists no API key at all of what scope says. An openBalena server never does that for applications and "
    "devices, so that a key could exist and not be seen"
)


class Declared(Scoped):
    """A key, and what becomes of others of its name."""

    name: str
    description: str | None
    expires: str | None
    state: str
    overlap: int | None
    max_age: int | None


class Want(Owned):
    """The options of the module balena_api_key: those of L(Declared), and more."""

    name: str
    description: str | None
    expires: str | None
    state: str
    overlap: int | None
    max_age: int | None
    force: bool


@dataclass(frozen=True)
class _Keys:
    """The keys of a declaration: of whom, and as they are."""

    want: Declared
    actual: Mapping[Owner, Sequence[Record]]

    def newest(self, owner: Owner) -> Record | None:
        """The key that counts; others of its name are being replaced by it."""
        rows = self.actual[owner]
        return rows[0] if rows else None


def plan(balena: Balena, want: Want) -> Task:
    """What has to change for each owner to have the key as declared, or none.

    :param want: the options of the module balena_api_key.
    :raises DeclarationError: options that do not fit each other, an owner that does not exist, a token that may not do
        it, or a server where a later run could not see the key.
    """
    _fields(want)
    owners = find(balena, want)
    with user_only(balena, want["scope"]):
        actual = keys_of(balena, owners, name=want["name"])
    if want["state"] == "absent":
        task = Task(_removal(balena, _Keys(want, actual)))
    else:
        task = converge(want, actual)
        unseen = [owner.label for owner, rows in actual.items() if not rows]
        if want["scope"] != "user" and not want["force"]:
            check_idempotence(balena, unseen)
    check_token(balena, want["scope"], task.plan.changes)
    return task


def converge(want: Declared, actual: Mapping[Owner, Sequence[Record]]) -> Task:
    """What has to change for each owner to have the key as declared.

    :param want: C(state) is not C(absent).
    :param actual: the keys of the declared name that each owner has, the newest first. An owner's id may be a L(NewId).
    :raises DeclarationError: options that do not fit each other.
    """
    fields = _fields(want)
    keys = _Keys(want, actual)
    owners = list(actual)
    creates, updates, olds = [], [], []
    for owner in owners:
        newest = keys.newest(owner)
        if newest is None or _is_due(want, newest):
            creates.append(Change("create", RESOURCE, _key(keys, owner), None, fields, _identity(want, owner)))
            olds += _retirement(keys, owner) if want["state"] == "rotated" else []
        else:
            updates += API_KEY.changes(want, newest, owner.key)
    olds = after_successors(olds, creates)
    limits = [change for change in olds if change.action == "update"]
    removals = [change for change in olds if change.action == "delete"]
    return _task(keys, (*creates, *updates, *limits, *removals), fields)


def _fields(want: Declared) -> dict[str, Any]:
    """The declared columns; an empty text clears a column."""
    if not want["name"].strip():
        raise DeclarationError("name must not be empty")
    for option in ("overlap", "max_age"):
        if want[option] is not None and want["state"] != "rotated":
            raise DeclarationError(f"{option} is only used with state: rotated")
        if (want[option] or 0) < 0:
            raise DeclarationError(f"{option} must not be negative, not {want[option]}")
    return API_KEY.wanted(want)


def _identity(want: Declared, owner: Owner) -> dict[str, Any]:
    """Whose key it is, as what makes keys is told."""
    if want["scope"] == "user":
        return {"name": want["name"]}
    actor, role = _ACTORS[want["scope"]]
    return {"name": want["name"], "actorType": actor, "actorTypeId": owner.id, "roles": [role]}


def _key(keys: _Keys, owner: Owner) -> tuple[str, ...]:
    return (*owner.key, keys.want["name"])


def _is_due(want: Declared, newest: Record) -> bool:
    """Whether a key has to be replaced by a new one."""
    if want["state"] != "rotated":
        return False
    made = dates.read(newest["created_at"])
    return made is None or (dates.now() - made).total_seconds() >= (want["max_age"] or 0)


def _retirement(keys: _Keys, owner: Owner) -> list[Change]:
    """The end of the keys that a new one replaces: at once, or when the overlap is over unless they end before."""
    overlap = keys.want["overlap"] or 0
    end = dates.later(dates.now(), overlap, "overlap")
    changes = []
    for number, row in enumerate(keys.actual[owner], 1):
        key = (*_key(keys, owner), f"previous {number}")
        ends = dates.read(row["expiry_date"])
        before = {"expiry_date": row["expiry_date"]}
        if not overlap:
            changes.append(API_KEY.removal(key, row, shown(row)))
        elif ends is None or ends > end:
            after = {"expiry_date": dates.as_stored(end)}
            changes.append(Change("update", RESOURCE, key, before, after, {}, row["id"]))
    return changes


def shown(row: Record) -> dict[str, Any]:
    """A key as a diff shows it."""
    return {name: row[name] for name in ("description", "expiry_date", "created_at")}


def _removal(balena: Balena, keys: _Keys) -> Plan:
    changes = tuple(
        API_KEY.removal((*_key(keys, owner), *which), row, shown(row))
        for owner, rows in keys.actual.items()
        for which, row in zip([(), *((f"previous {number}",) for number in range(1, len(rows)))], rows, strict=False)
    )
    warnings = () if changes else _doubts(balena, keys)
    return Plan(changes, len(keys.actual), {"api_keys": []}, warnings=warnings)


def _doubts(balena: Balena, keys: _Keys) -> tuple[str, ...]:
    """What to say of a key that is not seen: perhaps the server shows none of such owners."""
    seen = keys.want["scope"] == "user" or any(keys_of(balena, list(keys.actual)).values())
    return () if seen else (_UNSEEN,)


def _task(keys: _Keys, changes: tuple[Change, ...], fields: Mapping[str, Any]) -> Task:
    def read(balena: Balena, outcome: Outcome) -> dict[Owner, list[Record]]:
        return keys_of(balena, list(keys.actual), name=keys.want["name"])

    def result(outcome: Outcome) -> dict[str, Any]:
        # Also when others failed: the value of a key that was made is told now or never.
        now = keys if outcome.read is None else replace(keys, actual=outcome.read)
        made = {owner: secret for owner in keys.actual if (secret := outcome.secret(RESOURCE, _key(keys, owner)))}
        hidden = outcome.read is not None and any(now.newest(owner) is None for owner in made)
        return {
            "api_keys": [
                {**_one(now, owner, now.newest(owner), fields), **({"key": made[owner]} if owner in made else {})}
                for owner in now.actual
            ],
            **({SENSITIVE: True} if made else {}),
            **({"warnings": [_HIDDEN]} if hidden else {}),
        }

    planned = Plan(changes, len(keys.actual), {"api_keys": _predicted(keys, changes, fields)})
    return Task(planned, WRITERS, read, result)


def _make(balena: Balena, change: Change, outcome: Outcome) -> Made:
    """Make a key; its value is told now only."""
    after = change.after or {}
    told = {**change.identity, "description": after.get("description")}
    body = {name: value for name, value in told.items() if value is not None}
    body["expiryDate"] = after.get("expiry_date")  # also that a key does not end must be said
    try:
        key = new_actor_key(balena, body) if "actorType" in body else new_key(balena, "/api-key/user/full", body)
    except BalenaUnknownOutcomeError as error:
        raise BalenaError(
            f"{error}. If the key was made, nobody knows its value; state: rotated replaces it"
        ) from error
    return Made(secret=key)


WRITERS: Writers = {(RESOURCE, "create"): _make}


def _predicted(keys: _Keys, changes: Sequence[Change], fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The keys as they will be; of those that are made, nobody knows the id and the value."""
    made = {change.key for change in changes if change.action == "create"}
    return [
        _one(keys, owner, None if _key(keys, owner) in made else keys.newest(owner), fields) for owner in keys.actual
    ]


def _one(keys: _Keys, owner: Owner, row: Record | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    empty = {"id": None, "name": keys.want["name"], "description": None, "expiry_date": None, "created_at": None}
    return describe(owner, {**empty, **(row or {}), **fields})
