# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated devices whose time passes only while somebody waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emulator import Emulator
from emulator.emulator import SeedSource


@contextmanager
def watched(seed: SeedSource) -> Iterator[Emulator]:
    """A server like balenaCloud: whoever looks at what devices run makes half a minute pass."""

    def pass_time(request: Any) -> None:
        if request.method == "GET" and request.path == "/v7/device" and "id in (" in request.params.get("$filter", ""):
            running.advance(30)

    with Emulator(seed=seed, flavor="cloud", rate=0, on_request=pass_time) as running:
        yield running
