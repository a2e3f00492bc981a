# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the subjects measure with: emulators, fresh Python processes, the peers."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator import Emulator
from emulator.emulator import SEEDS
from tests.support.ansible_runs import COLLECTIONS, link_collection

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(COLLECTIONS), "PYTHONDONTWRITEBYTECODE": ""}


class Bench:
    """Tools for subjects. repeat: how often short work is repeated; the median counts."""

    def __init__(self, repeat: int = 7) -> None:
        link_collection(COLLECTIONS)
        sys.path.insert(0, str(COLLECTIONS))
        self.repeat = repeat

    def median(self, measure: Callable[[], float]) -> float:
        """The median of several measurements; a first one warms up and does not count."""
        measure()
        return statistics.median(measure() for attempt in range(self.repeat))

    def seconds(self, work: Callable[[], Any]) -> float:
        """How long one run of the work takes."""
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def import_ms(self, statement: str, python: str = sys.executable) -> float:
        """Milliseconds that a statement takes in a fresh Python, median."""
        code = f"import time; start = time.perf_counter(); {statement}; print((time.perf_counter() - start) * 1000)"
        command = [python, "-c", code]
        return self.median(lambda: float(subprocess.check_output(command, env=ENVIRONMENT)))

    @contextmanager
    def emulator(self, devices: int = 1000, **options: Any) -> Iterator[Emulator]:
        """An emulator with one large fleet, acme/bench, of devices with three tags each."""
        with Emulator(seed=SEEDS / "bench.yml", devices=devices, **options) as running:
            yield running

    @contextmanager
    def emulator_process(self, devices: int = 1000, latency: float = 0) -> Iterator[tuple[str, str]]:
        """The same as a process of its own, which does not share our interpreter: its URL and a token."""
        command = [sys.executable, "-m", "emulator", "--seed", "bench", "--devices", str(devices), "--quiet"]
        root = Path(__file__).resolve().parents[2]
        process = subprocess.Popen([*command, "--latency", str(latency)], cwd=root, stdout=subprocess.PIPE, text=True)
        try:
            words = (process.stdout.readline() if process.stdout else "").split()
            yield words[words.index("at") + 1], words[words.index("token") + 1]
        finally:
            process.terminate()
            process.wait(timeout=10)
