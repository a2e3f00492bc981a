# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module balena_rollout inside the controller, also as a step of a whole rollout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..module_utils.domain.rollout import lines, record
from ..modules import balena_rollout
from ..plugin_utils.recording import RecordingAction


class ActionModule(RecordingAction):
    """balena_rollout, in process."""

    module = balena_rollout
    book = record

    def _told(self, params: Mapping[str, Any], result: Mapping[str, Any]) -> Iterable[str]:
        return lines.of_wave(result, params["phase"]) if params["state"] == "wave" else ()
