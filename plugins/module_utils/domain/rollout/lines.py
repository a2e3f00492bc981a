# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout in lines, for whoever watches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...engine.visible import one_line
from ...engine.wording import called, counted
from ..waves.lines import of_waves

Found = Mapping[str, Any]


def of_plan(application: str | None, found: Found) -> list[str]:
    """What is going to happen.

    :param found: the waves and how far they are, as balena_rollout_info returns them.
    """
    title = f"Release {found['release']['version']} for {counted(found['total'], 'device')} of {application}"
    if found["kept_out"]:
        title += f", {len(found['kept_out'])} kept out"
    if found["rollout"]:
        title += f"; under way since {found['rollout']['started']}, wave {found['rollout']['wave']} was begun"
    return [one_line(title), *of_waves(found["waves"], found["empty_waves"], _how_far)]


def _how_far(wave: Found) -> str:
    if wave["state"] == "passed":
        return "done"
    have = counted(wave["targeted"], "has it as its target", "have it as their target")
    return f"{have}, {counted(wave['running'], 'runs it', 'run it')}"


def of_wave(result: Found, phase: str | None) -> Iterator[str]:
    """What came of a wave; where it downloads, with the devices that have not.

    :param result: that of its step, with its C(outcome).
    """
    if "line" in result:
        yield one_line(result["line"])
    elif "msg" not in result:
        yield one_line(result["outcome"]["sentence"])
    waited = result.get("waited", {}) if phase == "download" else {}
    for device in (*waited.get("failed", ()), *waited.get("pending", ())):
        yield one_line(f"{called(device['uuid'], device.get('name'))}: {device['reason']}")
