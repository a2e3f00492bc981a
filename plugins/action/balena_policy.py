# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module balena_policy inside the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.domain.policy.plan import check
from ..module_utils.performing import TaskFailure
from ..module_utils.without_api import perform_here
from ..modules import balena_policy
from ..plugin_utils.action import BalenaAction


class ActionModule(BalenaAction):
    """balena_policy, in process."""

    module = balena_policy

    def _perform(self, params: Mapping[str, Any], info: bool) -> dict[str, Any]:
        try:
            return perform_here(check, params)
        except TaskFailure as failure:
            return {**failure.result, "failed": True}
