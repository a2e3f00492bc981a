# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planners whose tasks say what they will cost, and are refused when that is too much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from ...engine.limits import size
from ...engine.plan import DeclarationError, Plan
from ...engine.task import Foreseen, Task
from ..options import Forecast
from .about import NOTHING, read_about
from .forecast import costs, told
from .reading import read_situation

if TYPE_CHECKING:
    from ...sdk import Balena

Want = TypeVar("Want", bound=Forecast)

#: The options that write a plan down.
FILES = ("plan_to", "plan_summary")

#: The options that limit what a plan may cost: what of the forecast they limit, and what is said of too much of it.
_LIMITS = {
    "max_restarts": ("restarts", "the plan restarts {amount} containers ({services}), more than max_restarts allows"),
    "max_reboots": ("reboots", "the plan reboots devices {amount} times, more than max_reboots allows"),
    "max_download": ("download_bytes", "the plan makes devices download {amount} bytes, more than max_download allows"),
}


def forecasting(planner: Callable[[Balena, Want], Plan | Task]) -> Callable[[Balena, Want], Task]:
    """The same planner, whose tasks can say what they will cost."""

    @wraps(planner)
    def plan(balena: Balena, want: Want) -> Task:
        limits = _limits(want)
        task = Task.of(planner(balena, want))
        kept = any(want.get(name) for name in FILES)
        return replace(task, foresee=partial(_foresee, task, limits, kept))

    return plan


def _foresee(task: Task, limits: Mapping[str, int], kept: bool, balena: Balena, *, check_mode: bool) -> Foreseen:
    """What a task will cost: in check mode, and where something of it is limited.

    :param kept: whether the plan is written down, with what it is about.
    :raises DeclarationError: it costs more than the task allows.
    """
    if not limits and not check_mode:
        return Foreseen()
    before = read_situation(balena, task.plan, task.homes)
    forecast = told(before, costs(before, task.plan))
    problems = [_problem(option, limit, forecast) for option, limit in limits.items()]
    exceeded = [problem for problem in problems if problem]
    if exceeded:
        raise DeclarationError(f"Nothing was written: {'; '.join(exceeded)}")
    about = read_about(balena, task.plan, task.homes) if kept else NOTHING
    names = {uuid: device.name for uuid, device in before.devices.items()}
    return Foreseen(forecast, {**names, **{uuid: device["name"] for uuid, device in about["devices"].items()}}, about)


def _limits(want: Forecast) -> dict[str, int]:
    """The limits that a task sets, by option.

    :raises DeclarationError: one that is not a size.
    """
    limits: dict[str, int | str | None] = {
        "max_restarts": want["max_restarts"],
        "max_reboots": want["max_reboots"],
        "max_download": want["max_download"],
    }
    given = {name: value for name, value in limits.items() if value is not None}
    return {name: size(value, name) if isinstance(value, str) else value for name, value in given.items()}


def _problem(option: str, limit: int, forecast: Mapping[str, Any]) -> str:
    """What is too much of one cost, as part of a sentence; an empty text if nothing is."""
    name, sentence = _LIMITS[option]
    services = ", ".join(f"{service} {count}" for service, count in forecast["services"].items())
    said = sentence.format(amount=forecast[name], services=services)
    return f"{said} ({limit})" if forecast[name] > limit else ""
