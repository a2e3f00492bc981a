# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the cloud flavor: registration, two-factor authentication, memberships and invitations."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from ..access import Actor
from ..http.responses import ApiError, answer_json, answer_text

if TYPE_CHECKING:
    from ..api import Api
    from ..simulation.clock import Clock
    from ..store.store import Store

Rewrite = Callable[[Actor, dict[str, Any]], dict[str, Any]]
TOTP_SECONDS = 30
# resource of the membership, of the invite, field of both that names what one is a member of, role, its default
KINDS = {
    "org": (
        "organization_membership",
        "invitee__is_invited_to__organization",
        ("is_member_of__organization", "is_invited_to__organization"),
        "organization_membership_role",
        "member",
    ),
    "user": (
        "user_application_membership",
        "invitee__is_invited_to__application",
        ("is_member_of__application", "is_invited_to__application"),
        "application_membership_role",
        "developer",
    ),
}


class Accounts:
    """Endpoints and rules of accounts. `invitations`: what the mails would hold, token to kind and invite id."""

    def __init__(self, api: Api, store: Store, clock: Clock) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self._totp: dict[int, str] = {}
        self.invitations: dict[str, tuple[str, int]] = {}

    def register(self, request: Request, actor: Actor) -> Response:
        """A new user with an organization of the same name: a session token."""
        body = request.get_json(silent=True) or {}
        mail, password = body.get("email"), body.get("password")
        if not mail or not password:
            return answer_text("An email address and a password are required", 400)
        if self._store.get("user", email=mail):
            return answer_text("This email is already taken", 409)
        name = re.sub(r"[^a-z0-9_]", "_", str(mail).partition("@")[0].lower())
        while self._store.get("user", username=name):
            name += "_"
        with self._store.transaction():
            user = self._store.insert("user", username=name, email=mail)
            self._store.secrets[name] = password
            organization = self._store.insert("organization", name=name, handle=name)
            self._join("org", user, organization, "administrator")
        return self._session(user)

    def verify_email(self, request: Request, actor: Actor) -> Response:
        """Any token of 32 hex digits will do: the emulator sends no mail."""
        body = request.get_json(silent=True) or {}
        user = self._store.get("user", email=body.get("email"))
        if user is None or not re.fullmatch("[0-9a-f]{32}", str(body.get("verificationToken"))):
            return answer_text("Unauthorized", 401)
        return self._session(user["id"])

    def totp_setup(self, request: Request, actor: Actor) -> Response:
        """The secret that an authenticator app makes codes of."""
        key = base64.b32encode(hashlib.sha256(f"totp/{actor.row['id']}".encode()).digest()[:20]).decode()
        self._totp[actor.row["id"]] = key
        return answer_text(key)

    def totp_verify(self, request: Request, actor: Actor) -> Response:
        """A code of now turns the session into one that passed the second factor."""
        key = self._totp.get(actor.row["id"])
        code = str((request.get_json(silent=True) or {}).get("code"))
        if key is None or code != totp_code(key, self._clock.timestamp()):
            return answer_text("Invalid", 401)
        return self._session(actor.row["id"])

    def totp_disable(self, request: Request, actor: Actor) -> Response:
        """Back to the password alone, which has to be given."""
        password = (request.get_json(silent=True) or {}).get("password")
        if password != self._store.secrets.get(actor.row["username"]):
            return answer_text("Unauthorized", 401)
        self._totp.pop(actor.row["id"], None)
        return self._session(actor.row["id"])

    def accept(self, request: Request, actor: Actor, kind: str, token: str) -> Response:
        """Whoever holds the token becomes a member."""
        known, invite_id = self.invitations.get(token, ("", 0))
        _membership, invites, fields, role, _default = KINDS[kind]
        invite = self._store.get(invites, invite_id) if known == kind else None
        if invite is None:
            return answer_text("Not found", 404)
        with self._store.transaction():
            name = self._store.query(role, id=invite[role])[0]["name"]
            self._join(kind, actor.row["id"], invite[fields[1]], name)
            self._store.delete(invites, invite_id)
        del self.invitations[token]
        return answer_text("OK")

    def create_organization(self, request: Request, actor: Actor) -> Response:
        """A new organization, whose administrator is who asks."""
        body = request.get_json(silent=True) or {}
        name = body.get("name")
        if not name or actor.of != "user":
            return answer_text("A name is required", 400)
        handle = body.get("handle") or re.sub(r"[^a-z0-9_]+", "_", str(name).lower()).strip("_")
        if self._store.ids("organization", handle=handle):
            return answer_text("Unique key constraint violated", 409)
        with self._store.transaction():
            organization = self._store.insert("organization", name=name, handle=handle)
            self._join("org", actor.row["id"], organization, "administrator")
        return answer_json({**(self._store.get("organization", organization) or {})}, 201)

    def delete_organization(self, request: Request, actor: Actor, organization: int) -> Response:
        """Remove an organization that has no fleets left."""
        if self._store.ids("application", organization=organization):
            return answer_text("The organization still has applications", 409)
        self._store.delete("organization", organization)
        return answer_text("OK")

    def rewrites(self) -> dict[tuple[str, str], Rewrite]:
        """What writes of memberships and invites become before the API sees them."""
        found: dict[tuple[str, str], Rewrite] = {}
        for kind, (membership, invites, _fields, _role, _default) in KINDS.items():
            found["POST", f"/v7/{membership}"] = self._membership_rewrite(kind)
            found["POST", f"/v7/{invites}"] = self._invite_rewrite(kind)
        return found

    def after_write(self, path: str, answer: Response) -> Response:
        """What follows a rewritten write that succeeded: the token of an invite."""
        row = answer.get_json(silent=True) if answer.status_code == 201 else None
        if not isinstance(row, dict):
            return answer
        for kind, names in KINDS.items():
            if path == f"/v7/{names[1]}":
                self.invitations[secrets.token_hex(16)] = (kind, row["id"])
        return answer

    def _membership_rewrite(self, kind: str) -> Rewrite:
        def rewrite(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
            if "username" not in body:
                return body
            user = self._store.get("user", username=body["username"])
            if user is None:
                raise ApiError(404, "User not found", "text/plain")
            role, default = KINDS[kind][3:5]
            changed = {key: value for key, value in body.items() if key != "username"} | {"user": user["id"]}
            changed.setdefault(role, self._store.ids(role, name=default)[0])
            if kind == "org":
                changed["effective_seat_role"] = self._store.query(role, id=changed[role])[0]["name"]
            return changed

        return rewrite

    def _invite_rewrite(self, kind: str) -> Rewrite:
        def rewrite(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
            mail = body.get("invitee")
            if not isinstance(mail, str):
                return body
            known = self._store.get("invitee", email=mail)
            role, default = KINDS[kind][3:5]
            changed = body | {"invitee": known["id"] if known else self._store.insert("invitee", email=mail)}
            changed.setdefault(role, self._store.ids(role, name=default)[0])
            return changed | {"is_created_by__user": actor.row.get("id")}

        return rewrite

    def _join(self, kind: str, user: int, where: int, role_name: str) -> None:
        membership, _invites, fields, role, _default = KINDS[kind]
        if self._store.get(membership, **{"user": user, fields[0]: where}):
            return
        row: dict[str, Any] = {"user": user, fields[0]: where, role: self._store.ids(role, name=role_name)[0]}
        if kind == "org":
            row["effective_seat_role"] = role_name
        self._store.insert(membership, **row)

    def _session(self, user_id: int) -> Response:
        user = self._store.get("user", user_id)
        assert user is not None
        return answer_text(self._api.credentials.session(user))


def totp_code(key: str, timestamp: float) -> str:
    """The six digits of RFC 6238 for a base32 key at a time."""
    counter = struct.pack(">Q", int(timestamp) // TOTP_SECONDS)
    digest = hmac.new(base64.b32decode(key), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
