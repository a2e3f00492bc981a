# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a rollout, as the module balena_rollout declares them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.plan import Plan
from ...engine.task import Task
from ..accounts.whom import accounting
from ..forecast.plan import forecasting
from . import advance, ending, memory, past
from .options import Want

if TYPE_CHECKING:
    from ...sdk import Balena

_PLANS = {"wave": advance.plan, "finished": ending.finish, "rolled_back": ending.roll_back}

#: How a rollout remembers what it does.
_MEMORY = {memory.ROLLOUT_TAG, memory.FORMER_TAG, memory.HEALTH_TAG, past.ENDED_TAG}


@accounting
@forecasting
def plan(balena: Balena, want: Want) -> Plan | Task:
    """What has to change for the rollout to be as far as C(state) says."""
    task = Task.of(_PLANS[want["state"]](balena, want))
    changes = tuple(replace(change, bookkeeping=change.key[-1] in _MEMORY) for change in task.plan.changes)
    return replace(task, plan=replace(task.plan, changes=changes))
