# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server around an API of a few lines: what is tested here is everything but the API."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import requests
from werkzeug import Request, Response

from emulator.http.faults import Faults
from emulator.http.request_log import RequestLog
from emulator.http.runtime import Runtime
from emulator.http.server import Server
from emulator.simulation.clock import Clock


@dataclass
class Harness:
    """A running server, with what controls it; `acted` are the requests that reached the API."""

    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)
    acted: list[str] = field(default_factory=list)
    idle_timeout: float = 5.0

    def __post_init__(self) -> None:
        self.runtime = Runtime(self._api, self._control, self.clock, self.faults, self.log)
        self.server = Server(self.runtime, idle_timeout=self.idle_timeout)
        self.server.start()
        self.url = self.server.url
        self.session = requests.Session()
        self.session.trust_env = False

    def _api(self, request: Request) -> Response:
        self.acted.append(f"{request.method} {request.path}")
        if request.path == "/stream":
            return Response((f"line {number}\n" for number in range(3)), content_type="text/plain")
        if request.path == "/defect":
            raise RuntimeError("a defect")
        size = int(request.args.get("size", 0))
        body = json.dumps({"method": request.method, "body": request.get_data(as_text=True), "fill": "x" * size})
        return Response(body, content_type="application/json")

    def _control(self, request: Request) -> Response:
        return Response("control")

    def get(self, path: str = "/v7/device", **options: object) -> requests.Response:
        """GET over the session's connection."""
        return self.session.get(self.url + path, timeout=10, **options)  # type: ignore[arg-type]

    def close(self) -> None:
        """Stop the server."""
        self.session.close()
        self.server.stop()
