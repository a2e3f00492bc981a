# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning a document of 10,000 devices, and saying what it will cost them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.bench import ENVIRONMENT, Bench
from tests.bench.rows import Row

DEVICES = 10_000
#: The fleet, and its devices in pages of 2000.
REQUESTS = 7
#: What the forecast asks besides.
MORE_REQUESTS = 2
MEGABYTES = 400


def measure(bench: Bench) -> Iterator[Row]:
    """Requests and memory; no peer has anything like it."""
    with bench.emulator_process(DEVICES) as where:
        command = [sys.executable, "-m", "tests.bench.document_plan", *where]
        told = json.loads(subprocess.check_output(command, env=ENVIRONMENT))
    if not told["changes"] >= DEVICES:
        raise RuntimeError(f"another plan was expected: {told}")
    work = f"plan a document of {DEVICES} devices"
    yield Row(work, "requests", told["planned"], REQUESTS)
    yield Row(f"{work}: the forecast besides", "requests", told["foreseen"], MORE_REQUESTS)
    yield Row(work, "MB", told["peak_mb"], MEGABYTES)
