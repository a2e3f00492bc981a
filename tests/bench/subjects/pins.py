# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pinning 1000 devices to a release; near the server and 50 ms away from it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.fleet import fleet, requests_of, seconds_of
from tests.bench.rows import Row

DEVICES = 1000
REQUESTS = 8
SECONDS = 1.5


def measure(bench: Bench) -> Iterator[Row]:
    """Requests and seconds, with the peers' on the same server."""
    work = f"pin {DEVICES} devices"
    for latency in (0, 50):
        with fleet(bench, DEVICES, latency) as running:
            commits = {row["raw_version"]: row["commit"] for row in running.get("release?$select=raw_version,commit")}
            peers = running.peers(DEVICES, work="pin", commit=commits["1.0.0"])
            ours = running.task("balena_release_pin", scope="device", release="1.1.0")
            if not latency:
                yield Row(work, "requests", ours.requests, REQUESTS, others=requests_of(peers))
            allowed = SECONDS + REQUESTS * latency / 1000
            yield Row(f"{work}, {latency} ms away", "s", ours.seconds, allowed, others=seconds_of(peers))
