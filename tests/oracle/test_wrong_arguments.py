# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is given to a method, its error is one of the SDK's.

A recorded call of each method is made again and again, with one argument replaced by something odd each time.
"""

from __future__ import annotations

import inspect
import io
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import requests
import urllib3

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, errors

from .arguments import Missing, bind, resolve
from .fake_server import FakeServer, difference
from .recording import Call
from .replay import recordings
from .run import Runner
from .stopped_clock import StoppedClock

Arguments = tuple[list[Any], dict[str, Any]]
ODD: list[Any] = [
    None, True, -1, 0, 1.5, math.nan, math.inf, "", "x", "\n", "ä/?&#%", "x" * 32, b"bytes", object(), {1}, int, [],
    [None], ["x", 1], [b"x"], [["x"]], (), {}, {"x": object()}, {"application": 1, "service_name": b"x"}, lambda: None,
    {"$select": 5}, {"$filter": 5}, {"$filter": {"x": object()}}, {"$expand": 5}, {"$expand": {"x": 5}}, {"$top": "x"},
    {"$orderby": 5},
]  # fmt: skip


class PatientServer(FakeServer):
    """Answers what is recorded as often as it is asked, and other requests with as little as an API can say."""

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        for recorded in self._recorded:
            if not difference(recorded, request, None):
                return self._answer(request, recorded["response"])
        for recorded in self._recorded:
            if recorded["method"] == request.method and recorded["path"] in str(request.url):
                return self._answer(request, recorded["response"])
        body = {"GET": {"d": []}, "POST": {"id": 1}}.get(str(request.method), "OK")
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(json.dumps(body).encode()), headers={"Content-Type": "application/json"}, status=200,
            preload_content=False,
        )  # fmt: skip
        return self.build_response(request, raw)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as running:
        yield running


@pytest.fixture
def _clock() -> Iterator[None]:
    clock = StoppedClock()
    clock.install()
    yield
    clock.uninstall()


def connected(call: Call) -> Balena:
    """A connection to a server that knows the answers to one call."""
    balena = Balena(data_directory=False, max_retries=0)
    if call.auth:
        balena.tokens._change(call.auth)
    for scheme in ("https://", "http://"):
        balena.transport._opened_session().mount(scheme, PatientServer(call.requests))
    return balena


def bound(call: Call) -> Arguments | None:
    """The arguments of a recorded call that can be made without anything else, or None."""
    if call.result["kind"] != "value" or "._" in call.method:
        return None
    try:
        method = resolve(connected(call), call.method)
        positional, named = bind(method, call.args)
        inspect.signature(method).bind(*positional, **named)
    except (Missing, TypeError):
        return None
    return positional, named


def widest(calls: Iterable[Call]) -> list[tuple[Call, Arguments]]:
    """Of each method the call with the most arguments."""
    found: dict[str, tuple[Call, Arguments]] = {}
    for call in calls:
        arguments = bound(call)
        if arguments and sum(map(len, arguments)) > sum(map(len, found.get(call.method, ((), ((), ())))[1])):
            found[call.method] = (call, arguments)
    return list(found.values())


def replaced(positional: list[Any], named: dict[str, Any], odd: Any) -> Iterator[Arguments]:
    """Replace each argument in turn."""
    for place in range(len(positional)):
        yield [*positional[:place], odd, *positional[place + 1 :]], named
    for name in named:
        yield positional, {**named, name: odd}


@pytest.mark.usefixtures("_clock")
@pytest.mark.parametrize(
    "path", recordings(), ids=lambda path: f"{path.parent.name}-{path.name.partition('.jsonl')[0]}"
)
def test_every_error_is_one_of_the_sdk(path: Any, runner: Runner) -> None:
    bad = []
    for call, arguments in widest(runner.calls(path)):
        for odd in ODD:
            for positional, named in replaced(*arguments, odd):
                method = resolve(connected(call), call.method)
                try:
                    method(*positional, **named)
                except errors.BalenaInvalidParameterError as error:
                    parameters = inspect.signature(method).parameters
                    if error.parameter_name not in parameters and "options" not in parameters:
                        bad.append(f"{call.method} {positional!r:.80} {named!r:.80}: no parameter: {error}")
                except errors.BalenaError:
                    pass
                except Exception as error:
                    bad.append(f"{call.method} {positional!r:.80} {named!r:.80}: {type(error).__name__}: {error}")
    assert not bad, "\n".join(bad)
