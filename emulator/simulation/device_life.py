# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one simulated device: what it does in a step of time, as a plan of changes; nothing is written here."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from .settings import Settings

Phase = Literal["idle", "noticed", "downloading", "downloaded", "installing", "stuck"]
REBOOT_SECONDS = 60.0
# What the updater of the OS reports on its way: from which share of it on, per cent, state.
OS_STAGES = ((0.5, 50, "Running OS update"), (0.0, 25, "Preparing OS update"))
OS_DONE, OS_FAILED = "Update successful, rebooting", "OS update failed"


@dataclass(frozen=True)
class Seen:
    """What the store says of a device at the beginning of a step; releases are ids.

    locked: a container holds the update lock, and the configuration does not override it.
    """

    id: int
    uuid: str
    name: str
    slug: str
    online: bool
    heartbeat: str
    target: int | None
    running: int | None
    os_target: int | None
    supervisor_target: int | None
    tags: Mapping[str, str]
    fleet: int = 0
    locked: bool = False


@dataclass
class Changes:
    """What a device does in a step.

    fields: of its row; installs: (release, status, progress) of the release's images; runs: the release that it runs
    from now on; os_release, supervisor_release: the release whose version it reports from now on.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    installs: list[tuple[int, str, int | None]] = field(default_factory=list)
    runs: int | None = None
    os_release: int | None = None
    supervisor_release: int | None = None


@dataclass
class HostUpdate:
    """An update of OS or supervisor on its way.

    version, variant: what was asked for when not a release; then `release` is the one of this version, if there is.
    """

    release: int | None
    left: float
    total: float
    failed: bool = False
    version: str | None = None
    variant: str = ""


class DeviceLife:
    """State of one simulated device between the steps.

    os_release, supervisor_release: its targets when it came to life; it runs them already.
    """

    def __init__(
        self, uuid: str, settings: Settings, os_release: int | None = None, supervisor_release: int | None = None
    ) -> None:
        self.settings = settings
        self.chance = random.Random(f"{settings.random_seed}/{uuid}")
        self.phase: Phase = "idle"
        self.target: int | None = None
        self.left = 0.0
        self.total = 1.0
        self.fail_at: float | None = None
        # Somebody has told the supervisor to update at once, whatever is locked.
        self.forced = False
        self.offline_left = 0.0
        self.os: HostUpdate | None = None
        self.supervisor: HostUpdate | None = None
        self.done_os = os_release
        self.done_supervisor = supervisor_release
        self.rebooting = False
        # The moment of the last step.
        self.looked_at = 0.0

    def step(self, seen: Seen, seconds: float) -> Changes:
        """Live for some seconds."""
        changes = Changes()
        if self._is_away(seen, seconds, changes):
            return changes
        if seen.heartbeat != "online" and "online" not in changes.fields:
            # The API lets a device time out that asked for its state once; this one goes on asking.
            changes.fields["heartbeat"] = "online"
        self._update_host(seen, seconds, changes)
        if self.offline_left <= 0:
            self._update_release(seen, seconds, changes)
        return changes

    def _is_away(self, seen: Seen, seconds: float, changes: Changes) -> bool:
        if self.offline_left > 0:
            self.offline_left -= seconds
            if self.offline_left > 0:
                return True
            changes.fields["online"] = True
            if self.rebooting:
                # The supervisor begins anew, with nothing to report of the update.
                self.rebooting = False
                changes.fields |= progress(None, None)
            return False
        if self.settings.offline_percent:
            share = self.settings.offline_percent / 100 * seconds / 3600
            if self.chance.random() < share:
                self.leave(self.settings.offline_seconds, changes)
                return True
        return False

    def leave(self, seconds: float, changes: Changes) -> None:
        """Go offline for a time."""
        self.offline_left = seconds
        changes.fields["online"] = False

    def _update_release(self, seen: Seen, seconds: float, changes: Changes) -> None:
        if seen.target is None or seen.target == seen.running:
            self._settle(changes)
            return
        if seen.target != self.target or self.phase == "idle":
            self._notice(seen)
        while seconds > 0 and self.phase not in ("idle", "stuck"):
            if self.phase == "downloaded" and self._waits_for_lock(seen):
                return
            spent = min(seconds, self.left)
            self.left -= spent
            seconds -= spent
            if self._fails_now(changes):
                return
            if self.left > 0:
                break
            self._next_phase(seen, changes)
        if self.phase == "downloading" and self.target is not None:
            progress = min(99, int(100 * (1 - self.left / self.total)))
            changes.installs.append((self.target, "Downloading", progress))

    def _settle(self, changes: Changes) -> None:
        # The target went back to what is running: whatever was begun is given up.
        if self.phase in ("downloading", "downloaded", "installing", "stuck") and self.target is not None:
            changes.installs.append((self.target, "deleted", None))
            changes.fields |= {"status": "Idle", "update_status": "aborted"}
        self.phase, self.target, self.forced = "idle", None, False

    def _notice(self, seen: Seen) -> None:
        self.target = seen.target
        self.phase = "noticed"
        self.left = self.chance.uniform(0, self.settings.poll_seconds)
        self.fail_at = self.chance.uniform(0.2, 0.9) if self._is_doomed(seen) else None

    def _is_doomed(self, seen: Seen) -> bool:
        settings = self.settings
        if settings.fail_names and fnmatchcase(seen.name, settings.fail_names):
            return True
        if any(str(seen.tags.get(key)) == str(value) for key, value in settings.fail_tags.items()):
            return True
        # By device and release, so that the same rollout meets the same failures however time is cut into steps.
        return random.Random(f"{settings.random_seed}/{seen.uuid}/{seen.target}").random() * 100 < settings.fail_percent

    def _fails_now(self, changes: Changes) -> bool:
        if self.phase != "downloading" or self.fail_at is None or self.target is None:
            return False
        progress = 1 - self.left / self.total
        if progress < self.fail_at:
            return False
        changes.installs.append((self.target, "Downloading", int(100 * self.fail_at)))
        if self.settings.fail_mode == "retry":
            self.left = self.total
            changes.installs.append((self.target, "Downloading", 0))
        elif self.settings.fail_mode == "offline":
            self.phase = "stuck"
            self.leave(float("inf"), changes)
        else:
            self.phase = "stuck"
        return True

    def _waits_for_lock(self, seen: Seen) -> bool:
        """Whether the lock is held still. Once it is not, that takes as long to be noticed as anything else."""
        if seen.locked and not self.forced:
            self.left = float("inf")
            return True
        if self.left == float("inf"):
            self.left = 0.0 if self.forced else self.chance.uniform(0, self.settings.poll_seconds)
        return False

    def _next_phase(self, seen: Seen, changes: Changes) -> None:
        release = self.target
        assert release is not None
        if self.phase == "noticed":
            self._begin("downloading", self.settings.download_seconds)
            changes.installs.append((release, "Downloading", 0))
            changes.fields |= {"status": "Downloading", "update_status": "downloading"}
        elif self.phase == "downloading" and seen.locked and not self.forced:
            self.phase, self.left = "downloaded", float("inf")
            changes.installs.append((release, "Downloaded", None))
            changes.fields |= {"status": "Idle", "update_status": "downloaded"}
        elif self.phase in ("downloading", "downloaded"):
            self._begin("installing", self.settings.install_seconds)
            changes.installs.append((release, "Installing", 100))
            changes.fields |= {"status": "Installing", "update_status": "applying changes"}
        else:
            self.phase, self.target, self.forced = "idle", None, False
            changes.runs = release
            changes.fields |= {"status": "Idle", "update_status": "done"}

    def _begin(self, phase: Phase, seconds: float) -> None:
        self.phase = phase
        self.total = max(seconds * self.chance.uniform(0.67, 1.33), 0.001)
        self.left = self.total

    def start_os_update(self, release: int | None, version: str | None = None, variant: str = "") -> None:
        """Begin an update of the OS to a release, or to a version whose release may not be known."""
        doomed = self.chance.random() * 100 < self.settings.fail_os_percent
        total = self.settings.os_seconds * self.chance.uniform(0.67, 1.33)
        self.os = HostUpdate(release, total, total, doomed, version, variant)

    def _update_host(self, seen: Seen, seconds: float, changes: Changes) -> None:
        is_updating = self.os is not None and self.os.left > 0
        if not is_updating and seen.os_target is not None and seen.os_target != self.done_os:
            self.start_os_update(seen.os_target)
        if self.os is not None and self.os.left > 0:
            self.os.left -= seconds
            if self.os.left <= 0:
                self._end_os_update(changes)
            else:
                share = 1 - self.os.left / self.os.total
                changes.fields |= next(progress(*stage[1:]) for stage in OS_STAGES if share >= stage[0])
        if self.supervisor is None and seen.supervisor_target not in (None, self.done_supervisor):
            total = self.settings.supervisor_seconds
            self.supervisor = HostUpdate(seen.supervisor_target, total, total)
        if self.supervisor is not None:
            self.supervisor.left -= seconds
            if self.supervisor.left <= 0:
                changes.supervisor_release = self.done_supervisor = self.supervisor.release
                self.supervisor = None

    def _end_os_update(self, changes: Changes) -> None:
        update = self.os
        assert update is not None
        update.left = 0.0
        if update.release is not None:
            self.done_os = update.release
        if update.failed:
            changes.fields |= progress(100, OS_FAILED)
            return
        self.rebooting = True
        changes.fields |= progress(100, OS_DONE)
        changes.os_release = update.release
        if update.version is not None:
            changes.fields["os_version"] = f"balenaOS {update.version}"
            # The server sets the target itself when a device reports an OS that it knows.
            if update.release is not None:
                changes.fields["should_be_operated_by__release"] = update.release
        if update.variant:
            changes.fields["os_variant"] = update.variant
        self.leave(REBOOT_SECONDS, changes)


def progress(percentage: int | None, state: str | None) -> dict[str, Any]:
    """The fields in which an OS update says how far it is."""
    return {"provisioning_progress": percentage, "provisioning_state": state}
