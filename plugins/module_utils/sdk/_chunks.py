# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many rows one request names, since a URL has a limited length: the official SDK's numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

#: Ids in one filter. A real server takes 1500 (recording 16), proxies less.
IDS = 200
#: Uuids or names, which are longer.
NAMES = 50


def chunks(items: Sequence[T], size: int = IDS) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of at most ``size`` items."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
