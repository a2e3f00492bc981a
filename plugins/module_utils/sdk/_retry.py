# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide whether a request that failed is sent again, and how long to wait before."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from . import _clock

# Repeating these leaves the same state behind as sending them once.
REPEATABLE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"))
_NEVER_PASSES = frozenset((501, 505))


class RetryState:
    """What one call has spent on repetitions so far.

    Args:
        max_retries: how many failures of the connection or the server are repeated.
        retry_rate_limited: whether an answer 429 is waited out; a function decides by the seconds that it takes.
        max_wait: how many seconds may be spent waiting as told by ``Retry-After``, all in all.
    """

    def __init__(self, max_retries: int, retry_rate_limited: bool | Callable[[float], bool], max_wait: float) -> None:
        self._retries_left = max_retries
        self._max_retries = max_retries
        self._retry_rate_limited = retry_rate_limited
        self._wait_left = max_wait
        self._waits = 0

    def delay_after_answer(self, method: str, status: int, headers: Mapping[str, str]) -> float | None:
        """Return the seconds to wait before repeating after this answer; ``None``: do not repeat.

        429, and 503 with a ``Retry-After``, say that nothing was done, so they are repeated for every method;
        other server errors only where repeating is safe.
        """
        told = parse_retry_after(headers.get("Retry-After"))
        if status == 429 and not self._waits_out(told):
            return None
        if told is not None and (status == 429 or (status == 503 and self._max_retries > 0)):
            return self._wait(told)
        passes = status >= 500 and status not in _NEVER_PASSES and method in REPEATABLE_METHODS
        return self.delay_after_breakage() if passes or status == 429 else None

    def _waits_out(self, told: float | None) -> bool:
        """Whether a rate limit is waited out that passes after this time."""
        if not callable(self._retry_rate_limited):
            return self._retry_rate_limited
        return told is not None and bool(self._retry_rate_limited(told))

    def delay_after_breakage(self) -> float | None:
        """Return the seconds to wait before repeating after a broken connection; ``None``: enough tries."""
        if self._retries_left <= 0:
            return None
        self._retries_left -= 1
        attempt = self._max_retries - self._retries_left - 1
        # Not all clients at once: somewhere between half of the delay and all of it.
        return min(0.25 * 2.0**attempt, 8.0) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    def _wait(self, told: float) -> float | None:
        if told > self._wait_left:
            return None
        self._waits += 1
        delay = told if self._waits <= 3 else max(told, 1.0)  # "Retry-After: 0" for ever must not become a busy loop
        self._wait_left -= max(delay, 1.0)
        return delay


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, given as a number or as a date; ``None``: unreadable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value)
    return seconds if 0 <= seconds < float("inf") else None


def _seconds_until(http_date: str) -> float | None:
    import email.utils  # only here: dates are rare

    try:
        moment = email.utils.parsedate_to_datetime(http_date)
        return max(moment.timestamp() - _clock.epoch(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None
