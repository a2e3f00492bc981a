# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as Markdown, for a pull request or whoever approves it: what is written to what, called by its name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ...engine.visible import one_line
from ...engine.wording import called, counted, listed

#: So many things that change alike are named.
_NAMED = 10
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!&])")

Content = Mapping[str, Any]


def markdown(content: Content) -> str:
    """The content of a plan file as Markdown. What changes alike is one line."""
    lines = ["# Plan", "", f"For {_text(content['server'])}, made at {_text(content['made_at'])}.", ""]
    if not content["steps"]:
        return "\n".join([*lines, "Nothing changes.", ""])
    lines += [*_forecast(content["forecast"]), "| what | before | after | of |", "|---|---|---|---|"]
    for (action, what, before, after), subjects in _alike(content).items():
        named = listed([_text(subject) for subject in sorted(subjects)], _NAMED)
        many = f"{len(subjects)}: " if len(subjects) > 1 else ""
        lines.append(f"| {action} {what} | {before} | {after} | {many}{named} |")
    return "\n".join([*lines, ""])


def _forecast(forecast: Content) -> list[str]:
    if not forecast:
        return []
    services = ", ".join(f"{_text(name)} {count}" for name, count in forecast["services"].items())
    size = f"{forecast['download_bytes'] / 1e6:,.1f} MB" + (" and more" if forecast["download_unknown"] else "")
    return [
        f"It reaches {counted(forecast['devices'], 'device')}, of which {forecast['offline']} "
        f"{'is' if forecast['offline'] == 1 else 'are'} offline:",
        "",
        f"- {counted(forecast['restarts'], 'container')} restarted" + (f" ({services})" if services else ""),
        f"- {counted(forecast['reboots'], 'reboot')}",
        f"- {size} to download",
        "",
    ]


def _alike(content: Content) -> dict[tuple[str, str, str, str], list[str]]:
    """Steps that do the same to different things, and what these are called."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    names = content["names"]
    for step in content["steps"]:
        subject, *rest = step["key"]
        what = " ".join(_text(part) for part in (step["resource"].replace("_", " "), *rest))
        action = "do" if step["action"] == "act" else str(step["action"])
        before, after = _side(step.get("before")), _side(step.get("shown" if step["action"] == "act" else "after"))
        named = called(subject, names[subject]) if subject in names else str(subject)
        found.setdefault((action, what, before, after), []).append(named)
    return found


def _side(side: Any) -> str:
    if not side:
        return ""
    if isinstance(side, Mapping) and set(side) == {"value"}:
        return _value(side["value"])
    return ", ".join(f"{_text(name)}: {_value(value)}" for name, value in dict(side).items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping) and "$secret" in value:
        return "(secret)"
    if isinstance(value, Mapping) and "$id" in value:
        return _text(value["$id"][1])
    return _text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _text(value: Any) -> str:
    """Text as it stands, whatever marks of Markdown or HTML it has."""
    return _MARKS.sub(r"\\\1", one_line(str(value)))
