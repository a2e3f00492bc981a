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
BAD_EXPIRY = "Key expiry date should be a valid date"


def make_key(store: Store, of: str, row_id: int, key: str | None = None, **fields: Any) -> str:
    """A new API key of a user, application or device."""
    row = store.get(of, row_id)
    if row is None:
        raise ApiError(500, f"No {of} found to associate with the api key", "text/html")
    key = key or new_key()
    if store.ids("api_key", key=key):
        raise Conflict('"key" must be unique.')
    made = store.insert("api_key", key=key, is_of__actor=row["actor"], **fields)
    store.insert("api_key__has__role", api_key=made, role=ROLES[of])
    return key


def _text(value: Any, required: bool = False) -> str | None:
    if value is None and not required:
        return None
    if not isinstance(value, str) or (required and not value):
        raise BadRequest
    return value


def _expiry(value: Any) -> str | None:
    if value is None:
        return None
    moment = parse_time(value) if isinstance(value, str) else None
    if moment is None:
        raise BadRequest(BAD_EXPIRY)
    return iso(moment)


def _described(body: dict[str, Any], name_required: bool = False) -> dict[str, str | None]:
    return {
        "name": _text(body.get("name"), name_required),
        "description": _text(body.get("description")),
        "expiry_date": _expiry(body.get("expiryDate")),
    }


@route("POST", "/api-key/user/full", needs="session")
def of_user(call: Call) -> Response:
    """A named key of the user that asks; only a session may make one."""
    described = _described(call.body, name_required=True)
    return answer_json(make_key(call.store, "user", call.actor.row["id"], **described))


@route("POST", "/api-key/application/<int:row>/provisioning", needs="user")
def of_application(call: Call) -> Response:
    """A key with which devices register in a fleet."""
    return answer_json(make_key(call.store, "application", call.params["row"], **_described(call.body)))


@route("POST", "/api-key/device/<int:row>/device-key", needs="user")
def of_device(call: Call) -> Response:
    """A key with which a device reports."""
    body = call.body
    key = _text(body.get("apiKey"))
    return answer_json(make_key(call.store, "device", call.params["row"], key, **_described(body)))


@route("POST", "/application/<int:row>/generate-api-key", needs="user")
def old_route(call: Call) -> Response:
    """A route of old, for a role that there is no more."""
    if call.actor.kind != "session":
        raise Unauthorized
    raise NotFound("Role 'user-api-key' not found")


@route("POST", "/api-key/v1", needs="user")
@route("POST", "/api-key/v2", needs="user")
def of_any(call: Call) -> Response:
    """A key of a user, application or device, with the one role that suits it."""
    body = call.body
    of, row_id, roles = body.get("actorType"), body.get("actorTypeId"), body.get("roles")
    if (
        not isinstance(of, str)
        or of not in ROLES
        or not isinstance(row_id, int)
        or not isinstance(roles, list)
        or not roles
    ):
        raise BadRequest
    if len(roles) > 1:
        raise BadRequest("API Keys currently only support a single role")
    if roles[0] not in ROLES.values():
        raise NotFound(f"Role '{roles[0]}' not found")
    if call.request.path.startswith("/api-key/v2") and "expiryDate" not in body:
        raise BadRequest(BAD_EXPIRY)
    described = _described(body, name_required=of == "user")
    if of == "user" and (call.actor.kind != "session" or row_id != call.actor.row["id"]):
        raise Unauthorized
    return answer_json(make_key(call.store, of, row_id, _text(body.get("apiKey")), **described))
