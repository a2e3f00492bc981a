# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that the emulator injects: what a network and a busy server do to a client.

A fault names the requests that it meets (method, regular expressions over path and query) and which of them it hits
(`nth`, `first`, `every`, at most `times`), and one or several effects: an answer instead of the real one, a delay, a
dropped connection, a truncated answer, a rate limit.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from email.utils import formatdate
from typing import Any, Literal
from urllib.parse import unquote

EFFECTS = ("status", "delay", "drop", "truncate", "rate_limit")


@dataclass
class Fault:
    """One fault. Times are real seconds, as the client feels them.

    method: `GET`, `POST|PATCH` ... (None: any); path, query: regular expressions, searched in the path and in the
    decoded query; body: the same in the request's body.
    nth: hits only the n-th matching request (1 is the first); first: the first n; since: the n-th and all after it;
    every: each n-th; unseen: each different request the first time that it comes; none of them: all.
    status, headers, body_text, json: the answer; retry_after: seconds, or with retry_after_date as an HTTP date.
    acts: the API acts before the fault's answer is sent (a gateway that gave up on a request that was carried out).
    delay: wait before anything else. drop: close the connection `before` the API acted, or `after` (answer lost).
    truncate: send only this many bytes of the answer and close. rate_limit: that many requests per `interval` pass,
    the others get 429 with Retry-After.
    """

    method: str | None = None
    path: str | None = None
    query: str | None = None
    body: str | None = None
    nth: int | None = None
    first: int | None = None
    since: int | None = None
    every: int | None = None
    unseen: bool = False
    times: int | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body_text: str | None = None
    json: Any = None
    retry_after: float | None = None
    retry_after_date: bool = False
    acts: bool = False
    delay: float = 0.0
    drop: Literal["before", "after"] | None = None
    truncate: int | None = None
    rate_limit: int | None = None
    interval: float = 60.0
    name: str = ""
    seen: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if not any(getattr(self, effect) not in (None, 0.0) for effect in EFFECTS):
            raise ValueError(f"a fault needs an effect, one of: {', '.join(EFFECTS)}")
        if self.drop not in (None, "before", "after"):
            raise ValueError("drop is `before` or `after`")
        self._passed: deque[float] = deque()
        self._known: set[tuple[str, ...]] = set()

    def matches(self, method: str, path: str, query: str, body: str) -> bool:
        """Whether the fault is about this request."""
        if self.method and method not in self.method.upper().split("|"):
            return False
        places = ((self.path, path), (self.query, query), (self.body, body))
        return all(pattern is None or re.search(pattern, text) for pattern, text in places)

    def is_hit(self, now: float, request: tuple[str, ...] = ()) -> bool:
        """Count a matching request; whether the fault hits it. `now` is monotonic."""
        self.seen += 1
        hit = self._is_chosen(request) and (self.times is None or self.hits < self.times)
        if hit and self.rate_limit is not None:
            hit = self._exceeds_rate(now)
        self.hits += hit
        return hit

    def _is_chosen(self, request: tuple[str, ...]) -> bool:
        if self.unseen:
            known = request in self._known
            self._known.add(request)
            return not known
        if self.nth is not None:
            return self.seen == self.nth
        if self.first is not None:
            return self.seen <= self.first
        if self.since is not None:
            return self.seen >= self.since
        if self.every is not None:
            return self.seen % self.every == 0
        return True

    def _exceeds_rate(self, now: float) -> bool:
        assert self.rate_limit is not None
        while self._passed and self._passed[0] <= now - self.interval:
            self._passed.popleft()
        if len(self._passed) < self.rate_limit:
            self._passed.append(now)
            return False
        return True

    def answer_status(self) -> int | None:
        """The status of the fault's own answer; None if the API's answer is sent."""
        return 429 if self.status is None and self.rate_limit is not None else self.status

    def answer_headers(self, now: float) -> dict[str, str]:
        """The headers of the fault's own answer. `now` is monotonic."""
        headers = dict(self.headers)
        wait = self.retry_after
        if wait is None and self.rate_limit is not None:
            wait = max(1.0, self._passed[0] + self.interval - now) if self._passed else self.interval
        if wait is not None:
            # Rounded up: a client that waits as long as it was told must get through.
            seconds = int(-(-wait // 1))
            date = formatdate(time.time() + seconds, usegmt=True)
            headers.setdefault("Retry-After", date if self.retry_after_date else str(seconds))
        return headers

    def describe(self) -> dict[str, Any]:
        """The fault as plain data, without what was not given."""
        blank = {item.name: item.default for item in fields(self)}
        return {key: value for key, value in asdict(self).items() if value != blank[key] and value != {}}


class Faults:
    """The faults in force; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, **options: Any) -> Fault:
        """Add a fault; the options are those of `Fault`."""
        fault = Fault(**options)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all."""
        with self._lock:
            self._faults.clear()

    def hit(self, method: str, path: str, query: str, body: str) -> Fault | None:
        """The first fault that hits this request; every matching fault counts it."""
        found: Fault | None = None
        with self._lock:
            if not self._faults:
                return None
            request = (method, path, unquote(query.replace("+", " ")), body)
            now = time.monotonic()
            for fault in self._faults:
                if fault.matches(*request) and fault.is_hit(now, request) and found is None:
                    found = fault
        return found

    def describe(self) -> list[dict[str, Any]]:
        """All faults as plain data, with how many requests they saw and hit."""
        with self._lock:
            return [fault.describe() | {"seen": fault.seen, "hits": fault.hits} for fault in self._faults]


def parse_fault(text: str) -> dict[str, Any]:
    """Options of a fault from the command line: `path=/v7/device,nth=2,status=503,retry_after=1`.

    A comma inside a value is written as `\\,`. Numbers and true/false become what they look like where the option
    is not a text.
    """
    kinds = {item.name: str(item.type) for item in fields(Fault)}
    options: dict[str, Any] = {}
    for part in re.split(r"(?<!\\),", text):
        key, sign, value = part.replace("\\,", ",").partition("=")
        key = key.strip()
        if not sign or key not in kinds or "Mapping" in kinds[key]:
            raise ValueError(f"not an option of a fault: {part!r}")
        options[key] = _parse_value(kinds[key], value)
    return options


def _parse_value(kind: str, value: str) -> Any:
    if "bool" in kind:
        return value.lower() in ("1", "true", "yes")
    if "float" in kind:
        return float(value)
    return int(value) if "int" in kind else value
