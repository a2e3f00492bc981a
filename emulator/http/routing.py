# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes beside the resources: which function answers which path, and for whom."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from ..access import Actor, Credentials
from ..odata.permitted import may
from ..simulation.heartbeat import Heartbeats
from ..store.store import Row, Store
from .bodies import json_body
from .responses import BadRequest, Unauthorized

NEEDS_KEY = {"error": "API key required"}


@dataclass
class Call:
    """One request to a route."""

    store: Store
    credentials: Credentials
    heartbeats: Heartbeats
    actor: Actor
    request: Request
    params: dict[str, Any] = field(default_factory=dict)
    flavor: str = "openbalena"

    def find(self, resource: str, **equals: Any) -> Row | None:
        """A row that the caller may read; None when there is none."""
        row = self.store.get(resource, **equals)
        return row if row is not None and self.may("read", resource, row["id"]) else None

    def may(self, verb: str, resource: str, row_id: int) -> bool:
        """Whether the caller may do something with a row."""
        return may(self.store, self.actor, verb, resource, row_id)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; anything else is an empty 400."""
        body = json_body(self.request)
        if not isinstance(body, dict):
            raise BadRequest
        return body


Answer = Callable[[Call], Response]
ROUTES: list[tuple[Rule, Answer, str]] = []


def route(methods: str, path: str, needs: str = "nothing") -> Callable[[Answer], Answer]:
    """Register the function for a path. needs: nothing, actor, user, session (a user's) or key."""

    def register(answer: Answer) -> Answer:
        # one route for each method, so that a path may need other rights to be read than to be written
        for method in methods.split():
            ROUTES.append((Rule(path, endpoint=len(ROUTES), methods=[method], strict_slashes=False), answer, needs))
        return answer

    return register


def check_needs(actor: Actor, needs: str) -> None:
    """Raise the 401 of a route that this actor may not use."""
    if needs == "key" and actor.kind != "key":
        raise Unauthorized(NEEDS_KEY)
    if needs == "actor" and actor.kind == "none":
        raise Unauthorized
    if needs in ("user", "session") and (actor.of != "user" or (needs == "session" and actor.kind != "session")):
        raise Unauthorized


class Router:
    """Finds the function for a path."""

    def __init__(self) -> None:
        self._map = _map(len(ROUTES))

    def find(self, request: Request) -> tuple[Answer, dict[str, Any], str] | None:
        """The function, its parameters and what it needs; None when there is none."""
        try:
            index, params = self._map.bind("api").match(request.path, method=request.method)
        except HTTPException:
            return None
        _rule, answer, needs = ROUTES[index]
        return answer, dict(params), needs


@functools.cache
def _map(number: int) -> Map:
    """The paths of the first routes; made once, since it takes longer than all else that a new API needs."""
    return Map([rule.empty() for rule, _answer, _needs in ROUTES[:number]], merge_slashes=False)
