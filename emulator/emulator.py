# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as an object: API, store, clock, faults, simulation and server put together."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
import yaml

from .api import Api
from .cloud.extension import CloudApi, extend
from .cloud.front import Front, fill_roles
from .http.control import Control
from .http.faults import Fault, Faults
from .http.request_log import Request, RequestLog
from .http.runtime import Runtime
from .http.server import Server
from .inside import InsideClient
from .seeds.seed import Seeder
from .simulation.clock import Clock
from .simulation.simulation import Simulation
from .store.base_data import fill
from .store.database import tables
from .store.store import Image, Store
from .tunnel.access import check_access
from .tunnel.request import TunnelRequest
from .tunnel.tunnel import Tunnel

extend()

HERE = Path(__file__).resolve().parent
SEEDS = HERE / "seeds"
BASE_DATA = HERE / "store" / "base_data.json"

# The one in C, where there is one, takes a tenth of the time.
YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ADMIN = "admin"
# Always the same, so that it can stand in a playbook's environment: it opens nothing but an emulator.
TOKEN = "emulatorEmulatorEmulatorEmulator"

# How many seconds after they were read the rows of the seeds serve for a reset: many are dated "now" or "a day ago".
IMAGE_SECONDS = 30.0

Flavor = Literal["openbalena", "cloud"]
Flaw = Literal["columns"]
SeedSource = Mapping[str, Any] | str | Path


