# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process at a time logs in to a device; the others wait, and then share its connection or its failure.

A device's ssh server takes few who are not logged in yet (C(MaxStartups)). Who opens the shared connection therefore
holds a lock beside its socket, and attempts that the server turned away are repeated after a random pause.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .failures import Failure

FIRST_PAUSE, LONGEST_PAUSE = 0.3, 3.0


class Unreached(Exception):
    """A device was not reached.

    :param is_final: all attempts that make sense have been made.
    """

    def __init__(self, failure: Failure, is_final: bool = False) -> None:
        super().__init__(failure.sentence)
        self.failure, self.is_final = failure, is_final


def is_open(control_path: str) -> bool:
    """Whether a master answers at its socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(control_path)
        except (OSError, ValueError):
            return False
    return True


def open_once(lock: Path, is_there: Callable[[], bool], open_it: Callable[[], None]) -> None:
    """Open what all share, unless it is there.

    :param lock: a file beside it.
    :param open_it: raises L(Unreached) if it cannot be opened. Whoever waited meanwhile gets the same failure.
    :raises Unreached: of this process or of the one that tried while this one waited.
    """
    if is_there():
        return
    since = time.time()
    with _locked(lock) as descriptor:
        if is_there():
            return
        _raise_failure_of_others(descriptor, since)
        try:
            open_it()
        except Unreached as error:
            failed = {"at": time.time(), "sentence": error.failure.sentence}
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(failed).encode(), 0)
            raise


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _raise_failure_of_others(descriptor: int, since: float) -> None:
    try:
        failed = json.loads(os.pread(descriptor, 65536, 0))
        failure, at = Failure(str(failed["sentence"])), float(failed["at"])
    except (ValueError, KeyError, TypeError):
        return
    if since <= at <= time.time():
        raise Unreached(failure, is_final=True)


class Attempts:
    """When to try again: at random times, so that many who were turned away do not come back together.

    :param seconds: how long to try again what may pass by itself.
    :param retries: how often to try again what will hardly pass.
    """

    def __init__(self, seconds: float, retries: int) -> None:
        self._begun = time.monotonic()
        self._seconds, self._retries = seconds, retries
        self._longest = FIRST_PAUSE

    def pause_after(self, error: Unreached) -> float | None:
        """Seconds to pause before the next attempt; None if there should be none."""
        left = self._begun + min(self._seconds, error.failure.patience) - time.monotonic()
        if error.is_final or (left <= 0 and self._retries <= 0):
            return None
        self._retries -= left <= 0
        self._longest = min(LONGEST_PAUSE, self._longest * 2)
        return random.uniform(FIRST_PAUSE / 2, self._longest)  # noqa: S311 - not for secrets
