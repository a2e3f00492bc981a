# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planners whose tasks can say whom they change, for the account that they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from ...engine.plan import Plan, Step
from ...engine.task import Task, Whom
from ...sdk._chunks import NAMES, chunks
from ...sdk._related import related_or_none
from ..query import Record
from ..reaching import of_device
from ..rows import read_rows

if TYPE_CHECKING:
    from ...sdk import Balena

Options = ParamSpec("Options")


def accounting(planner: Callable[Options, Plan | Task]) -> Callable[Options, Task]:
    """The same planner, whose tasks can say whom they change."""

    @wraps(planner)
    def plan(*args: Options.args, **options: Options.kwargs) -> Task:
        task = Task.of(planner(*args, **options))
        return replace(task, whom=partial(_whom, task))

    return plan


def _whom(task: Task, balena: Balena) -> Whom:
    """The fleets and devices of a plan by name; in one request, or for each 50 devices whose fleets are not known."""
    fleets = {step.key[0] for step in task.plan.steps if "/" in step.key[0]}
    rows = _devices(balena, task.homes, sorted(_uuids(task.plan.steps)))
    homes = [related_or_none(row, "belongs_to__application") for row in rows]
    slugs = sorted(fleets | {home["slug"] for home in homes if home})
    return Whom(tuple(slugs), {row["uuid"]: row["device_name"] for row in rows})


def _uuids(steps: Iterable[Step]) -> set[str]:
    """The devices that exist already: others are called by their fleet and name."""
    return {step.key[0] for step in steps if of_device(step) and "/" not in step.key[0]}


def _devices(balena: Balena, homes: tuple[int, ...], uuids: list[str]) -> list[Record]:
    if homes and len(uuids) > NAMES:
        known = set(uuids)
        rows = _read(balena, {"belongs_to__application": {"$in": list(homes)}})
        return [row for row in rows if row["uuid"] in known]
    return [row for piece in chunks(uuids, NAMES) for row in _read(balena, {"uuid": {"$in": list(piece)}})]


def _read(balena: Balena, condition: Mapping[str, Any]) -> list[Record]:
    home = {"belongs_to__application": {"$select": ["id", "slug"]}}
    return read_rows(balena, "device", condition, select=["uuid", "device_name"], expand=home)
