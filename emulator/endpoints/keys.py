# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making API keys: of users, fleets (for provisioning) and devices."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from ..http.responses import ApiError, BadRequest, Conflict, NotFound, Unauthorized, answer_json
from ..http.routing import Call, route
from ..odata.parse import parse_time
from ..store.store import Store
from ..store.values import iso, new_key

ROLES = {"user": "named-user-api-key", "application": "provisioning-api-key", "device": "device-api-key"}
KNOWN_ROLES = frozenset(ROLES.values())
BAD_EXPIRY = "Key expiry date should be a valid date"


def make_key(store: Store, of: str, row_id: int, key: str | None = None, role: str | None = None, **fields: Any) -> str:
    """A new API key of a user, application or device; without a role it has the one that suits it."""
    row = store.get(of, row_id)
    if row is None:
        raise ApiError(500, f"No {of} found to associate with the api key", "text/html")
    if role and role not in KNOWN_ROLES:
        raise NotFound(f"Role '{role}' not found")
    key = key or new_key()
    if store.ids("api_key", key=key):
        raise Conflict('"key" must be unique.')
    made = store.insert("api_key", key=key, is_of__actor=row["actor"], **fields)
    store.insert("api_key__has__role", api_key=made, role=role or ROLES[of])
    return key


def _make_for(call: Call, of: str, row_id: int, key: str | None = None, role: str | None = None, **fields: Any) -> str:
    """The same for the caller: what cannot be seen is not there, and what cannot be changed gets no key (403)."""
    if of != "user" and call.store.get(of, row_id) is not None:
        if not call.may("read", of, row_id):
            row_id = 0
        elif not call.may("update", of, row_id):
            raise ApiError(403)
    return make_key(call.store, of, row_id, key, role, **fields)


def _text(value: Any, required: bool = False) -> str | None:
    if value is None and not required:
        return None
    if not isinstance(value, str) or (required and not value):
        raise BadRequest
    return value


def expiry(value: Any) -> str | None:
    """When a key expires, as it is stored; None: never."""
    if value is None:
        return None
    moment = parse_time(_text(value) or "")
    if moment is None:
        raise BadRequest(BAD_EXPIRY)
    return iso(moment)


def _described(body: dict[str, Any], name_required: bool = False) -> dict[str, str | None]:
    return {
        "name": _text(body.get("name"), name_required),
        "description": _text(body.get("description")),
        "expiry_date": expiry(body.get("expiryDate")),
    }


@route("POST", "/api-key/user/full", needs="session")
def of_user(call: Call) -> Response:
    """A named key of the user that asks; only a session may make one."""
    described = _described(call.body, name_required=True)
    return answer_json(make_key(call.store, "user", call.actor.row["id"], **described))


@route("POST", "/api-key/application/<int:row>/provisioning", needs="user")
def of_application(call: Call) -> Response:
    """A key with which devices register in a fleet."""
    return answer_json(_make_for(call, "application", call.params["row"], **_described(call.body)))


@route("POST", "/api-key/device/<int:row>/device-key", needs="user")
def of_device(call: Call) -> Response:
    """A key with which a device reports."""
    body = call.body
    key = _text(body.get("apiKey"))
    return answer_json(_make_for(call, "device", call.params["row"], key, **_described(body)))


@route("POST", "/application/<int:row>/generate-api-key", needs="user")
def old_route(call: Call) -> Response:
    """A route of old, for a role that the open server has no more."""
    if call.flavor == "cloud":
        return answer_json(make_key(call.store, "user", call.actor.row["id"], **_described(call.body)))
    if call.actor.kind != "session":
        raise Unauthorized
    raise NotFound("Role 'user-api-key' not found")


@route("POST", "/api-key/v1", needs="user")
@route("POST", "/api-key/v2", needs="user")
def of_any(call: Call) -> Response:
    """A key of a user, application or device; v2 wants to be told when it expires, if only that it does not."""
    body = call.body
    of, row_id, roles = body.get("actorType"), body.get("actorTypeId"), _names(body.get("roles"))
    if of not in ROLES or isinstance(row_id, bool) or not isinstance(row_id, int):
        raise BadRequest
    own_key, described = _text(body.get("apiKey")), _described(body)
    if call.request.path.startswith("/api-key/v2") and "expiryDate" not in body:
        raise BadRequest(BAD_EXPIRY)
    if len(roles) > 1:
        raise BadRequest("API Keys currently only support a single role")
    described["name"] = described["name"] or None
    if roles[0].startswith("named-") and described["name"] is None:
        raise BadRequest(f"API keys with the '{roles[0]}' role require a name")
    if of == "user" and (call.actor.kind != "session" or row_id != call.actor.row["id"]):
        raise Unauthorized
    return answer_json(_make_for(call, of, row_id, own_key, roles[0], **described))


def _names(roles: Any) -> list[str]:
    if not isinstance(roles, list) or not roles or not all(isinstance(role, str) and role for role in roles):
        raise BadRequest
    return roles
