# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module balena_undo inside the controller."""

from __future__ import annotations

from ..modules import balena_undo
from ..plugin_utils.action import BalenaAction


class ActionModule(BalenaAction):
    """balena_undo, in process."""

    module = balena_undo
