# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One variable on 1000 devices: all new, unchanged, all changed; near the server and 50 ms away from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from tests.bench.bench import Bench
from tests.bench.fleet import Cost, Fleet, fleet, requests_of, seconds_of
from tests.bench.rows import Row

DEVICES = 1000
#: The peers go one by one. So that the table is there in time, they get fewer devices, and what they take is scaled.
PEERS_DEVICES = {0: 100, 50: 25}
WRITES = DEVICES // 200
#: What the last answer may cost, besides waiting: the server's work for 1000 rows.
SECONDS = 1.5


def measure(bench: Bench) -> Iterator[Row]:
    """Requests and seconds, with the peers' on the same server."""
    for latency, count in PEERS_DEVICES.items():
        with fleet(bench, DEVICES, latency) as running:
            yield from created(running, latency, count)
            yield from repeated(running, latency, count)


def created(running: Fleet, latency: int, count: int) -> Iterator[Row]:
    """All new: against a bare loop that only creates, in turns, since a machine is not always equally fast."""
    peers = running.peers(count, work="variable", value="debug")
    clear(running)
    ids = [row["id"] for row in running.get("device?$select=id")]
    floors, ours = [], []
    for turn in range(3):
        bodies = [{"device": id_, "name": f"FLOOR_{turn}", "value": "debug"} for id_ in ids]
        floors.append(running.floor("device_environment_variable", bodies))
        name = "LOG_LEVEL" if turn == 2 else f"OURS_{turn}"
        ours.append(running.task("balena_env_var", scope="device", name=name, value="debug"))
    seconds = Cost(median(cost.seconds for cost in ours), ours[-1].requests)
    yield from rows("new", latency, count, seconds, peers, DEVICES + 2, 1.2 * median(floors))


def repeated(running: Fleet, latency: int, count: int) -> Iterator[Row]:
    """The same again, and then with another value."""
    task = {"scope": "device", "name": "LOG_LEVEL"}
    peers = running.peers(count, work="variable", value="debug")
    ours = running.task("balena_env_var", **task, value="debug")
    yield from rows("unchanged", latency, count, ours, peers, 2, SECONDS + 2 * latency / 1000)
    peers = running.peers(count, work="variable", value="info")
    ours = running.task("balena_env_var", **task, value="warning")
    yield from rows("changed", latency, count, ours, peers, 2 + WRITES, SECONDS + (2 + WRITES) * latency / 1000)


def clear(running: Fleet) -> None:
    """Forget what the peers made."""
    running.task("balena_env_var", scope="device", name="LOG_LEVEL", state="absent")


def rows(
    what: str, latency: int, count: int, ours: Cost, peers: Mapping[str, Cost | None], requests: int, seconds: float
) -> Iterator[Row]:
    """A row for the requests, which are the same at any distance, and one for the seconds."""
    work = f"a variable on {DEVICES} devices, {what}"
    if not latency:
        yield Row(work, "requests", ours.requests, requests, others=requests_of(peers))
    scaled = seconds_of(peers, f", {count} devices scaled")
    yield Row(f"{work}, {latency} ms away", "s", ours.seconds, seconds, others=scaled)
