# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waves in lines, for whoever watches them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ...engine.visible import one_line

Wave = Mapping[str, Any]


def of_waves(waves: Iterable[Wave], empty: Iterable[Wave], rest: Callable[[Wave], str]) -> Iterator[str]:
    """One line a wave, in their order, as balena_rollout_info returns them.

    :param empty: those that add nobody, with a C(reason).
    :param rest: what the line of a wave with devices ends with.
    """
    for wave in sorted([*waves, *empty], key=lambda wave: int(wave["number"])):
        begin = f"{wave['number']:4}  {wave['name']:10}"
        if "reason" in wave:
            yield one_line(f"{begin} adds nobody: {wave['reason']}")
            continue
        devices = "device," if len(wave["devices"]) == 1 else "devices,"
        yield one_line(f"{begin} {len(wave['devices']):6} {devices:8} {wave['total']:6} in all: {rest(wave)}")
