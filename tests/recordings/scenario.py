# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the recorded exchanges of a scenario against an API."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from tests.recordings.matching import Difference, Matcher

PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
PATH_STEP = re.compile(r"\.([\w@-]+)|\[(\d+)\]|\[\?(\w+)=([^\]]*)\]")
PATH_SAFE = "/$()',=:@;!*~-._%"
VALUE_SAFE = "/$()',=:@;!*~-._"
Values = dict[str, Any]
Exchange = dict[str, Any]


def filled(template: Any, values: Values) -> Any:
    """A template with `${name}` replaced; a text that is one placeholder takes the value's own type."""
    if isinstance(template, str):
        alone = PLACEHOLDER.fullmatch(template)
        if alone and alone.group(1) in values:
            return values[alone.group(1)]
        return PLACEHOLDER.sub(lambda found: str(_value(found.group(1), found.group(0), values)), template)
    if isinstance(template, list):
        return [filled(item, values) for item in template]
    if isinstance(template, dict):
        return {str(filled(key, values)): filled(value, values) for key, value in template.items()}
    return template


def _value(name: str, placeholder: str, values: Values) -> Any:
    kind, _colon, rest = name.partition(":")
    if kind == "range":
        first, last = (int(part) for part in rest.split("-"))
        return ",".join(map(str, range(first, last + 1)))
    if kind == "random32":
        return values.setdefault(name, os.urandom(16).hex())
    if kind == "repeat":
        text, count = rest.split(":")
        return text * int(count)
    return values.get(name, placeholder)


def at_path(body: Any, path: str) -> Any:
    """The value in an answer that a path such as `$.d[0].id` leads to."""
    for key, index, name, wanted in PATH_STEP.findall(path):
        if key:
            body = body[key]
        elif index:
            body = body[int(index)]
        else:
            body = next(item for item in body if str(item.get(name)) == wanted)
    return body


@dataclass
class Reply:
    """An answer, as far as it is compared."""

    status: int
    content_type: str | None
    body: Any


class Player:
    """Sends requests to an API. sleep: waits, or moves the time on where the API has a clock that can be moved."""

    def __init__(self, url: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = url.rstrip("/")
        self.sleep = sleep

    def send(self, session: requests.Session, request: Exchange, values: Values) -> Reply:
        """Send a recorded request."""
        headers = {name: str(filled(value, values)) for name, value in (request.get("headers") or {}).items()}
        data = None
        if request.get("raw_body") is not None:
            data = request["raw_body"].encode()
        elif request.get("body") is not None:
            data = json.dumps(filled(request["body"], values)).encode()
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        prepared = session.prepare_request(requests.Request(request["method"], self.url, headers=headers, data=data))
        prepared.url = self.url + _path_and_query(request, values)
        values["request.url"] = prepared.url[len(self.url) :]
        response = session.send(prepared, timeout=60, allow_redirects=False)
        return _reply(response)

    def play(self, session: requests.Session, exchange: Exchange, values: Values) -> list[Difference]:
        """Play one exchange; how the answer differs from the recorded one. Captured values go into `values`."""
        if exchange.get("delay"):
            self.sleep(exchange["delay"])
        if exchange.get("parallel"):
            return self._play_parallel(exchange, values)
        patience = float(exchange.get("eventually", 0))
        while True:
            captured: Values = {}
            reply = self.send(session, exchange["request"], values)
            differences = _compare(exchange, reply, values, captured)
            if not differences or patience <= 0:
                values.update(captured)
                return differences
            self.sleep(0.5)
            patience -= 0.5

    def _play_parallel(self, exchange: Exchange, values: Values) -> list[Difference]:
        count = exchange["parallel"]
        barrier, replies = threading.Barrier(count), [Reply(0, None, None)] * count

        def send(index: int) -> None:
            barrier.wait()
            replies[index] = self.send(requests.Session(), exchange["request"], dict(values))

        threads = [threading.Thread(target=send, args=(index,)) for index in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        differences: list[Difference] = []
        ordered = sorted(replies, key=lambda reply: reply.status)
        for outcome, reply in zip(exchange["response"]["outcomes"], ordered, strict=True):
            differences += _compare({"response": outcome}, reply, values, {})
        return differences


def _path_and_query(request: Exchange, values: Values) -> str:
    path = quote(str(filled(request["path"], values)), safe=PATH_SAFE)
    query = request.get("query")
    if not query:
        return path
    if isinstance(query, str):
        return f"{path}?{filled(query, values)}"
    options = (f"{quote(k, safe='$@')}={quote(str(filled(v, values)), safe=VALUE_SAFE)}" for k, v in query.items())
    return f"{path}?{'&'.join(options)}"


def _reply(response: requests.Response) -> Reply:
    content_type = (response.headers.get("content-type") or "").split(";")[0].strip() or None
    body: Any = None
    if response.content:
        body = response.content.decode("utf-8", "replace")
        if content_type == "application/json":
            with contextlib.suppress(ValueError):
                body = response.json()
    return Reply(response.status_code, content_type, body)


def _compare(exchange: Exchange, reply: Reply, values: Values, captured: Values) -> list[Difference]:
    expected = exchange["response"]
    if reply.status != expected["status"]:
        return [Difference("status", expected["status"], f"{reply.status} {json.dumps(reply.body)[:300]}")]
    differences: list[Difference] = []
    content_type = ((expected.get("headers") or {}).get("content-type") or "").split(";")[0] or None
    if content_type != reply.content_type:
        differences.append(Difference("content type", content_type, reply.content_type))
    for name, path in (exchange.get("capture") or {}).items():
        try:
            captured[name] = at_path(reply.body, path)
        except (KeyError, IndexError, TypeError, StopIteration) as error:
            differences.append(Difference(f"capture {name}", path, repr(error)))
    matcher = Matcher(expected.get("unordered", ()), bool(expected.get("trimmed")), differences)
    return matcher.compare(filled(expected.get("body"), {**values, **captured}), reply.body)
