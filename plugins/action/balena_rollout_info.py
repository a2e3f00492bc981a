# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module balena_rollout_info inside the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.utils.display import Display

from ..module_utils.engine.kinds import printable
from ..modules import balena_rollout_info
from ..plugin_utils.action import BalenaAction

display = Display()


class ActionModule(BalenaAction):
    """balena_rollout_info, in process."""

    module = balena_rollout_info

    def _run_validated(self, args: dict[str, Any]) -> dict[str, Any]:
        """The waves; what is wrong with the variables of a role is said by their names and not by those of options."""
        mistakes = args.get("mistakes")
        if isinstance(mistakes, list) and mistakes:
            args = {"mistakes": mistakes}
        return super()._run_validated(args)

    def _perform(self, params: Mapping[str, Any], info: bool) -> dict[str, Any]:
        """The waves, shown in lines if that is wanted."""
        result = super()._perform(params, info)
        for line in result.get("lines", ()) if params["show"] else ():
            display.display(printable(line))
        return result
