# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing the SDK costs little more than importing requests."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.peers import python_sdk
from tests.bench.rows import Row

OURS = "from ansible_collections.community.balena.plugins.module_utils.sdk import Balena"


def measure(bench: Bench) -> Iterator[Row]:
    """Compare with requests plus 30 ms, and with the Python SDK."""
    requests = bench.import_ms("import requests")
    peer = python_sdk()
    theirs = bench.import_ms("from balena import Balena", peer) if peer else None
    yield Row("import of the SDK", "ms", bench.import_ms(OURS), requests + 30, theirs, "Python SDK")
