# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API keys: made, described, rotated and revoked. A key's value is told once, when it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...engine import dates
from ...engine.apply import Outcome
from ...engine.plan import Action, Change, DeclarationError, Plan, Writer
from ...engine.replacing import Replacement, remove, update
from ...engine.report import SENSITIVE
from ...sdk.errors import BalenaError, BalenaUnknownOutcomeError
from ..query import Record
from .owners import Owner, describe, find, keys_of
from .rights import check_idempotence, check_token, user_only

if TYPE_CHECKING:
    from ...sdk import Balena

Want = Mapping[str, Any]

RESOURCE = "api_key"
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


@dataclass
class _Keys:
    """The keys of a declaration: of whom, as they are, and the values of those that were made."""

    want: Want
    actual: Mapping[Owner, Sequence[Record]]
    secrets: dict[Owner, str] = field(default_factory=dict)

    def newest(self, owner: Owner) -> Record | None:
        """The key that counts; others of its name are being replaced by it."""
        rows = self.actual[owner]
        return rows[0] if rows else None


def plan(balena: Balena, want: Want) -> Plan:
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
        made = _removal(balena, _Keys(want, actual))
    else:
        made = converge(want, actual)
        unseen = [owner.label for owner, rows in actual.items() if not rows]
        if want["scope"] != "user" and not want.get("force"):
            check_idempotence(balena, unseen)
    check_token(balena, want["scope"], made.changes)
    return made


