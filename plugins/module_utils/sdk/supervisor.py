# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose supervisor can be chosen. The limits are those of the JavaScript SDK, as recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import os_version
from .errors import BalenaError

#: What a supervisor and an OS must be at least, so that another supervisor can be chosen.
MIN_SUPERVISOR = "7.0.0"
MIN_OS = "2.12.0"


def check_choice(device: Mapping[str, Any]) -> None:
    """Refuse a device that would not change its supervisor. One that reported nothing yet may have any version.

    Args:
        device: a device with ``supervisor_version`` and ``os_version``.

    Raises:
        BalenaError: its supervisor or its OS is too old.
    """
    supervisor, os = device["supervisor_version"], device["os_version"]
    if supervisor and not os_version.gte(supervisor, MIN_SUPERVISOR):
        raise BalenaError(f"Incompatible supervisor version: {supervisor} - must be >= {MIN_SUPERVISOR}")
    if os and not os_version.gte(os, MIN_OS):
        raise BalenaError(f"Incompatible host OS version: {os} - must be >= {MIN_OS}")
