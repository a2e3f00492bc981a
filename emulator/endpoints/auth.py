# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions, and who one is."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from ..http.responses import BadRequest, Unauthorized, answer_json, answer_text
from ..http.routing import Call, route
from ..odata import Options, Target
from ..odata.nodes import Literal, Operation, Property
from ..writer import writer_for


@route("GET", "/ping")
def ping(_call: Call) -> Response:
    """The server is there."""
    return answer_text("OK")


@route("POST", "/login_")
def login(call: Call) -> Response:
    """A session token for a name (or e-mail address) and a password."""
    name, password = call.body.get("username"), call.body.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        raise BadRequest
    user = call.credentials.login(name, password)
    if user is None:
        raise Unauthorized
    return answer_text(call.credentials.session(user))


@route("GET", "/user/v1/refresh-token", needs="session")
def refresh(call: Call) -> Response:
    """A new session token."""
    return answer_text(call.credentials.session(call.actor.row))


def _about_user(user: dict[str, Any]) -> dict[str, Any]:
    return {"id": user["id"], "username": user["username"], "email": user["email"]}


@route("GET", "/user/v1/whoami", needs="user")
def whoami(call: Call) -> Response:
    """The user that asks."""
    return answer_json(_about_user(call.actor.row))


@route("GET", "/actor/v1/whoami", needs="actor")
def actor_whoami(call: Call) -> Response:
    """The user, application or device that asks."""
    actor, row = call.actor, call.actor.row
    if not row:
        raise Unauthorized
    about = {"id": actor.id, "actorType": actor.of, "actorTypeId": row["id"]}
    if actor.of == "user":
        about.update(username=row["username"], email=row["email"])
    elif actor.of == "application":
        about["slug"] = row["slug"]
    else:
        about["uuid"] = row["uuid"]
    return answer_json(about)


@route("GET", "/auth/v1/public-keys/<username>", needs="key")
def public_keys(call: Call) -> Response:
    """The SSH keys of a user that the API key may see, one a line; nothing for an unknown user."""
    user = call.store.get("user", username=call.params["username"]) or {"id": 0}
    wanted = Options(filter=Operation("eq", Property(("user",)), Literal(user["id"])))
    rows = writer_for(call.store, call.actor).reader.read(Target("user__has__public_key"), wanted)
    return answer_text("\n".join(row["public_key"] for row in rows), content_type="text/html")
