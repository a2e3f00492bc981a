# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of balena_rollout and balena_rollout_info."""

from __future__ import annotations

from typing import Any, TypedDict

from ..diagnosis.checks import Diagnosis
from ..options import DeviceSelection, Forecast, Windows
from ..waves.gate import Gated


class Surveyed(DeviceSelection):
    """Which devices a rollout has, and how they are divided into waves."""

    waves: Any
    canary: dict[str, Any] | None
    keep_out_tag: str | None
    seed: str | None
    allow_invalidated: bool


class Shown(Surveyed, Windows):
    """The options of the module balena_rollout_info."""

    release: Any | None
    approval: list[Any]
    mistakes: list[str]
    show: bool


class Probe(TypedDict):
    """What devices are asked at their public URLs."""

    path: str
    url: str | None
    status: list[int]
    retries: int
    timeout: float


class Judged(Diagnosis):
    """How the health of devices is judged during a rollout."""

    settle: float


class Want(Surveyed, Gated, Forecast):
    """The options of the module balena_rollout."""

    release: Any
    state: str
    wave: int | None
    phase: str | None
    rollout: str | None
    finish: str
    undo_within: float
    offline: str
    probe: Probe | None
    diagnosis: Judged | None
    record: dict[str, Any] | None
    planned: list[dict[str, Any]]
