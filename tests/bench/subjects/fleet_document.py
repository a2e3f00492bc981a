# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning ten variables on each of 1000 devices from a fleet document, all of them new; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.fleet import NAME, fleet
from tests.bench.rows import Row
from tests.support.tasks import run_task

DEVICES = 1000
VARIABLES = {f"VARIABLE_{number}": number for number in range(10)}
#: The fleet, and its devices with all that belongs to them.
REQUESTS = 2
#: Half of it is the emulator's answer.
SECONDS = 4.0


def measure(bench: Bench) -> Iterator[Row]:
    """Requests and seconds; no peer has anything like it."""
    work = f"plan {len(VARIABLES)} variables on {DEVICES} devices from a document"
    document = {"fleet": NAME, "device_defaults": {"env": VARIABLES}}
    with fleet(bench, DEVICES, 0) as running:

        def plan() -> None:
            result = run_task(running.server, "balena_fleet", check_mode=True, document=document)
            if result["changes"]["create"] != DEVICES * len(VARIABLES):
                raise RuntimeError(result.get("msg", "another plan was expected"))

        plan()  # without what it takes to import the module
        cost = running.cost(plan)
        yield Row(work, "requests", cost.requests, REQUESTS)
        yield Row(work, "s", cost.seconds, SECONDS)
