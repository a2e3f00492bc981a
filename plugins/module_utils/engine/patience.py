# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put up with a server that is away for a while: it restarts, and the work goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..sdk.errors import BalenaConnectionError, BalenaError, BalenaRequestError
from .limits import BOUNDS, check_option

T = TypeVar("T")

#: Seconds between two attempts.
_PAUSE = 2.0


@dataclass(frozen=True)
class Clock:
    """The time, and how it passes."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def may_pass(error: BaseException) -> bool:
    """Whether the same question may be answered a moment later."""
    if isinstance(error, BalenaRequestError):
        return error.status_code >= 500 or error.status_code == 429
    return isinstance(error, BalenaConnectionError)


class Patience:
    """How long one outage of the server may last.

    :param seconds: 0: none at all.
    """

    def __init__(self, seconds: float, clock: Clock | None = None) -> None:
        self._seconds, self._clock = seconds, clock or Clock()
        self._since: float | None = None

    @classmethod
    def of(cls, want: Mapping[str, Any]) -> Patience:
        """The patience that the options of a task declare; none if the module lacks the option.

        :raises DeclarationError: a number that makes no sense.
        """
        seconds = want.get("patience") or 0.0
        check_option("patience", seconds, BOUNDS)
        return cls(seconds)

    def through(self, work: Callable[[], T]) -> T:
        """Do something that can be done again, until the server answers.

        :raises BalenaError: the server is away for too long, or it answers with another error.
        """
        while True:
            try:
                done = work()
            except BalenaError as error:
                if not self.lasts([error]):
                    raise
            else:
                self._since = None
                return done

    def lasts(self, errors: Iterable[BaseException]) -> bool:
        """Whether to try again after these errors; if so, some time has passed on return."""
        now = self._clock.now()
        self._since = now if self._since is None else self._since
        left = self._since + self._seconds - now
        if left <= 0 or not all(may_pass(error) for error in errors):
            return False
        self._clock.sleep(min(_PAUSE, left))
        return True
