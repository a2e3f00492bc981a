# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning an organization of 500 people."""

from __future__ import annotations

from collections.abc import Iterator

from emulator import Emulator
from tests.bench.bench import Bench
from tests.bench.rows import Row
from tests.support.tasks import run_task

PEOPLE = 500
#: The roles, the organization, its members, its invitations, and whom addresses belong to.
REQUESTS = 5


def measure(bench: Bench) -> Iterator[Row]:
    """Requests; no peer declares members."""
    members = {f"guest{number}@example.com": "member" for number in range(PEOPLE)}
    with Emulator(flavor="cloud") as server:
        options = {"handle": "acme", "members": members}
        result = run_task(server, "balena_organization", **options)
        if result.get("failed"):
            raise RuntimeError(result["msg"])
        server.clear_requests()
        again = run_task(server, "balena_organization", **options)
        if again["changed"]:
            raise RuntimeError("nothing should have been left to do")
        yield Row(f"plan an organization of {PEOPLE} people", "requests", len(server.requests()), REQUESTS)
