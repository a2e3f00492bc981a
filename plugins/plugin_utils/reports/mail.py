# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for mail programs: tables, and styles beside what they are for, since most of them know little else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .html_page import address, escaped, more_groups
from .model import BAD, GOOD, SOFT, Bar, Device, Group, Part, Report, Topic

_INK, _QUIET, _LINE = "#1d2433", "#5d6880", "#dfe4ee"
_COLOURS = {GOOD: "#1b6e3c", BAD: "#b3261e", SOFT: "#8a94a8"}
_FONT = "font-family:Helvetica,Arial,sans-serif"
_TABLE = 'role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"'


def mail(report: Report) -> str:
    """The whole message body."""
    body = "".join(_part(report, part) for part in report.parts)
    rest = _line(f"{report.left_out} more are not shown for want of room.") if report.left_out else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(report.title)}</title>\n</head>\n"
        f'<body style="margin:0;padding:16px;background:#ffffff;color:{_INK};{_FONT};font-size:15px;line-height:1.4">\n'
        f'<h1 style="margin:0;font-size:22px">{escaped(report.title)}</h1>\n{_line(report.said)}{body}{rest}'
        "</body>\n</html>\n"
    )


def _line(text: str) -> str:
    return f'<p style="margin:4px 0;color:{_QUIET};word-break:break-word">{escaped(text)}</p>\n'


def _part(report: Report, part: Part) -> str:
    head = (
        f'<h2 style="margin:24px 0 4px;font-size:18px;word-break:break-word">{escaped(part.title)}'
        f' <span style="color:{_COLOURS[part.tone]};font-size:14px">{escaped(part.badge)}</span></h2>\n'
    )
    spans = [f"{span.label} {span.said}" for span in part.spans]
    said = "".join(map(_line, [*part.lines, *(["; ".join(spans)] if spans else [])]))
    bars = "".join(_heading(bars.title) + _bars(bars.bars) for bars in part.bars)
    return head + said + bars + "".join(_topic(report, topic) for topic in part.topics)


def _heading(text: str) -> str:
    return f'<h3 style="margin:16px 0 4px;font-size:15px">{escaped(text)}</h3>\n'


def _bars(bars: Sequence[Bar]) -> str:
    """A table for each bar: its cells are as wide as the pieces."""
    return "".join(
        f'<p style="margin:6px 0 2px;font-size:14px;word-break:break-word">{escaped(f"{one.label}: {one.said}")}</p>\n'
        f'<table {_TABLE}><tr height="8">{"".join(_pieces(one))}</tr></table>\n'
        for one in bars
    )


def _pieces(one: Bar) -> Iterator[str]:
    left = one.total or 1
    for tone, number in one.pieces:
        if number:
            left -= number
            yield f'<td width="{100 * number / (one.total or 1):.1f}%" bgcolor="{_COLOURS[tone]}"></td>'
    if left > 0:
        yield f'<td bgcolor="{_LINE}"></td>'


def _topic(report: Report, topic: Topic) -> str:
    rows = "".join(_group(report, group) for group in topic.groups)
    rest = _line(more_groups(topic)) if topic.left_out else ""
    return f"{_heading(f'{topic.title} ({topic.number})')}<table {_TABLE}>{rows}</table>\n{rest}"


def _group(report: Report, group: Group) -> str:
    devices = ", ".join(_device(report, device) for device in group.devices)
    more = group.number - len(group.devices)
    rest = (f" and {more} more" if devices else f"{more} of them") if more else ""
    return (
        f'<tr><td style="padding:6px 0;border-top:1px solid {_LINE};word-break:break-word">'
        f'<b style="color:{_COLOURS[group.tone]}">{group.number}</b> {escaped(group.title)}<br>'
        f'<span style="font-size:13px;color:{_QUIET}">{devices}{rest}</span></td></tr>\n'
    )


def _device(report: Report, device: Device) -> str:
    link, name = address(report, device), escaped(device.name)
    told = f'<a href="{escaped(link)}">{name}</a>' if link else name
    uuid = f" ({escaped(device.uuid[:7])})" if device.uuid else ""
    return told + uuid + (f" {escaped(device.detail)}" if device.detail else "")
