# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one HTML file: nothing is loaded from elsewhere, and no script is needed to fold its groups."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from ...module_utils.engine.wording import counted
from .model import Bars, Device, Group, Part, Report, Span, Topic

_STYLE = """\
:root{color-scheme:light dark;--ink:#1d2433;--soft:#5d6880;--page:#f4f6fa;--card:#fff;--line:#dfe4ee;--link:#1f57b8;
--bad:#b3261e;--bad-soft:#fbe9e7;--good:#1b6e3c;--good-soft:#e3f4e9;--track:#e6eaf2}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8f1;--soft:#9aa5bb;--page:#12161f;--card:#1b2130;--line:#2f3850;
--link:#7aa7ff;--bad:#ff9a8f;--bad-soft:#43201f;--good:#7fd8a0;--good-soft:#17372a;--track:#2b3348}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:75rem;padding:1.5rem 1rem 3rem;background:var(--page);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{margin:0;font-size:1.7rem}h2{margin:0;font-size:1.25rem}h3{margin:1.1rem 0 .3rem;font-size:1rem}
p{margin:.2rem 0}a{color:var(--link)}small,.soft{color:var(--soft)}
section{margin-top:1rem;padding:1rem 1.25rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
.head{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline}
.badge{padding:.05rem .6rem;border-radius:1rem;font-size:.85rem;font-weight:600}
.bad{background:var(--bad-soft);color:var(--bad)}.good{background:var(--good-soft);color:var(--good)}
.time{display:flex;gap:2px;margin:.75rem 0 .25rem;height:1.6rem}
.time i{min-width:.4rem;border-radius:.25rem;background:var(--soft);font:inherit;font-size:.8rem;padding:0 .4rem;
overflow:hidden;white-space:nowrap;color:var(--card);line-height:1.6rem}
.time .g,.bar .g{background:var(--good)}.time .b,.bar .b{background:var(--bad)}.bar .s{background:var(--soft)}
.bars{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));gap:0 2rem}
.row{margin:.3rem 0;font-size:.92rem;display:flex;justify-content:space-between;flex-wrap:wrap;gap:0 .75rem}
.bar{display:flex;flex-basis:100%;height:.5rem;border-radius:.25rem;background:var(--track);overflow:hidden}
details{border-top:1px solid var(--line)}summary{padding:.3rem 0;cursor:pointer}summary.b b{color:var(--bad)}
ul{margin:.1rem 0 .6rem;padding:0;list-style:none;display:grid;gap:.1rem 1rem;font-size:.92rem;
grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr))}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def escaped(text: str) -> str:
    """Text as HTML, in attributes too."""
    return html.escape(text, quote=True)


def address(report: Report, device: Device) -> str:
    """The page of a device on the dashboard; empty if there is none."""
    named = device.uuid and device.uuid.isalnum() and device.uuid.isascii()
    return f"{report.dashboard}devices/{device.uuid}/summary" if report.dashboard and named else ""


def page(report: Report) -> str:
    """The whole file."""
    title, body = escaped(report.title), "".join(_part(report, part) for part in report.parts)
    rest = f'<p class="soft">{report.left_out} more are not shown for want of room.</p>\n' if report.left_out else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n<header><h1>{title}</h1>\n"
        f'<p class="soft">{escaped(report.said)}</p></header>\n<main>\n{body}{rest}</main>\n</body>\n</html>\n'
    )


def _part(report: Report, part: Part) -> str:
    lines = "".join(f"<p>{escaped(line)}</p>\n" for line in part.lines)
    topics = "".join(_topic(report, topic) for topic in part.topics)
    return (
        f'<section>\n<div class="head"><h2>{escaped(part.title)}</h2>'
        f'<span class="badge {part.tone}">{escaped(part.badge)}</span></div>\n{lines}'
        f"{_timeline(part.spans)}{_bars(part.bars)}{topics}</section>\n"
    )


def _timeline(spans: Sequence[Span]) -> str:
    if not spans:
        return ""
    total = sum(span.seconds for span in spans) or len(spans)
    pieces = "".join(
        f'<i class="{span.tone[0]}" style="flex:{max(span.seconds / total, 0.01):.3f}" '
        f'title="{escaped(f"{span.label}: {span.said}")}">{escaped(span.label)}</i>'
        for span in spans
    )
    told = "; ".join(f"{span.label} {span.said}" for span in spans)
    return f'<div class="time">{pieces}</div>\n<p><small>{escaped(told)}</small></p>\n'


def _bars(several: Sequence[Bars]) -> str:
    return f'<div class="bars">{"".join(map(_bars_of, several))}</div>\n' if several else ""


def _bars_of(bars: Bars) -> str:
    rows = []
    for one in bars.bars:
        pieces = "".join(
            f'<span class="{tone[0]}" style="width:{100 * number / one.total:.2f}%"></span>'
            for tone, number in one.pieces
            if number and one.total
        )
        rows.append(
            f'<div class="row"><span>{escaped(one.label)}</span><span>{escaped(one.said)}</span>'
            f'<span class="bar">{pieces}</span></div>\n'
        )
    return f"<div><h3>{escaped(bars.title)}</h3>\n{''.join(rows)}</div>\n"


def _topic(report: Report, topic: Topic) -> str:
    groups = "".join(_group(report, group) for group in topic.groups)
    rest = f"<p><small>{more_groups(topic)}</small></p>\n" if topic.left_out else ""
    return f"<h3>{escaped(topic.title)} <small>{topic.number}</small></h3>\n{groups}{rest}"


def more_groups(topic: Topic) -> str:
    """What is said of the groups that are not listed."""
    shown = sum(group.number for group in topic.groups)
    return f"and {topic.number - shown} more, in {counted(topic.left_out, 'further group')}"


def _group(report: Report, group: Group) -> str:
    summary = f'<summary class="{group.tone[0]}"><b>{group.number}</b> {escaped(group.title)}</summary>'
    return f"<details>{summary}\n<ul>{''.join(_items(report, group))}</ul></details>\n"


def _items(report: Report, group: Group) -> Iterator[str]:
    for device in group.devices:
        yield f"<li>{_device(report, device)}"
    if group.number > len(group.devices):
        yield f"<li><small>and {group.number - len(group.devices)} more</small>"


def _device(report: Report, device: Device) -> str:
    link, name = address(report, device), escaped(device.name)
    told = f'<a href="{escaped(link)}">{name}</a>' if link else name
    uuid = f" <small>{escaped(device.uuid[:7])}</small>" if device.uuid else ""
    return told + uuid + (f" {escaped(device.detail)}" if device.detail else "")
