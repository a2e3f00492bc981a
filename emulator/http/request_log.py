# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of the requests that the emulator answered, for tests that assert what was sent and what was not."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What a token could be read from. `authenticated` says whether one was sent.
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass
class Request:
    """One answered request.

    query: as it was sent; params: decoded. body: decoded JSON, else text, else None. status: 0 if the connection was
    dropped. duration: seconds. received, sent: bytes of the bodies. fault: name or number of the fault that hit it.
    at: the emulator's own (virtual) time.
    """

    number: int
    method: str
    path: str
    query: str
    body: Any
    status: int
    duration: float
    received: int
    sent: int
    at: str
    authenticated: bool
    connection: str
    headers: dict[str, str] = field(default_factory=dict)
    fault: str | None = None

    @property
    def params(self) -> dict[str, str]:
        """The query's decoded options."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def is_write(self) -> bool:
        """Whether it asked for a change."""
        return self.method not in READING_METHODS

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the control API."""
        return asdict(self) | {"params": self.params, "is_write": self.is_write}


class RequestLog:
    """The newest `limit` requests; thread-safe."""

    def __init__(self, limit: int = 100_000) -> None:
        self._lock = threading.Lock()
        self._requests: deque[Request] = deque(maxlen=limit)
        self._numbers = itertools.count(1)

    def add(self, **values: Any) -> Request:
        """Log a request; it gets the next number."""
        with self._lock:
            request = Request(number=next(self._numbers), **values)
            self._requests.append(request)
        return request

    def clear(self) -> None:
        """Forget all requests; numbers go on."""
        with self._lock:
            self._requests.clear()

    def select(
        self, method: str | None = None, path: str | None = None, since: int = 0, writes: bool = False
    ) -> list[Request]:
        """The requests, oldest first.

        method: `GET`, `POST|PATCH` ...; path: a regular expression searched in the path; since: only requests with a
        higher number; writes: only those that asked for a change.
        """
        with self._lock:
            requests = list(self._requests)
        methods = method.upper().split("|") if method else None
        return [
            request
            for request in requests
            if request.number > since
            and (methods is None or request.method in methods)
            and (path is None or re.search(path, request.path))
            and (request.is_write or not writes)
        ]


def safe_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers in lower case, without what authorizes."""
    return {name.lower(): value for name, value in headers if name.lower() not in SECRET_HEADERS}


def decode_body(body: bytes) -> Any:
    """A body as a reader wants to see it: JSON's value, else text, None for an empty one."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
