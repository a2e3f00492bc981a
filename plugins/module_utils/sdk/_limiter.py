# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the number of requests in any period of time below a limit."""

from __future__ import annotations

import collections
import threading

from . import _clock


class RateLimiter:
    """A sliding window, shared by all threads of one :class:`Balena`.

    Args:
        limit: how many requests may start within ``interval``; ``None`` or 0 for any number.
        interval: the length of the window, in seconds.
    """

    def __init__(self, limit: int | None, interval: float) -> None:
        self._limit = limit or 0
        self._interval = interval
        self._starts: collections.deque[float] = collections.deque(maxlen=self._limit or None)
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return as soon as one more request may start."""
        if not self._limit:
            return
        with self._lock:  # reserve a place under the lock, wait for it outside
            start = _clock.monotonic()
            if len(self._starts) == self._limit:
                start = max(start, self._starts[0] + self._interval)
            self._starts.append(start)
        delay = start - _clock.monotonic()
        if delay > 0:
            _clock.sleep(delay)
