# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says, whatever it is written as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...module_utils.engine.visible import one_line

#: What becomes of a thing: all is well, something is wrong, it is still to come.
GOOD, BAD, SOFT = "good", "bad", "soft"
#: A name or a sentence is cut off here.
_LONGEST = 160


def clip(value: Any) -> str:
    """Text on one line, in which all characters can be seen, and which does not fill the screen."""
    text = one_line(str(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


@dataclass(frozen=True)
class Device:
    """A device, or what else has no uuid; the detail is what tells it from the others of its group."""

    name: str
    uuid: str = ""
    detail: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any], detail: Any = "") -> Device:
        """The device of a row of a result, which has a C(uuid) and mostly a C(name)."""
        uuid = str(row.get("uuid") or "")
        return cls(clip(row.get("name") or uuid[:7]), uuid, clip(detail or ""))


@dataclass(frozen=True)
class Group:
    """Things of which the same can be said.

    :param title: what can be said.
    :param devices: those that are listed.
    :param number: how many there are.
    """

    title: str
    devices: Sequence[Device]
    number: int
    tone: str = BAD


@dataclass(frozen=True)
class Topic:
    """Groups under a heading.

    :param number: how many devices or findings there are in all of its groups.
    :param left_out: how many groups are not listed.
    """

    title: str
    groups: Sequence[Group]
    number: int
    left_out: int = 0


@dataclass(frozen=True)
class Bar:
    """A part of a whole, in pieces of different tones."""

    label: str
    pieces: Sequence[tuple[str, int]]
    total: int
    said: str


@dataclass(frozen=True)
class Bars:
    """Bars under a heading."""

    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Span:
    """A stretch of time."""

    label: str
    seconds: float
    tone: str
    said: str


@dataclass(frozen=True)
class Part:
    """One fleet, or one rollout."""

    title: str
    badge: str
    tone: str
    lines: Sequence[str] = ()
    spans: Sequence[Span] = ()
    bars: Sequence[Bars] = ()
    topics: Sequence[Topic] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Report:
    """A report.

    :param dashboard: address below which the pages of devices are; empty where there is none.
    """

    title: str
    said: str
    parts: Sequence[Part]
    dashboard: str = ""
    left_out: int = field(default=0)
