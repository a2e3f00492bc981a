# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulator in a process of its own, controlled over its control API; for tests that run `ansible-playbook`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

READY = re.compile(r"balena emulator at (\S+) token (\S+)(?: tunnel (\S+))?")
ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 10.0


class EmulatorControl:
    """The control API of a running emulator at `url`; the same calls as `Emulator` has."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        self.token = token

    def requests(
        self, method: str | None = None, path: str | None = None, since: int = 0, writes: bool = False
    ) -> list[dict[str, Any]]:
        """The logged requests as dicts; the arguments are those of `RequestLog.select`."""
        options = {"method": method, "path": path, "since": since, "writes": int(writes)}
        query = urllib.parse.urlencode({name: value for name, value in options.items() if value})
        found: list[dict[str, Any]] = self._call("GET", f"requests?{query}")
        return found

    def writes(self) -> list[dict[str, Any]]:
        """The logged requests that asked for a change."""
        return self.requests(writes=True)

    def clear_requests(self) -> None:
        """Empty the log."""
        self._call("DELETE", "requests")

    def fault(self, **options: Any) -> None:
        """Add a fault; the options are those of `faults.Fault`."""
        self._call("POST", "faults", options)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._call("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Move the virtual clock on, running what the simulated devices do on the way."""
        self._call("POST", "clock", {"advance": seconds})

    def simulate(self, **options: Any) -> None:
        """Start or change the simulation; the options are those of `Simulation.configure`."""
        self._call("POST", "simulation", options)

    def seed(self, data: dict[str, Any]) -> None:
        """Add what a seed describes."""
        self._call("POST", "seed", data)

    def reset(self) -> None:
        """Back to the state after the start."""
        self._call("POST", "reset")

    def state(self) -> dict[str, Any]:
        """How many rows each resource has, the clock, the faults, the simulation."""
        found: dict[str, Any] = self._call("GET", "state")
        return found

    def lead(self, uuid: str, address: str | int | None) -> None:
        """Say where the tunnel finds the ssh server of a device: `HOST:PORT`, a port of this machine, or nowhere."""
        self._call("POST", "tunnel", {uuid: address})

    def drop_tunnels(self, uuid: str = "") -> int:
        """Break off the tunnel's open connections, all or those to one device; how many there were."""
        query = urllib.parse.urlencode({"uuid": uuid} if uuid else {})
        return int(self._call("DELETE", f"tunnel?{query}")["dropped"])

    def _call(self, method: str, name: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{name}", data, method=method)
        # The emulator is on this machine: a proxy from the environment would not find it.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from error


class EmulatorProcess(EmulatorControl):
    """`python -m emulator` with command line options, for the length of a `with` block."""

    def __init__(self, *options: str, python: str = sys.executable) -> None:
        self._command = [python, "-m", __package__, "--quiet", *options]
        self._process: subprocess.Popen[str] | None = None
        self.tunnel_address: str | None = None
        super().__init__("")

    def __enter__(self) -> EmulatorProcess:
        self.start()
        return self

    def start(self) -> None:
        """Start the process and wait until it is ready.

        Raises:
            RuntimeError: it did not start; the message is its own.
        """
        # A file, not a pipe: a pipe that nobody empties would stop the emulator.
        with tempfile.TemporaryFile("w+") as errors:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True, env=dict(os.environ)
            )
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            ready = READY.match(line)
            if ready is None:
                self.stop()
                errors.seek(0)
                raise RuntimeError(f"the emulator did not start: {line}{errors.read()}")
        self.url, self.token, self.tunnel_address = ready.groups()

    @property
    def pid(self) -> int:
        """The number of the process; 0 while there is none."""
        return self._process.pid if self._process else 0

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> int:
        """End the process; its exit status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            if process.stdout is not None:
                process.stdout.close()
