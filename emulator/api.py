# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated API: answers any request, from a store."""

from __future__ import annotations

import re
import traceback
from sys import stderr
from typing import Any

from werkzeug import Request, Response

from . import endpoints
from .access import Actor, Credentials
from .endpoints.storage import run_action
from .http.bodies import json_body, resource_body
from .http.responses import (
    REASONS,
    ApiError,
    BadRequest,
    Refused,
    Unauthorized,
    answer_empty,
    answer_error,
    answer_json,
)
from .http.routing import Call, Router, check_needs
from .odata import Malformed, Options, Target, parse_path, parse_query, unbalanced
from .odata.expressions import condition
from .odata.permitted import may
from .odata.query_scope import Context
from .odata.read import Reader
from .simulation.heartbeat import Heartbeats
from .store.model import model_of
from .store.store import HasNow, Row, Store
from .writer import Writer

assert endpoints  # registers the routes

RESOURCE_PATH = re.compile(r"/(v7|v6|resin)(/.*)")
# The model is shown to nobody.
METADATA = "/$metadata"
LARGEST_HEADERS = 16 * 1024
VERBS = {"GET": "read", "POST": "create", "PATCH": "update", "MERGE": "update", "PUT": "create", "DELETE": "delete"}


class Api:
    """Answers requests from a store.

    flavor: `openbalena` behaves as the recordings; `cloud` has what balenaCloud has beyond it; flaw: `columns` compiles
    comparisons of columns as servers do that lose the conditions beside them.
    """

    def __init__(self, store: Store, clock: HasNow, flavor: str = "openbalena", flaw: str | None = None) -> None:
        self.store = store
        self.clock = clock
        self.flavor = flavor
        self.flaw = flaw
        store.clock = clock
        self.credentials = Credentials(store)
        self.heartbeats = Heartbeats(store)
        self.router = Router()

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return self._answer(request)
        except ApiError as error:
            return answer_error(error)
        except Exception:  # a fault of the emulator must not stop it
            traceback.print_exc(file=stderr)
            return answer_error(Refused())

    def _answer(self, request: Request) -> Response:
        if len(raw_uri(request)) + sum(len(k) + len(v) + 4 for k, v in request.headers) > LARGEST_HEADERS:
            return answer_empty(431)
        if request.method == "OPTIONS":
            return answer_empty()
        actor = self.credentials.actor(token_of(request))
        with self.store.transaction():
            self.heartbeats.settle()
            found = RESOURCE_PATH.match(raw_uri(request).partition("?")[0])
            if found:
                return self._resource(request, actor, found.group(1), found.group(2))
            return self._route(request, actor)

    def _route(self, request: Request, actor: Actor) -> Response:
        found = self.router.find(request)
        if found is None:
            return answer_empty(404)
        answer, params, needs = found
        check_needs(actor, needs)
        return answer(Call(self.store, self.credentials, self.heartbeats, actor, request, params, self.flavor))

    def _resource(self, request: Request, actor: Actor, version: str, path: str) -> Response:
        """A request to a resource: `/v7/device(1)?…`."""
        uri = raw_uri(request)
        if path == METADATA and not uri.partition("?")[1]:
            raise Unauthorized
        body = json_body(request)
        try:
            target, options = parse_path(path), parse_query(uri.partition("?")[2])
        except Malformed:
            if unbalanced(uri):
                raise Refused("a quote is open") from None
            raise BadRequest(f"Malformed url: '{uri}'") from None
        model = model_of(version)
        resource = model.get(target.resource)
        verb = VERBS.get(request.method)
        if resource is None:
            raise Unauthorized
        acting = request.method == "POST" and target.action
        if verb is None or (target.deeper and not acting):
            raise Refused
        if not acting:
            body = resource_body(request, body, resource, self.store.files)
        target = Target(resource.name, target.key, target.count, action=target.action, steps=target.steps)
        context = Context(
            condition, model, actor, self.store.now(), options.aliases, columns_leak=self.flaw == "columns"
        )
        if request.method == "GET":
            return answer_json({"d": Reader(self.store, context).read(target, options)})
        writer = Writer(self.store, context)
        if acting:
            return run_action(writer, request, resource, target, body)
        if request.method == "POST":
            row = writer.create(target, self._meant(actor, resource.name, body))
            short = request.args.get("returnResource") in ("0", "false")
            answer = answer_json({"id": row["id"]} if short else row, 201)
            answer.headers["Location"] = f"/{version}/{target.resource}(@id)?@id={row['id']}"
            answer.autocorrect_location_header = False
            return answer
        return self._write(request.method, writer, target, options, body, version)

    def _meant(self, actor: Actor, resource: str, body: Any) -> Any:
        """The body of a new row; a flavor may let clients say it in other words."""
        return body

    def may(self, actor: Actor, verb: str, resource: str, row_id: int) -> bool:
        """Whether an actor may do something with a row."""
        return may(self.store, actor, verb, resource, row_id)

    @staticmethod
    def _write(method: str, writer: Writer, target: Target, options: Options, body: Row, version: str) -> Response:
        if method == "PUT":
            writer.replace(target, body)
        elif method == "DELETE":
            writer.delete(target, options)
        else:
            writer.update(target, options, body)
        return answer_json(REASONS[200]) if version == "v6" else answer_empty()


def raw_uri(request: Request) -> str:
    """Path and query as they were sent, with their percent-encoding."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    return str(raw) if raw else request.full_path.rstrip("?")


def token_of(request: Request) -> str | None:
    """The token of a request, from its header or its query."""
    scheme, _blank, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.args.get("apikey") or request.args.get("api_key")
