# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remember what the API answered for a while."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from . import _clock

#: Seconds for which the reference keeps OS versions and the like.
TEN_MINUTES = 600.0

_T = TypeVar("_T")


class TimedCache:
    """Values by key, each for a limited time, and all of them for one token only.

    What the API shows depends on who asks, so another token finds the cache empty. A call that fails leaves nothing
    behind. Safe to use from many threads (at worst, two of them ask for the same value at the same time).

    Args:
        generation: returns a number that changes with the token.
        max_age: how long a value is kept, in seconds.
    """

    def __init__(self, generation: Callable[[], int], max_age: float = TEN_MINUTES) -> None:
        self._generation = generation
        self._max_age = max_age
        self._values: dict[Hashable, tuple[float, int, Any]] = {}

    def get(self, key: Hashable, read: Callable[[], _T]) -> _T:
        """Return the value for a key; `read` is called to get it if it is not there, or too old."""
        generation = self._generation()
        known = self._values.get(key)
        if known is not None and known[1] == generation and _clock.monotonic() < known[0]:
            value: _T = known[2]
            return value
        value = read()
        self._values[key] = (_clock.monotonic() + self._max_age, generation, value)
        return value

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
