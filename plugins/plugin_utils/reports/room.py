# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report that fits: so many groups and devices are listed as there is room for, and the others are counted."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .model import Bars, Device, Group, Part, Report, Topic

#: The bytes that a report may have: HTML opens at once on a phone; mail programs cut off what is longer than 102 kB;
#: comments on pull requests end at 65,536 characters.
ROOM = {"html": 270_000, "mail": 95_000, "markdown": 60_000}
#: What markup takes beside text: a whole device with its link, a group, a part of the report, and the page itself.
_DEVICE, _GROUP, _PART, _PAGE = 210, 420, 900, 6_000
#: At most so many devices of a group are listed, and at least so many where any are.
_MOST, _LEAST = 50, 3
#: Values of which a bar is drawn.
_BARS = 6


def fitted(report: Report, form: str) -> Report:
    """The report as it fits into the room of a form."""
    room = _Room(ROOM[form] - _PAGE)
    parts = [replace(part, bars=[_fewer(bars) for bars in part.bars]) for part in report.parts]
    kept = [part for part in parts if room.takes(_cost_of_part(part))]
    kept = [_with_groups(part, _Room(room.left // (2 * len(kept))), room) for part in kept]
    groups = sum(len(topic.groups) for part in kept for topic in part.topics)
    most = max(_LEAST, min(_MOST, room.left // ((groups or 1) * 2 * _DEVICE)))
    kept = [replace(part, topics=[_with_devices(topic, most, room) for topic in part.topics]) for part in kept]
    return replace(report, parts=kept, left_out=len(parts) - len(kept))


class _Room:
    """How much may still be written."""

    def __init__(self, size: int) -> None:
        self.left = size

    def takes(self, size: int) -> bool:
        """Whether there is room, which is then used."""
        if size > self.left:
            return False
        self.left -= size
        return True


def _with_groups(part: Part, own: _Room, room: _Room) -> Part:
    """The part with the largest groups of each topic; the heading of each topic is always there."""
    topics = []
    for topic in part.topics:
        kept = [group for group in topic.groups if own.takes(_size(group.title) + _GROUP)]
        topics.append(replace(topic, groups=kept, left_out=len(topic.groups) - len(kept)))
    room.left -= sum(_size(group.title) + _GROUP for topic in topics for group in topic.groups)
    return replace(part, topics=topics)


def _with_devices(topic: Topic, most: int, room: _Room) -> Topic:
    groups: list[Group] = [
        replace(group, devices=list(_those_that_fit(group.devices[:most], room))) for group in topic.groups
    ]
    return replace(topic, groups=groups)


def _those_that_fit(devices: Sequence[Device], room: _Room) -> Iterator[Device]:
    for device in devices:
        if not room.takes(_DEVICE + _size(device.name) + _size(device.detail)):
            return
        yield device


def _fewer(bars: Bars) -> Bars:
    """The bars of the most common values; the others are one."""
    if len(bars.bars) <= _BARS:
        return bars
    shown, others = bars.bars[: _BARS - 1], bars.bars[_BARS - 1 :]
    rest = sum(number for one in others for _tone, number in one.pieces)
    label = f"{len(others)} others"
    more = replace(others[0], label=label, pieces=[(others[0].pieces[0][0], rest)], said=str(rest))
    return replace(bars, bars=[*shown, more])


def _cost_of_part(part: Part) -> int:
    said = [part.title, part.badge, *part.lines]
    spans = [text for span in part.spans for text in (span.label, span.said, "x" * 160)]
    bars = [text for bars in part.bars for one in bars.bars for text in (one.label, one.said, "x" * 260)]
    topics = [text for topic in part.topics for text in (topic.title, "x" * 160)]
    return _PART + sum(map(_size, [*said, *spans, *bars, *topics]))


def _size(text: str) -> int:
    """The bytes of a text once it is escaped."""
    return len(html.escape(text).encode("utf-8", "replace"))
