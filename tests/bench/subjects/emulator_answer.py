# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator serves a large fleet fast enough not to be what other subjects measure."""

from __future__ import annotations

from collections.abc import Iterator

import requests

from tests.bench.bench import Bench
from tests.bench.rows import Row

DEVICES = 10_000
# As text, because the API refuses percent-encoded punctuation.
QUERY = (
    "$select=id,uuid,device_name,is_online,os_version&$expand=device_tag($select=tag_key,value)"
    "&$filter=belongs_to__application/any(a:a/slug%20eq%20'acme/bench')"
)


def measure(bench: Bench) -> Iterator[Row]:
    """Seed 10,000 devices with three tags each, and read them in one answer."""
    with bench.emulator_process(DEVICES) as server:
        url, token = server

        def read() -> None:
            headers = {"Authorization": f"Bearer {token}"}
            answer = requests.get(f"{url}/v7/device?{QUERY}", headers=headers, timeout=60)
            answer.raise_for_status()
            devices = answer.json()["d"]
            if len(devices) != DEVICES or len(devices[0]["device_tag"]) != 3:
                raise RuntimeError(f"the emulator answered with {len(devices)} devices")

        read()
        yield Row("emulator: 10,000 devices with 3 tags in one answer", "s", bench.seconds(read), 2.0)