class Emulator:
    """A balena API server in this process; a context manager that starts and stops it.

    seed: what the server holds besides the base data: a mapping, a YAML file, or a list of them; devices: number of
    devices that each device template of the seeds makes, instead of its own `count`; flavor: `openbalena` behaves as
    the recordings, `cloud` has what balenaCloud has beyond it; flaw: `columns` loses the conditions beside a comparison
    of two columns, as real servers do; latency: milliseconds before each answer;
    idle_timeout: seconds after which an idle connection is closed; start, rate: of the clock; token: the API key of
    the user `admin`, who may do everything.
    """

    def __init__(
        self,
        seed: SeedSource | Iterable[SeedSource] | None = None,
        flavor: Flavor = "openbalena",
        *,
        flaw: Flaw | None = None,
        token: str = TOKEN,
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        idle_timeout: float = 5.0,
        devices: int | None = None,
        start: float | None = None,
        rate: float = 1.0,
        tls_cert: Path | str | None = None,
        tls_key: Path | str | None = None,
        on_request: Callable[[Request], None] | None = None,
    ) -> None:
        self.flavor, self.flaw = flavor, flaw
        self.token = token
        self.clock = Clock(start, rate)
        self._start, self._rate = start, rate
        self.faults = Faults()
        self.log = RequestLog()
        self._seeds = [load_seed(source) for source in as_list(seed)]
        self._devices = devices
        self._image: tuple[Image, float] | None = None
        self._fill()
        self._runtime = Runtime(self.front, Control(self), self.clock, self.faults, self.log, 0.0, on_request)
        self.latency = latency
        self._server = Server(self._runtime, host, port, idle_timeout, tls_cert, tls_key)
        self.url = self._server.url
        self.tunnel: Tunnel | None = None

    def _fill(self) -> None:
        """A new store with the base data and the seeds."""
        self.store = Store(clock=self.clock)
        self.api = (CloudApi if self.flavor == "cloud" else Api)(self.store, self.clock, self.flavor, self.flaw)
        self.simulation = Simulation(self.store, self.clock)
        self.front = Front(self.api, self.store, self.clock, self.simulation, self.flavor)
        if self._image and (self._start is not None or time.monotonic() - self._image[1] < IMAGE_SECONDS):
            self.store.load(self._image[0])
            for data in self._seeds:
                self._begin(data)
            return
        moment = time.monotonic()
        fill(self.store, json.loads(BASE_DATA.read_text(encoding="utf-8")))
        self._add_token()
        if self.flavor == "cloud":
            fill_roles(self.store)
        for data in self._seeds:
            self.seed(data)
        self._image = self.store.image(), moment

    def _add_token(self) -> None:
        user = self.store.query("user", username=ADMIN)[0]
        key = self.store.insert("api_key", key=self.token, is_of__actor=user["actor"], name="emulator")
        self.store.insert("api_key__has__role", api_key=key, role="named-user-api-key")

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Answer requests from now on."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering; the port is free afterwards."""
        self.close_tunnel()
        self.simulation.stop()
        self._server.stop()

    def open_tunnel(
        self,
        certificate: Path | str,
        key: Path | str | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        on_request: Callable[[TunnelRequest], None] | None = None,
    ) -> Tunnel:
        """Listen for connections to devices, with this certificate, instead of at a tunnel that is open already.

        Where the ports of a device really are is told with `lead`; until then none answers.
        """

        def check(uuid: str, token: str | None) -> None:
            with self._runtime.alone():
                check_access(self.api, uuid, token)

        self.close_tunnel()
        self.tunnel = Tunnel(check, certificate, key, host=host, port=port, faults=self.faults, on_request=on_request)
        return self.tunnel

    def close_tunnel(self) -> None:
        """Break off the connections to devices, and take no more of them."""
        if self.tunnel is not None:
            self.tunnel.close()
            self.tunnel = None

    @property
    def latency(self) -> float:
        """Milliseconds before each answer."""
        return self._runtime.latency * 1000

    @latency.setter
    def latency(self, milliseconds: float) -> None:
        self._runtime.latency = milliseconds / 1000

    def requests(
        self, method: str | None = None, path: str | None = None, since: int = 0, writes: bool = False
    ) -> list[Request]:
        """The logged requests; the arguments are those of `RequestLog.select`."""
        return self.log.select(method, path, since, writes)

    def writes(self) -> list[Request]:
        """The logged requests that asked for a change."""
        return self.log.select(writes=True)

    def clear_requests(self) -> None:
        """Empty the log."""
        self.log.clear()

    def fault(self, **options: Any) -> Fault:
        """Add a fault; the options are those of `faults.Fault`."""
        return self.faults.add(**options)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.faults.clear()

    def advance(self, seconds: float) -> None:
        """Move the virtual clock on, running what the simulated devices do on the way."""
        self.clock.advance(seconds)

    def simulate(self, **options: Any) -> None:
        """Start or change the simulation; the options are those of `Simulation.configure`."""
        self.simulation.configure(**options)

    def seed(self, data: SeedSource) -> dict[str, int]:
        """Add what a seed describes: number of new rows per kind."""
        seed = load_seed(data)
        client = InsideClient(self.front, self.token)
        made = Seeder(client, self.store, self.clock, self._devices).apply(seed)
        self.front.track_devices(self.store.query("user", username=ADMIN)[0]["actor"])
        self._begin(seed)
        return made

    def _begin(self, seed: Mapping[str, Any]) -> None:
        """Let happen what a seed says besides the rows that it makes."""
        for options in seed.get("faults", []):
            self.faults.add(**options)
        if "simulation" in seed:
            self.simulation.configure(**(seed["simulation"] or {}))

    def reset(self) -> None:
        """Back to the state after the start: data, clock, simulation, faults of the seeds. The token stays valid."""
        self.simulation.stop()
        self.faults.clear()
        self.clock.set_rate(self._rate)
        self.clock.set(time.time() if self._start is None else self._start)
        self._fill()
        self._runtime.api = self.front
        self.log.clear()
        if self.tunnel is not None:
            self.tunnel.reset()

    def state(self) -> dict[str, Any]:
        """How many rows each resource has, the clock, the faults, the simulation."""
        return {
            "flavor": self.flavor,
            "now": self.clock.iso(),
            "rate": self.clock.rate,
            "latency": self.latency,
            "rows": self.counts(),
            "faults": self.faults.describe(),
            "simulation": self.simulation.describe(),
            "invitations": self.front.invitations.pending(),
            "requests": len(self.log.select()),
            "tunnel": self.tunnel.describe() if self.tunnel else None,
        }

    def counts(self) -> dict[str, int]:
        """How many rows each resource has; those without rows are left out."""
        found = {}
        for name, table in tables().items():
            number = self.store.scalar(sa.select(sa.func.count()).select_from(table))
            if number:
                found[name] = int(number)
        return found


def as_list(seed: SeedSource | Iterable[SeedSource] | None) -> list[SeedSource]:
    """One seed, several or none as a list."""
    if seed is None:
        return []
    return [seed] if isinstance(seed, (Mapping, str, Path)) else list(seed)


def load_seed(source: SeedSource) -> Mapping[str, Any]:
    """A seed's mapping; a text or path is a YAML file."""
    if isinstance(source, Mapping):
        return source
    data = yaml.load(Path(source).read_text(encoding="utf-8"), Loader=YAML) or {}
    if not isinstance(data, Mapping):
        raise ValueError(f"{source}: a seed is a mapping")
    return data
