# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a wave may begin: its maintenance windows and its approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...engine import dates
from ...engine.wording import counted
from . import windows
from .outcome import Outcome, Verdict


@dataclass(frozen=True)
class Rules:
    """What waves have to heed before they begin.

    :param windows: when they may; without any, always.
    :param waits: whether to wait for the next window.
    :param approval: the numbers of those that somebody has to approve.
    :param approved: waves up to this number are approved, or were begun before.
    :param asks: whether there is somebody who can be asked.
    :param variable: what the variable is called by which a wave is approved.
    """

    windows: Sequence[windows.Window] = ()
    waits: bool = True
    approval: Sequence[int] = ()
    approved: int = 0
    asks: bool = True
    variable: str = "approved"


@dataclass(frozen=True)
class Start(Outcome):
    """Whether a wave may begin.

    :param opens_in: seconds until a window opens.
    :param closes_in: seconds until it closes; 0 if it never does, or none is open.
    :param question: what to ask with the verdict C(ask).
    """

    opens_in: int = 0
    closes_in: int = 0
    question: str = ""


def start(wave: Mapping[str, Any], rules: Rules, moment: datetime) -> Start:
    """Whether a wave may begin at a moment.

    :param wave: its C(number), C(name), C(devices) and C(total).
    :returns: with the sentence that tells why it may not begin yet; an empty one if it may.
    """
    number, name = wave["number"], f"Wave {wave['number']} ({wave['name']})"
    opening = windows.look(rules.windows, moment)
    if not opening["open"]:
        closed = f"No maintenance window is open, the next one opens at {opening['opens_at']}. {name}"
        if rules.waits:
            return Start("closed", Verdict.WAIT, f"{closed} begins then", number, opening["opens_in"])
        return Start("closed", Verdict.STOP, f"{closed} was not begun. Run it again then to go on.", number)
    closes = dates.read(opening["closes_at"])
    closes_in = int((closes - moment).total_seconds()) if closes else 0
    if number not in rules.approval or number <= rules.approved:
        return Start("open", Verdict.BEGIN, "", number, closes_in=closes_in)
    devices = counted(len(wave["devices"]), "device")
    sentence = (
        f"Wave {number} ({wave['name']}, {devices}) needs approval and was not begun. "
        f"Run it again with the extra variable {rules.variable}={number} to go on."
    )
    question = f"{name} adds {devices}, {wave['total']} in all. Type yes to begin it"
    verdict = Verdict.ASK if rules.asks else Verdict.STOP
    return Start("unapproved", verdict, sentence, number, closes_in=closes_in, question=question)
