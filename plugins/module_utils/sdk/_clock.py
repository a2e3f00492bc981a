# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place where the SDK reads the time or sleeps, so that tests can hold the clock still."""

from __future__ import annotations

import datetime
import time


def now() -> datetime.datetime:
    """Return the current time, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc)


def epoch() -> float:
    """Return the current time as seconds since 1970."""
    return now().timestamp()


def monotonic() -> float:
    """Return seconds that never go back; only differences mean something."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait for this many seconds."""
    time.sleep(seconds)
