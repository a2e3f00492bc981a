# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API under `/_emulator/`, a path that balena does not have: the log, faults, the clock, the simulation.

It takes and gives JSON (the seed may also be YAML) and asks for no token: the emulator is for one's own machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import yaml
from werkzeug import Request, Response

from ..tunnel.tunnel import Tunnel, as_address

if TYPE_CHECKING:
    from ..emulator import Emulator

Action = Callable[[Request], Any]


class Control:
    """Answers requests under `/_emulator/` for an emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._actions: dict[tuple[str, str], Action] = {
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): lambda request: emulator.log.clear(),
            ("GET", "faults"): lambda request: emulator.faults.describe(),
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda request: emulator.faults.clear(),
            ("GET", "clock"): lambda request: clock_state(emulator),
            ("POST", "clock"): self._move_clock,
            ("GET", "simulation"): lambda request: emulator.simulation.describe(),
            ("POST", "simulation"): self._simulate,
            ("POST", "seed"): lambda request: emulator.seed(read_body(request)),
            ("POST", "reset"): lambda request: emulator.reset(),
            ("GET", "state"): lambda request: emulator.state(),
            ("POST", "latency"): self._set_latency,
            ("GET", "tunnel"): lambda request: self._tunnel().describe(),
            ("POST", "tunnel"): self._lead,
            ("DELETE", "tunnel"): self._drop,
        }

    def __call__(self, request: Request) -> Response:
        """Answer a request for a path under `/_emulator/`."""
        name = request.path.removeprefix("/_emulator/").strip("/")
        action = self._actions.get((request.method, name))
        if action is None:
            known = sorted(f"{method} /_emulator/{path}" for method, path in self._actions)
            return answer({"error": f"no such control: {request.method} {request.path}", "known": known}, 404)
        try:
            return answer(action(request))
        except (TypeError, ValueError, KeyError, LookupError) as error:
            return answer({"error": f"{type(error).__name__}: {error}"}, 400)

    def _requests(self, request: Request) -> list[dict[str, Any]]:
        args = request.args
        selected = self._emulator.log.select(
            method=args.get("method"),
            path=args.get("path"),
            since=int(args.get("since", 0)),
            writes=args.get("writes", "").lower() in ("1", "true", "yes"),
        )
        return [entry.as_dict() for entry in selected]

    def _add_faults(self, request: Request) -> list[dict[str, Any]]:
        faults = read_body(request)
        for options in faults if isinstance(faults, list) else [faults]:
            self._emulator.faults.add(**options)
        return self._emulator.faults.describe()

    def _move_clock(self, request: Request) -> dict[str, Any]:
        clock = self._emulator.clock
        body = read_body(request)
        unknown = set(body) - {"rate", "frozen", "advance"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known are advance, frozen, rate")
        if "rate" in body:
            clock.set_rate(float(body["rate"]))
        if "frozen" in body:
            clock.set_rate(0.0 if body["frozen"] else clock.rate or 1.0)
        clock.advance(float(body.get("advance", 0)))
        return clock_state(self._emulator)

    def _simulate(self, request: Request) -> dict[str, Any]:
        self._emulator.simulate(**(read_body(request) or {}))
        return self._emulator.simulation.describe()

    def _tunnel(self) -> Tunnel:
        if self._emulator.tunnel is None:
            raise LookupError("there is no tunnel: start the emulator with --tunnel-port")
        return self._emulator.tunnel

    def _lead(self, request: Request) -> dict[str, Any]:
        tunnel = self._tunnel()
        for uuid, address in read_body(request).items():
            tunnel.lead(uuid, None if address is None else as_address(address))
        return tunnel.describe()

    def _drop(self, request: Request) -> dict[str, Any]:
        return {"dropped": self._tunnel().drop(request.args.get("uuid"))}

    def _set_latency(self, request: Request) -> dict[str, Any]:
        self._emulator.latency = float(read_body(request)["milliseconds"])
        return {"milliseconds": self._emulator.latency}


def clock_state(emulator: Emulator) -> dict[str, Any]:
    """The clock's time and rate."""
    return {"now": emulator.clock.iso(), "timestamp": emulator.clock.timestamp(), "rate": emulator.clock.rate}


def read_body(request: Request) -> Any:
    """The body's value; JSON is also YAML."""
    return yaml.safe_load(request.get_data(as_text=True))


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer; None becomes an empty object."""
    return Response(json.dumps({} if value is None else value), status, content_type="application/json")
