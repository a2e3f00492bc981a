# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report on the health of devices, as Markdown. Names and sentences come from devices: nothing in them is markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...engine.visible import one_line
from ...engine.wording import counted
from .judging import RESULTS, UNKNOWN

#: Whatever Markdown or HTML could take for markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&:@$^=-])")


def text(value: Any) -> str:
    """A text in which nothing is markup, on one line."""
    return _MARKUP.sub(r"\\\1", one_line(str("" if value is None else value))).replace("\r", "")


def markdown(title: str, result: Mapping[str, Any], moment: str) -> str:
    """The report, with all devices by what was found, the worst first.

    :param title: what was diagnosed.
    :param result: what L(together.together) returns, with C(devices).
    :param moment: when.
    """
    devices = result["devices"]
    told = ", ".join(f"{result['counts'][name]} {name}" for name in RESULTS)
    lines = [f"# Health of {text(title)}", "", f"{text(moment)}: {counted(len(devices), 'device')}, {told}.", ""]
    for finding in result["findings"]:
        number = counted(len(finding["devices"]), "device")
        lines += [f"## {text(finding['check'])} {finding['result']}: {number}", "", *_table(finding["devices"]), ""]
    dark = [{**device, "sentence": device["summary"]} for device in devices if device["worst"] == UNKNOWN]
    if dark:
        lines += [f"## Nothing is known: {counted(len(dark), 'device')}", "", *_table(dark), ""]
    if not (result["findings"] or dark):
        lines += ["All that is known is good.", ""]
    return "\n".join(lines)


def _table(devices: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield "| device | uuid | what |"
    yield "|---|---|---|"
    for device in sorted(devices, key=_order):
        cells: Sequence[Any] = (device["name"], str(device["uuid"] or "")[:7], device["sentence"])
        yield f"| {' | '.join(map(text, cells))} |"


def _order(device: Mapping[str, Any]) -> tuple[str, str]:
    return str(device["name"] or ""), str(device["uuid"] or "")
