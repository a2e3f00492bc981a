# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API without a server around it, and servers with settings of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from emulator.api import Api
from emulator.emulator import BASE_DATA
from emulator.endpoints.keys import make_key
from emulator.simulation.clock import Clock
from emulator.store.base_data import fill
from emulator.store.store import Store
from tests.support.emulator_harness import Harness

DEVICES = 3


class Asker:
    """Sends requests to an API as its user."""

    def __init__(self) -> None:
        self.store = Store()
        self.clock = Clock()
        self.api = Api(self.store, self.clock)
        fill(self.store, json.loads(BASE_DATA.read_text(encoding="utf-8")))
        user = self.store.query("user", username="admin")[0]
        self.token: str | None = make_key(self.store, "user", user["id"], name="tests")

    def __call__(self, method: str, uri: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """Status and body of the answer; `uri` is sent as it is."""
        path, _mark, query = uri.partition("?")
        headers = {"Authorization": f"Bearer {token or self.token}"} if token or self.token else {}
        environ = EnvironBuilder(method=method, path="/", headers=Headers(headers), json=body).get_environ()
        environ.update(PATH_INFO=path, QUERY_STRING=query, RAW_URI=uri)
        answer = self.api(Request(environ))
        text = answer.get_data(as_text=True)
        return answer.status_code, json.loads(text) if text and answer.mimetype == "application/json" else text or None

    def rows(self, uri: str) -> list[dict[str, Any]]:
        """The rows of a read that must work."""
        status, body = self("GET", uri)
        assert status == 200, (status, body)
        rows: list[dict[str, Any]] = body["d"]
        return rows

    def make(self, resource: str, **fields: Any) -> int:
        """The id of a new row."""
        status, body = self("POST", f"/v7/{resource}", fields)
        assert status == 201, (status, body)
        return int(body["id"])


@pytest.fixture
def ask() -> Asker:
    """An API that holds the base data."""
    return Asker()


@pytest.fixture
def devices(ask: Asker) -> list[int]:
    """Three devices of a fleet: d0 has no tag, d1 one, d2 two."""
    ids = [
        ask.make("device", belongs_to__application=1, is_of__device_type=5, device_name=f"d{n}") for n in range(DEVICES)
    ]
    for number, device in enumerate(ids):
        for tag in range(number):
            ask.make("device_tag", device=device, tag_key=f"k{tag}", value="v")
    return ids


@pytest.fixture
def make_harness() -> Iterator[Callable[..., Harness]]:
    """Make a server with settings of one's own."""
    made: list[Harness] = []

    def make(**settings: float) -> Harness:
        made.append(Harness(**settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for harness in made:
        harness.close()


@pytest.fixture
def harness(make_harness: Callable[..., Harness]) -> Harness:
    """A server with the usual settings."""
    return make_harness()