def converge(want: Want, actual: Mapping[Owner, Sequence[Record]]) -> Plan:
    """What has to change for each owner to have the key as declared.

    :param want: the options of the module balena_api_key; C(state) is not C(absent).
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
            creates.append(Change("create", RESOURCE, _key(keys, owner), None, fields, {"actorTypeId": owner.id}))
            olds += _retirement(keys, owner) if want["state"] == "rotated" else []
        else:
            updates += _update(keys, owner, newest, fields)
    limits = [change for change in olds if change.action == "update"]
    removals = [change for change in olds if change.action == "delete"]
    return _plan(keys, (*creates, *updates, *limits, *removals), fields)


def _fields(want: Want) -> dict[str, Any]:
    """The declared columns; an empty text clears a column."""
    if not want["name"].strip():
        raise DeclarationError("name must not be empty")
    for option in ("overlap", "max_age"):
        if want.get(option) is not None and want["state"] != "rotated":
            raise DeclarationError(f"{option} is only used with state: rotated")
        if (want.get(option) or 0) < 0:
            raise DeclarationError(f"{option} must not be negative, not {want[option]}")
    fields: dict[str, Any] = {}
    if want.get("description") is not None:
        fields["description"] = want["description"] or None
    if want.get("expires") is not None:
        text = want["expires"].strip()
        fields["expiry_date"] = dates.as_stored(dates.declared(text, "expires")) if text else None
    return fields


def _key(keys: _Keys, owner: Owner) -> tuple[str, ...]:
    return (*owner.key, keys.want["name"])


def _is_due(want: Want, newest: Record) -> bool:
    """Whether a key has to be replaced by a new one."""
    if want["state"] != "rotated":
        return False
    made = dates.read(newest["created_at"])
    return made is None or (dates.now() - made).total_seconds() >= (want.get("max_age") or 0)


def _update(keys: _Keys, owner: Owner, row: Record, fields: Mapping[str, Any]) -> list[Change]:
    before = {name: _stored(name, row[name]) for name in fields}
    if before == fields:
        return []
    return [Change("update", RESOURCE, _key(keys, owner), before, fields, {}, row["id"])]


def _stored(name: str, value: Any) -> Any:
    moment = dates.read(value) if name == "expiry_date" else None
    return dates.as_stored(moment) if moment else value


def _retirement(keys: _Keys, owner: Owner) -> list[Change]:
    """The end of the keys that a new one replaces: at once, or when the overlap is over unless they end before."""
    overlap = keys.want.get("overlap") or 0
    end = dates.later(dates.now(), overlap, "overlap")
    changes = []
    for number, row in enumerate(keys.actual[owner], 1):
        key = (*_key(keys, owner), f"previous {number}")
        ends = dates.read(row["expiry_date"])
        before = {"expiry_date": row["expiry_date"]}
        if not overlap:
            changes.append(Change("delete", RESOURCE, key, shown(row), None, {}, row["id"]))
        elif ends is None or ends > end:
            after = {"expiry_date": dates.as_stored(end)}
            changes.append(Change("update", RESOURCE, key, before, after, {}, row["id"]))
    return changes


def shown(row: Record) -> dict[str, Any]:
    """A key as a diff shows it."""
    return {name: row[name] for name in ("description", "expiry_date", "created_at")}


def _removal(balena: Balena, keys: _Keys) -> Plan:
    changes = tuple(
        Change("delete", RESOURCE, (*_key(keys, owner), *which), shown(row), None, {}, row["id"])
        for owner, rows in keys.actual.items()
        for which, row in zip([(), *((f"previous {number}",) for number in range(1, len(rows)))], rows, strict=False)
    )
    warnings = () if changes else _doubts(balena, keys)
    return Plan(changes, len(keys.actual), {"api_keys": []}, warnings=warnings)


def _doubts(balena: Balena, keys: _Keys) -> tuple[str, ...]:
    """What to say of a key that is not seen: perhaps the server shows none of such owners."""
    seen = keys.want["scope"] == "user" or any(keys_of(balena, list(keys.actual)).values())
    return () if seen else (_UNSEEN,)


def _plan(keys: _Keys, changes: tuple[Change, ...], fields: Mapping[str, Any]) -> Plan:
    owners = {_key(keys, owner): owner for owner in keys.actual}
    replacement = Replacement({change.key for change in changes if change.action == "create"})

    def create(balena: Balena, change: Change) -> None:
        owner = owners[change.key]
        keys.secrets[owner] = _make(balena, keys.want, change)
        replacement.made(change.key)

    def account(outcome: Outcome) -> dict[str, Any]:
        # Also when others failed: the value of a key that was made is told now or never.
        return {"api_keys": _results(keys, fields), **({SENSITIVE: True} if keys.secrets else {})}

    def refresh(balena: Balena) -> dict[str, Any]:
        keys.actual = keys_of(balena, list(keys.actual), name=keys.want["name"])
        hidden = any(not keys.actual[owner] for owner in keys.secrets)
        return {"api_keys": _results(keys, fields), **({"warnings": [_HIDDEN]} if hidden else {})}

    writers: dict[tuple[str, Action], Writer] = {(RESOURCE, "create"): create}
    if keys.want["state"] == "rotated":
        writers[RESOURCE, "update"] = replacement.writer(update)
        writers[RESOURCE, "delete"] = replacement.writer(remove)
    result = {"api_keys": _predicted(keys, changes, fields)}
    return Plan(changes, len(keys.actual), result, refresh=refresh, writers=writers, account=account)


def _make(balena: Balena, want: Want, change: Change) -> str:
    """Make a key and return its value."""
    after = change.after or {}
    body = {"name": want["name"], "description": after.get("description"), "expiryDate": after.get("expiry_date")}
    body = {name: value for name, value in body.items() if value is not None}
    path = "/api-key/user/full"
    if want["scope"] != "user":
        actor, role = _ACTORS[want["scope"]]
        path = "/api-key/v1/"
        body |= {"actorType": actor, **change.identity, "roles": [role]}
    try:
        return str(
            balena.request.send(method="POST", url=path, base_url=balena.options.api_root, body=body, shape="text").body
        )
    except BalenaUnknownOutcomeError as error:
        raise BalenaError(
            f"{error}. If the key was made, nobody knows its value; state: rotated replaces it"
        ) from error


def _predicted(keys: _Keys, changes: Sequence[Change], fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The keys as they will be; of those that are made, nobody knows the id and the value."""
    made = {change.key for change in changes if change.action == "create"}
    return [
        _one(keys, owner, None if _key(keys, owner) in made else keys.newest(owner), fields) for owner in keys.actual
    ]


def _results(keys: _Keys, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for owner in keys.actual:
        secret = {"key": keys.secrets[owner]} if owner in keys.secrets else {}
        found.append({**_one(keys, owner, keys.newest(owner), fields), **secret})
    return found


def _one(keys: _Keys, owner: Owner, row: Record | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    empty = {"id": None, "name": keys.want["name"], "description": None, "expiry_date": None, "created_at": None}
    return describe(owner, {**empty, **(row or {}), **fields})
