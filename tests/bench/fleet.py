# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet acme/bench on an emulator of its own, and what work on it costs: seconds and requests."""

from __future__ import annotations

import http.client
import importlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import local
from typing import Any
from urllib.parse import quote, urlsplit

from emulator.remote import EmulatorControl
from tests.bench.bench import Bench
from tests.bench.peers import COMMANDS, do_job
from tests.support.tasks import COLLECTION, run_task

NAME = "acme/bench"
CONNECTIONS = 16


@dataclass(frozen=True)
class Cost:
    """What a piece of work took. Numbers of a peer that worked on fewer devices are scaled to all of them."""

    seconds: float
    requests: float


def requests_of(costs: Mapping[str, Cost | None]) -> dict[str, float | None]:
    """The requests alone, by the names of the peers."""
    return {name: cost.requests if cost else None for name, cost in costs.items()}


def seconds_of(costs: Mapping[str, Cost | None], remark: str = "") -> dict[str, float | None]:
    """The seconds alone, by the names of the peers with a remark on how they were measured."""
    return {name + remark: cost.seconds if cost else None for name, cost in costs.items()}


@dataclass(frozen=True)
class Fleet:
    """The fleet on a running emulator."""

    server: EmulatorControl
    uuids: list[str]

    def cost(self, work: Callable[[], Any], scale: float = 1) -> Cost:
        """Do a piece of work. If it returns seconds, those count instead of the wall clock."""
        before, start = self._requests(), time.perf_counter()
        seconds = work()
        taken = seconds if isinstance(seconds, float) else time.perf_counter() - start
        return Cost(taken * scale, round((self._requests() - before) * scale))

    def task(self, module: str, **options: Any) -> Cost:
        """Run a task of ours in this process, without what it takes to import the module, as with the peers."""
        importlib.import_module(f"{COLLECTION}.modules.{module}")

        def work() -> None:
            result = run_task(self.server, module, application=NAME, **options)
            if result.get("failed"):
                raise RuntimeError(result["msg"])

        return self.cost(work)

    def peers(self, count: int, **job: Any) -> dict[str, Cost | None]:
        """Let each peer do a job on the first devices; None for a peer that is not available."""
        found: dict[str, Cost | None] = {}
        where = {"url": self.server.url, "token": self.server.token, "uuids": self.uuids[:count]}
        for name, find in COMMANDS.items():
            command = find()
            work = partial(do_job, command, **where, **job) if command else None
            found[name] = self.cost(work, len(self.uuids) / count) if work else None
        return found

    def get(self, path: str) -> list[dict[str, Any]]:
        """The rows that the API answers with."""
        rows: list[dict[str, Any]] = json.loads(connection_call(self.server, None, "GET", path)[1])["d"]
        return rows

    def floor(self, resource: str, bodies: Sequence[Mapping[str, Any]]) -> float:
        """Seconds that a bare loop over 16 connections takes to create rows."""
        connections = local()

        def create(body: Mapping[str, Any]) -> None:
            status, _answer = connection_call(self.server, connections, "POST", resource, body)
            if status != 201:
                raise RuntimeError(f"the server refused a row: {status}")

        start = time.perf_counter()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(create, bodies))
        return time.perf_counter() - start

    def _requests(self) -> int:
        return int(self.server.state()["requests"])


def connection_call(
    server: EmulatorControl, kept: Any, method: str, path: str, body: Mapping[str, Any] | None = None
) -> tuple[int, bytes]:
    """Send one request with nothing but the standard library, over the thread's connection if one is kept."""
    connection = getattr(kept, "connection", None) or http.client.HTTPConnection(urlsplit(server.url).netloc)
    if kept is not None:
        kept.connection = connection
    data = None if body is None else json.dumps(body)
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    connection.request(method, "/v7/" + quote(path, safe="?&$=(),:/'"), data, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


@contextmanager
def fleet(bench: Bench, devices: int, latency: float) -> Iterator[Fleet]:
    """An emulator with the fleet. latency: milliseconds before each answer."""
    with bench.emulator_process(devices, latency) as (url, token):
        running = Fleet(EmulatorControl(url, token), [])
        running.uuids.extend(row["uuid"] for row in running.get("device?$select=uuid&$orderby=uuid asc"))
        yield running
