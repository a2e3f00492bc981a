# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan together with the code that carries it out, where writing rows is not all there is to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .apply import Outcome, Writers
from .plan import Plan

if TYPE_CHECKING:
    from ..sdk import Balena

#: Shows a line of text to whoever is watching; nobody watches a module process.
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Followed:
    """What came of waiting after the steps: more of the result, and what went wrong, if something did."""

    result: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True)
class Foreseen:
    """What a plan will cost, and the names of what it reaches.

    :param forecast: empty if nobody asked.
    :param names: by uuid.
    :param about: more on what the plan is about, for its file, by kind and key; empty if it is not written down.
    """

    forecast: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Whom:
    """Who is changed: what all of it belongs to, and the names of it by uuid."""

    homes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """What a planner returns when a plan alone does not say everything.

    :param writers: functions that make the steps that are not plain writes of a row, by resource and action. They know
        only the step and what was made before it.
    :param read: reads what the server decides, once all steps are made; the outcome holds it for C(result).
    :param result: what the task returns besides the plan's prediction, made of what became of the steps; also when some
        failed. It asks the server nothing.
    :param wait: waits for what the steps bring about; also when there were none, never in check mode.
    :param after: what is to be changed when the waiting is over, however it went; it is made of the API as it is then.
    :param homes: the ids of what all subjects of the plan belong to, where that is known.
    :param foresee: what the plan will cost, asked before it is made: gets the SDK and C(check_mode); raises a
        L(DeclarationError) when that is more than allowed.
    :param whom: who is changed, for the account that a task leaves; gets the SDK.
    :param work: what the task is a part of, if several write into one account.
    """

    plan: Plan
    writers: Writers = field(default_factory=dict)
    read: Callable[[Balena, Outcome], Any] | None = None
    result: Callable[[Outcome], Mapping[str, Any]] | None = None
    wait: Callable[[Balena, Outcome, Progress], Followed] | None = None
    after: Callable[[Balena], Plan] | None = None
    homes: tuple[int, ...] = ()
    foresee: Callable[..., Foreseen] | None = None
    whom: Callable[[Balena], Whom] | None = None
    work: str | None = None

    @classmethod
    def of(cls, planned: Plan | Task) -> Task:
        """What a planner returned, as a task."""
        return planned if isinstance(planned, Task) else cls(planned)
