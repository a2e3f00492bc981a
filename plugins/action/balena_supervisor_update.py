# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module balena_supervisor_update inside the controller, also as a step through waves."""

from __future__ import annotations

from ..modules import balena_supervisor_update
from ..plugin_utils.recording import UpdatingAction


class ActionModule(UpdatingAction):
    """balena_supervisor_update, in process."""

    module = balena_supervisor_update
    what = "supervisor"
