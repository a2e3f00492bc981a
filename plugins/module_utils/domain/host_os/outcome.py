# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of an update of balenaOS or of the supervisor, also of one that failed before it was planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...engine.wording import counted
from ..waves.outcome import Outcome, Verdict, of_failure
from .fates import QUEUE, UPDATE


def outcome(_want: Mapping[str, Any], result: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The C(outcome) of a task of the modules balena_os_update and balena_supervisor_update.

    :param result: all else that the task returns.
    """
    return (of_failure(result) or _of_success(result, check_mode)).shown()


def _of_success(result: Mapping[str, Any], check_mode: bool) -> Outcome:
    if "passed" in result:
        return Outcome("passed", Verdict.END, result["line"])
    fates = [device["action"] for device in result["devices"]]
    devices, queued = counted(len(fates), "device"), f"{fates.count(QUEUE)} queued"
    if check_mode:
        return Outcome("foreseen", Verdict.END, f"{fates.count(UPDATE)} of {devices} would be updated, {queued}")
    begun = counted(fates.count(UPDATE), f"of {devices} is being updated", f"of {devices} are being updated")
    return Outcome("begun", Verdict.END, f"{begun}, {queued}")
