# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks, and what they may do: credentials become an Actor, access.yml its rights."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

import yaml

from .http.responses import Unauthorized
from .odata import parse_query
from .odata.nodes import Expression, Operation
from .store.store import Store
from .store.values import iso

VERBS = ("read", "create", "update", "delete")
Right = Union[Expression, None]  # None: without a condition
SESSION_SECONDS = 7 * 24 * 3600


@functools.cache
def roles() -> dict[str, dict[str, dict[str, Right]]]:
    """role -> resource -> verb -> the condition on rows."""
    text = Path(__file__).with_name("access.yml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    guest = {name: rights_of(entry) for name, entry in data["guest"].items()}
    own = {role: {name: rights_of(entry) for name, entry in entries.items()} for role, entries in data.items()}
    return {role: with_guest(guest, entries) for role, entries in own.items()}


def with_guest(
    guest: Mapping[str, dict[str, Right]], own: Mapping[str, dict[str, Right]]
) -> dict[str, dict[str, Right]]:
    """The rights of a role together with those that everybody has."""
    found = {**guest, **own}
    for name in guest.keys() & own.keys():
        found[name] = dict(own[name])
        for verb, theirs in guest[name].items():
            mine = own[name].get(verb, theirs)
            alone = theirs is None or mine is None
            found[name][verb] = None if alone else Operation("or", theirs, mine)  # type: ignore[arg-type]
    return found


def rights_of(entry: Any) -> dict[str, Right]:
    """verb -> the condition on rows, of what access.yml says of a resource; an empty condition is none."""
    if entry == "all":
        return dict.fromkeys(VERBS)
    if isinstance(entry, list):
        return dict.fromkeys(entry)
    rights: dict[str, Right] = {}
    for verbs, condition in entry.items():
        parsed = parse_query(f"$filter={condition}").filter if condition else None
        rights.update(dict.fromkeys(VERBS if verbs == "all" else [verbs], parsed))
    return rights


@dataclass
class Actor:
    """Who asks. `kind`: none, session or key; `id`: the actor's id, None without credentials."""

    kind: str = "none"
    id: int | None = None
    role: str = "guest"
    row: dict[str, Any] = field(default_factory=dict)  # the user, application or device
    of: str = ""  # and which of these it is

    def right(self, resource: str, verb: str) -> Right:
        """The condition on rows; None for all rows. Raises Unauthorized when there is no such right."""
        entry = roles().get(self.role, {}).get(resource)
        if entry is None or verb not in entry:
            raise Unauthorized
        return entry[verb]

    def may(self, resource: str, verb: str) -> bool:
        """Whether there is such a right at all, for whichever rows."""
        return verb in roles().get(self.role, {}).get(resource, {})


class Credentials:
    """Checks passwords, session tokens and API keys."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._secret = secrets.token_bytes(32)

    def session(self, user: dict[str, Any]) -> str:
        """A new session token (a JWT) of a user."""
        now = int(self.store.clock.now().timestamp())
        claims = {"id": user["id"], "actor": user["actor"], "username": user["username"], "iat": now,
                  "exp": now + SESSION_SECONDS, "jti": secrets.token_hex(4)}  # fmt: skip
        body = f"{_pack({'alg': 'HS256', 'typ': 'JWT'})}.{_pack(claims)}"
        return f"{body}.{self._signature(body)}"

    def _signature(self, body: str) -> str:
        return _b64(hmac.new(self._secret, body.encode(), hashlib.sha256).digest())

    def login(self, name: str, password: str) -> dict[str, Any] | None:
        """The user of this name or e-mail address whose password this is."""
        user = self.store.get("user", username=name) or self.store.get("user", email=name)
        if user is None or self.store.secrets.get(user["username"]) != password:
            return None
        return user

    def actor(self, token: str | None) -> Actor:
        """Who a token stands for; an unknown or expired one is as good as none."""
        if not token:
            return Actor()
        return (self._of_session(token) if token.count(".") == 2 else self._of_key(token)) or Actor()

    def _of_session(self, token: str) -> Actor | None:
        body, _dot, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._signature(body)):
            return None
        claims = json.loads(base64.urlsafe_b64decode(body.split(".")[1] + "=="))
        if claims["exp"] < self.store.clock.now().timestamp():
            return None
        user = self.store.get("user", claims["id"])
        return Actor("session", user["actor"], "default-user", user, "user") if user else None

    def _of_key(self, token: str) -> Actor | None:
        key = self.store.get("api_key", key=token)
        if key is None or (key["expiry_date"] is not None and key["expiry_date"] < iso(self.store.clock.now())):
            return None
        role = self.store.get("api_key__has__role", api_key=key["id"])
        for of in ("user", "device", "application"):
            row = self.store.get(of, actor=key["is_of__actor"])
            if row is not None:
                return Actor("key", key["is_of__actor"], role["role"] if role else "guest", row, of)
        return Actor("key", key["is_of__actor"], role["role"] if role else "guest")


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _pack(data: dict[str, Any]) -> str:
    return _b64(json.dumps(data, separators=(",", ":")).encode())
