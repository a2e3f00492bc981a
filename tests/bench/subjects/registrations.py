# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering 1000 devices: from a fleet document with a tag and two variables each, and with a config.json each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.fleet import NAME, fleet
from tests.bench.rows import Row
from tests.support.tasks import run_task

DEVICES = 1000
#: The device, its tag, its variable and that of its service, which the API only takes one by one; and what is read.
REQUESTS = 4 * DEVICES + 50
#: Registering a device also makes its key; and what is read, uuids 50 at a time.
WITH_CONFIGS = DEVICES + 30


def measure(bench: Bench) -> Iterator[Row]:
    """Requests; no peer registers more than one device at a time."""
    of_all = {"tags": {"site": "lyon"}, "env": {"A": "1"}, "services": {"main": {"env": {"B": "2"}}}}
    devices = [{"uuid": f"{number:032x}", "name": f"new {number}"} for number in range(1, DEVICES + 1)]
    document = {"fleet": NAME, "device_defaults": of_all, "devices": devices}
    with fleet(bench, 1, 0) as running:

        def register() -> None:
            result = run_task(running.server, "balena_fleet", document=document)
            if result.get("failed") or len(result["registered"]) != DEVICES:
                raise RuntimeError(result.get("msg", "other devices were expected"))

        def make_configs() -> None:
            with tempfile.TemporaryDirectory() as folder:
                each = [{"serial": f"A-{number}"} for number in range(DEVICES)]
                options = {"application": NAME, "version": "6.0.41", "each": each, "dest": folder}
                result = run_task(running.server, "balena_config", **options)
                if result.get("failed") or len(list(Path(folder).iterdir())) != DEVICES:
                    raise RuntimeError(result.get("msg", "other files were expected"))

        cost = running.cost(register)
        yield Row(f"register {DEVICES} devices with a tag and two variables", "requests", cost.requests, REQUESTS)
        cost = running.cost(make_configs)
        yield Row(f"register {DEVICES} devices with a config.json", "requests", cost.requests, WITH_CONFIGS)
