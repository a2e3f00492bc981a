# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the cloud flavor: registration, two-factor authentication, organizations of their own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
import struct
from typing import TYPE_CHECKING

from werkzeug import Request, Response

from ..access import Actor
from ..http.bodies import json_body, resource_body
from ..http.responses import Conflict, answer_json, answer_text
from ..store.model import model_of
from .memberships import ORGANIZATION, join

if TYPE_CHECKING:
    from ..api import Api
    from ..simulation.clock import Clock
    from ..store.store import Store

TOTP_SECONDS = 30


class Accounts:
    """Endpoints of accounts."""

    def __init__(self, api: Api, store: Store, clock: Clock) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self._totp: dict[int, str] = {}

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
            join(self._store, ORGANIZATION, user, organization, "administrator")
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

    def create_organization(self, request: Request, actor: Actor) -> Response:
        """A new organization, whose administrator is the caller; organizations of one name get handles of their own."""
        body = resource_body(request, json_body(request), model_of("cloud")["organization"], self._store.files)
        name = body.get("name")
        if not name or not isinstance(name, str) or actor.of != "user":
            return answer_text("A name is required", 400)
        handle = body.get("handle") or self._free_handle(re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_"))
        if self._store.ids("organization", handle=handle):
            raise Conflict('"handle" must be unique.')
        with self._store.transaction():
            logo = body.get("logo_image")
            organization = self._store.insert("organization", name=name, handle=handle, logo_image=logo)
            join(self._store, ORGANIZATION, actor.row["id"], organization, "administrator")
        return answer_json({**(self._store.get("organization", organization) or {})}, 201)

    def _free_handle(self, handle: str) -> str:
        numbers = itertools.chain([""], itertools.count(1))
        return next(free for n in numbers if not self._store.ids("organization", handle=(free := f"{handle}{n}")))

    def delete_organization(self, request: Request, actor: Actor, organization: int) -> Response:
        """Remove an organization that has no fleets left."""
        if not self._api.may(actor, "delete", "organization", organization):
            return answer_text("Unauthorized", 401)
        if self._store.ids("application", organization=organization):
            return answer_text("The organization still has applications", 409)
        self._store.delete("organization", organization)
        return answer_text("OK")

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
