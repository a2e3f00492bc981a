# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as Markdown, such as for a comment on a pull request or the summary of a job."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...module_utils.engine.wording import counted
from .html_page import address, more_groups
from .model import Bar, Device, Group, Part, Report, Topic

#: What means something in Markdown or HTML wherever it stands; at the beginning of a line, nothing of a fleet stands.
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#|~!&$])")
#: What forges make links of, unless an invisible character follows.
_CALLS = re.compile(r"@|:(?=//)|www(?=\.)", re.IGNORECASE)
_BAR = 20


def text(value: str) -> str:
    """Text as it stands, whatever marks of Markdown or HTML it has."""
    # An address would become a link by itself, and a name behind an at sign would call somebody.
    return _CALLS.sub("\\g<0>\u2060", _MARKS.sub(r"\\\1", value))


def markdown(report: Report) -> str:
    """The whole file."""
    lines = [f"# {text(report.title)}", "", text(report.said), ""]
    for part in report.parts:
        lines += _part(report, part)
    if report.left_out:
        lines += [f"{report.left_out} more are not shown for want of room.", ""]
    return "\n".join(lines)


def _part(report: Report, part: Part) -> Iterator[str]:
    yield from (f"## {text(part.title)}: {text(part.badge)}", "")
    for line in part.lines:
        yield from (text(line), "")
    if part.spans:
        yield from ("; ".join(text(f"{span.label} {span.said}") for span in part.spans), "")
    for bars in part.bars:
        yield from (f"| {text(bars.title)} | | |", "|---|---|---|")
        yield from (f"| {text(one.label)} | {_gauge(one)} | {text(one.said)} |" for one in bars.bars)
        yield ""
    for topic in part.topics:
        yield from _topic(report, topic)


def _gauge(one: Bar) -> str:
    """The first piece of the bar, in a font of one width."""
    number = one.pieces[0][1] if one.pieces else 0
    filled = _BAR * number // one.total if one.total else 0
    return "`" + "█" * filled + "░" * (_BAR - filled) + "`"


def _topic(report: Report, topic: Topic) -> Iterator[str]:
    yield from (f"### {text(topic.title)} ({topic.number})", "")
    for group in topic.groups:
        yield f"- **{group.number}** {text(group.title)}"
        if group.devices:
            yield f"  <details><summary>{_who(group)}</summary>\n"
            yield from (f"  - {_device(report, device)}" for device in group.devices)
            yield "\n  </details>"
    if topic.left_out:
        yield f"- {more_groups(topic)}"
    yield ""


def _who(group: Group) -> str:
    shown = counted(len(group.devices), "device")
    return shown if len(group.devices) == group.number else f"the first {shown}"


def _device(report: Report, device: Device) -> str:
    link, name = address(report, device), text(device.name)
    told = f"[{name}]({link})" if link else name
    uuid = f" `{device.uuid[:7]}`" if device.uuid.isalnum() else ""
    return told + uuid + (f" {text(device.detail)}" if device.detail else "")
