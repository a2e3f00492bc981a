# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that bound a work: how long, how often, how many. Every one is finite and makes sense, or is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .plan import DeclarationError

#: Nothing that is waited for takes longer, and no clock takes much more; in seconds.
YEAR = 366 * 24 * 3600


def check_number(option: str, value: float, *, least: float = 0, most: float = YEAR, above: bool = False) -> None:
    """Refuse a number that is not finite or out of its bounds.

    :param above: C(least) itself is too little.
    :raises DeclarationError: names the option, the bounds and the value.
    """
    # A comparison with "not a number" holds for none of them.
    if least <= value <= most and not (above and value == least):
        return
    bounds = f"greater than {least:g} and at most {most:g}" if above else f"from {least:g} to {most:g}"
    raise DeclarationError(f"{option} must be a number {bounds}, not {value:g}")


def check_seconds(option: str, value: float, *, above: bool = False) -> None:
    """L(check_number) of a time: at most a year.

    :raises DeclarationError: names the option, the bounds and the value.
    """
    if 0 <= value <= YEAR and not (above and value == 0):
        return
    bounds = f"greater than 0 and at most {YEAR}" if above else f"from 0 to {YEAR}"
    raise DeclarationError(f"{option} must be a number of seconds {bounds} (a year), not {value:g}")


@dataclass(frozen=True)
class Limits:
    """How long to wait and what to put up with.

    :param timeout: seconds until the waiting ends, whatever the devices do.
    :param interval: seconds between two looks.
    :param success: percentage of the devices that have to be done.
    :param max_failures: how many may fail before the waiting ends; by default it goes on for the others.
    :param patience: seconds for which the server may be away in one go. The waiting lasts at least until it answers
        again. 0: as long as the waiting lasts.
    :param at_least: how many devices have to be done, however small the percentage is.
    """

    timeout: float
    interval: float
    success: float = 100.0
    max_failures: int | None = None
    patience: float = 0.0
    at_least: int = 0

    @classmethod
    def of(cls, want: Mapping[str, Any]) -> Limits:
        """The limits that the options of a task declare.

        :raises DeclarationError: a number that makes no sense.
        """
        for option in ("wait_timeout", "poll_interval"):
            check_seconds(option, want[option], above=True)
        check_number("success_percentage", want["success_percentage"], most=100)
        patience = want.get("patience") or 0.0
        check_seconds("patience", patience)
        failures = want.get("max_failures")
        if failures is not None and failures < 0:
            raise DeclarationError(f"max_failures must be 0 or more, not {failures}")
        return cls(want["wait_timeout"], want["poll_interval"], want["success_percentage"], failures, patience)

    def needed(self, total: int) -> int:
        """How many of C(total) devices have to be done."""
        return max(-int(-total * self.success // 100), min(self.at_least, total))
