# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: What a supervisor reports of its device.
METRICS = frozenset("cpu_usage cpu_temp memory_usage memory_total storage_usage storage_total is_undervolted".split())
FailMode = Literal["stuck", "retry", "offline"]


@dataclass(frozen=True)
class Settings:
    """How the devices live. Times are virtual seconds.

    step_seconds: how often the devices are looked at; poll_seconds: a device notices a new target within this time;
    download_seconds, install_seconds: for an update of a release, give or take a third; supervisor_seconds,
    os_seconds: for an update of supervisor and OS, which ends with a reboot of one minute.
    fail_percent, fail_names (a glob), fail_tags: which devices fail at a release: that share of them (chosen for each
    release anew), and all whose name or one of whose tags matches. fail_mode: `stuck` stops in the middle of the
    download, `retry` begins it again and again, `offline` vanishes in the middle of it.
    lock_percent, lock_names, lock_tags: the devices whose containers hold the update lock, chosen as those that fail: a
    new release is downloaded, and starts when the lock is overridden; containers do not start anew otherwise, either.
    fail_os_percent: share of devices whose OS update ends with an error.
    offline_percent: share of devices that go offline within an hour; offline_seconds: for how long.
    release_metrics: what devices report of themselves from then on once they run a release, of an application or of the
    OS, by its version: `{"1.2.0": {"storage_usage": 27000}}` is a release that fills the disk.
    build_seconds: how long a build from a URL takes; fail_builds: a glob of the URLs whose builds fail.
    containers: whether devices also follow variables and images: which containers start anew, which devices reboot, how
    much is downloaded. It is counted, see `Simulation.accounts`.
    applications: slugs of the fleets that live; none: all. random_seed: what chance follows from.
    """

    step_seconds: float = 10.0
    poll_seconds: float = 60.0
    download_seconds: float = 120.0
    install_seconds: float = 20.0
    supervisor_seconds: float = 60.0
    os_seconds: float = 600.0
    fail_percent: float = 0.0
    fail_names: str = ""
    fail_tags: Mapping[str, str] = field(default_factory=dict)
    fail_mode: FailMode = "stuck"
    lock_percent: float = 0.0
    lock_names: str = ""
    lock_tags: Mapping[str, str] = field(default_factory=dict)
    fail_os_percent: float = 0.0
    offline_percent: float = 0.0
    offline_seconds: float = 600.0
    release_metrics: Mapping[str, Mapping[str, int | bool]] = field(default_factory=dict)
    build_seconds: float = 0.0
    fail_builds: str = ""
    containers: bool = False
    applications: tuple[str, ...] = ()
    random_seed: int = 0

    def __post_init__(self) -> None:
        if self.step_seconds <= 0:
            raise ValueError("step_seconds must be more than 0")
        if self.fail_mode not in ("stuck", "retry", "offline"):
            raise ValueError("fail_mode is `stuck`, `retry` or `offline`")
        unknown = {name for metrics in self.release_metrics.values() for name in metrics} - METRICS
        if unknown:
            raise ValueError(f"release_metrics: unknown {', '.join(sorted(unknown))}")
