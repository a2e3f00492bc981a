# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that bound a work: how long, how often, how many. Every one is finite and makes sense, or is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from .plan import DeclarationError

#: Nothing that is waited for takes longer, and no clock takes much more; in seconds.
YEAR = 366 * 24 * 3600
#: No answer or list of the API has more of anything.
MOST = 2**31 - 1


@dataclass(frozen=True)
class Bounds:
    """What a number may be.

    :param above: C(least) itself is too little.
    :param kind: what it counts, for the sentence.
    """

    least: float = 0
    most: float = MOST
    above: bool = False
    kind: str = "a number "

    def problem(self, option: str, value: float) -> str:
        """What is wrong with a number, as a sentence; an empty text if nothing is.

        :param option: the option's name, for the sentence.
        """
        # A comparison with "not a number" holds for none of them.
        if self.least <= value <= self.most and not (self.above and value == self.least):
            return ""
        most = f"{self.most:.0f}" + (" (a year)" if self.most == YEAR else "")
        if self.above:
            bounds = f"{self.kind}greater than {self.least:g} and at most {most}"
        elif self.most < MOST:
            bounds = f"{self.kind}from {self.least:g} to {most}"
        else:
            bounds = f"at most {most}" if value > self.most else f"{self.least:g} or more"
        return f"{option} must be {bounds}, not {value:g}"

    def check(self, option: str, value: float) -> None:
        """Refuse a number that is not finite or out of its bounds.

        :raises DeclarationError: names the option, the bounds and the value.
        """
        if wrong := self.problem(option, value):
            raise DeclarationError(wrong)


TIME = Bounds(most=YEAR, kind="a number of seconds ")
INTERVAL = Bounds(most=YEAR, above=True, kind=TIME.kind)
SHARE = Bounds(most=100)
#: The options of whatever waits that are numbers, by their names.
BOUNDS: dict[str, Bounds] = {
    "wait_timeout": INTERVAL,
    "poll_interval": INTERVAL,
    "patience": TIME,
    "success_percentage": SHARE,
    "max_failures": Bounds(),
}


def check_option(option: str, value: float, bounds: Mapping[str, Bounds]) -> None:
    """Refuse the number of an option that is out of its bounds.

    :param bounds: those of all options, by their names.
    :raises DeclarationError: names the option, the bounds and the value.
    """
    bounds[option].check(option, value)


#: How many bytes a unit has.
_UNITS = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([A-Za-z]*)", re.ASCII)


def size(text: str, option: str) -> int:
    """How many bytes C(500MB), C(1.5 GiB) or C(2000) are.

    :raises DeclarationError: it is not such a size.
    """
    found = _SIZE.fullmatch(text.strip())
    if not found or found[2].lower() not in _UNITS:
        raise DeclarationError(
            f"{option} must be a number of bytes, or with a unit such as 500MB or 2GiB, not '{text}'"
        )
    return int(float(found[1]) * _UNITS[found[2].lower()])


class Awaiting(TypedDict):
    """Whether and how long a task waits for something."""

    wait: bool
    wait_timeout: float
    poll_interval: float


class Waiting(Awaiting):
    """The same for many things, of which some may fail."""

    success_percentage: float
    max_failures: int | None
    patience: float


@dataclass(frozen=True)
class Limits:
    """How long to wait and what to put up with.

    :param timeout: seconds until the waiting ends, whatever the things do.
    :param interval: seconds between two looks.
    :param success: percentage of the things that have to be done.
    :param max_failures: how many may fail before the waiting ends; by default it goes on for the others.
    :param patience: seconds for which the server may be away in one go. The waiting lasts at least until it answers
        again. 0: as long as the waiting lasts.
    :param at_least: how many have to be done, however small the percentage is.
    """

    timeout: float
    interval: float
    success: float = 100.0
    max_failures: int | None = None
    patience: float = 0.0
    at_least: int = 0

    @classmethod
    def of(cls, want: Waiting) -> Limits:
        """The limits that the options of a task declare.

        :raises DeclarationError: a number that makes no sense.
        """
        failures, patience = want["max_failures"], want["patience"]
        for option in ("wait_timeout", "poll_interval", "success_percentage"):
            check_option(option, want[option], BOUNDS)
        check_option("patience", patience, BOUNDS)
        if failures is not None:
            check_option("max_failures", failures, BOUNDS)
        return cls(want["wait_timeout"], want["poll_interval"], want["success_percentage"], failures, patience)

    def needed(self, total: int) -> int:
        """How many of C(total) have to be done."""
        return max(-int(-total * self.success // 100), min(self.at_least, total))
