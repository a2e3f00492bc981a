# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulation: devices that were online come to life, follow their targets, go offline, fail, on the virtual clock.

It writes to the store what real devices would report. Devices that never were online (registered, but with no hardware)
stay as they are.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from .builds import host_releases
from .containers import Account, Containers
from .device_life import REBOOT_SECONDS, Changes, DeviceLife, Seen
from .locks import any_lock, holds_lock, overridden
from .seeing import see
from .settings import Settings
from .telling import images_of, tell
from .writing import Writer, connectivity

if TYPE_CHECKING:
    from ..store.store import Store
    from .clock import Clock


# How many devices are looked at without letting others do anything, and how long a request may wait for all of them.
SLICE = 100
PATIENCE_SECONDS = 0.02


class Simulation:
    """Devices of a store that live on a clock; nothing happens before `configure`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.RLock()
        self._next: float | None = None
        self._lives: dict[int, DeviceLife] = {}
        self._containers: dict[int, Containers] = {}
        # The last device that a step has come to; 0: none yet.
        self._after = 0
        self._met: set[int] = set()
        self._thread: threading.Thread | None = None
        self.settings = Settings()
        self.follows_targets = False
        # Told the moment of each step that was done.
        self.after_step: list[Callable[[float], None]] = []
        # Attached for good: attaching under our own lock could meet the clock, which takes the locks the other way.
        clock.attach(self)

    def configure(self, **options: Any) -> None:
        """Start or change the simulation; options are those of `Settings`. Raises ValueError for an unknown one."""
        unknown = set(options) - {item.name for item in fields(Settings)}
        if unknown:
            raise ValueError(f"simulation: unknown {', '.join(sorted(unknown))}")
        if "applications" in options:
            options["applications"] = tuple(options["applications"])
        with self._lock:
            self.settings = replace(self.settings, **options)
            for life in self._lives.values():
                life.settings = self.settings
            self.follows_targets = True
            self._begin()

    def stop(self) -> None:
        """End the simulation; the devices stay as they are."""
        with self._lock:
            self._next = None
            self.follows_targets = False
        self._clock.detach(self)

    def _begin(self) -> None:
        if self._next is None:
            self._next = self._clock.timestamp() + self.settings.step_seconds

    def next_due(self) -> float | None:
        """Time of the next step."""
        return self._next

    def run_due(self, now: float) -> None:
        """Do the steps that are due: every one of them when the clock is advanced.

        When the time passes by itself, nobody shall wait for thousands of devices: this takes as long as a request may
        wait, and leaves the rest to a thread, which then does several steps of a device in one.
        """
        if self._clock.advancing:
            with self._lock:
                self._after, self._met = 0, set()
                while self._next is not None and self._next <= now:
                    self._everybody(self._next)
                    self._next += self.settings.step_seconds
            return
        if self._thread is not None and self._thread.is_alive():
            return
        if self._is_due(now) and not self._catch_up(now, time.monotonic() + PATIENCE_SECONDS):
            self._catch_up_later()

    def _is_due(self, now: float) -> bool:
        return self._next is not None and self._next <= now

    def _catch_up(self, now: float, deadline: float) -> bool:
        """Do what is due, up to a moment of the real clock; whether that was all."""
        while self._is_due(now):
            with self._lock:
                if self._next is None:
                    return True
                step = self.settings.step_seconds
                if self._after == 0 and time.monotonic() > deadline - PATIENCE_SECONDS / 2:
                    # too late for each step on its own
                    self._next += (now - self._next) // step * step
                if self._some(self._next):
                    self._next += step
            if time.monotonic() > deadline:
                return not self._is_due(now)
        return True

    def _catch_up_later(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work_off, name="simulation", daemon=True)
                self._thread.start()

    def _work_off(self) -> None:
        while self._is_due(now := self._clock.timestamp()):
            begun = time.monotonic()
            # a slice, and as long for those who ask
            self._catch_up(now, begun)
            time.sleep(max(time.monotonic() - begun, 0.001))

    def start_os_update(self, uuid: str, version: str) -> None:
        """Let a device update its OS to a version, as the device actions service does. Raises LookupError."""
        with self._lock:
            device, life = self._life(uuid)
            # `2.50.1+rev1.prod` names the variant as well.
            number, _dot, variant = (
                version.rpartition(".") if version.endswith((".prod", ".dev")) else (version, "", "")
            )
            release = host_releases(self._store, device["is_of__device_type"]).get(number)
            life.start_os_update(release, number, variant)
            self._begin()

    def take_offline(self, uuid: str, seconds: float) -> None:
        """A device goes offline, and comes back after some seconds. Raises LookupError."""
        with self._lock:
            device, life = self._life(uuid)
            life.offline_left = seconds
            self._store.update("device", device["id"], **connectivity(False, self._clock.iso()))
            self._begin()

    def force_update(self, uuid: str) -> None:
        """Let a device apply what it has downloaded, whatever is locked. Raises LookupError."""
        with self._lock:
            _device, life = self._life(uuid)
            life.forced = life.target is not None

    def is_locked(self, uuid: str) -> bool:
        """Whether a container of a device holds the update lock, and nothing overrides it."""
        with self._lock, self._store.transaction():
            device = self._store.get("device", uuid=uuid)
            seen = see(self._store, device["id"] - 1, 1, self.settings.lock_tags) if device else []
            return any(
                holds_lock(self.settings, one) and not overridden(self._store, [(one.id, one.fleet)]) for one in seen
            )

    def _life(self, uuid: str) -> tuple[dict[str, Any], DeviceLife]:
        device = self._store.get("device", uuid=uuid)
        if device is None:
            raise LookupError(f"no such device: {uuid}")
        if device["id"] not in self._lives:
            self._lives[device["id"]] = DeviceLife(
                uuid, self.settings, device["should_be_operated_by__release"], device["should_be_managed_by__release"]
            )
        return device, self._lives[device["id"]]

    def os_update_status(self, uuid: str) -> dict[str, Any]:
        """How an OS update goes: status `idle`, `in_progress`, `done` or `error`, progress, version."""
        with self._lock:
            device = self._store.get("device", uuid=uuid)
            life = self._lives.get(device["id"]) if device else None
            if life is None or life.os is None:
                return {"status": "idle", "progress": 0, "version": None}
            update = life.os
            if update.left > 0:
                progress = int(100 * (1 - update.left / update.total))
                return {"status": "in_progress", "progress": progress, "version": update.version}
            status = "error" if update.failed else "done"
            return {"status": status, "progress": 100, "version": update.version}

    def describe(self) -> dict[str, Any]:
        """Settings, and how many devices are in which phase."""
        with self._lock:
            return {
                "running": self.follows_targets,
                "settings": asdict(self.settings),
                "devices": len(self._lives),
                "phases": dict(Counter(life.phase for life in self._lives.values())),
                "offline": sum(life.offline_left > 0 for life in self._lives.values()),
            }

    def _everybody(self, moment: float) -> None:
        """A whole step of all devices."""
        while not self._some(moment):
            pass

    def _some(self, moment: float) -> bool:
        """A step of the next devices; whether they were the last."""
        with self._lock, self._store.transaction():
            seen = self._see()
            done = [(one, life.step(self._in_scope(one), spent)) for one, life, spent in self._living(seen, moment)]
            if self.settings.containers:
                self._follow_containers(done)
            is_last = len(seen) < SLICE
            self._after = 0 if is_last else seen[-1].id
            self._met.update(one.id for one in seen)
            Writer(self._store, moment, self.settings.release_metrics).write(done)
            if is_last:
                self._lives = {key: life for key, life in self._lives.items() if key in self._met}
                self._met.clear()
                for tell in self.after_step:
                    tell(moment)
        return is_last

    def _see(self) -> list[Seen]:
        """The next devices, with what matters of them."""
        settings = self.settings
        seen = see(self._store, self._after, SLICE, {**settings.fail_tags, **settings.lock_tags})
        if not any_lock(settings):
            return seen
        free = overridden(self._store, [(one.id, one.fleet) for one in seen])
        return [replace(one, locked=one.id not in free and holds_lock(settings, one)) for one in seen]

    def _follow_containers(self, done: list[tuple[Seen, Changes]]) -> None:
        """What a step of some devices means for their containers."""
        told = tell(self._store, [one.id for one, _changes in done])
        releases = {release for one, changes in done for release in (one.running, one.target, changes.runs) if release}
        images = images_of(self._store, releases)
        for one, changes in done:
            if one.id not in self._containers:
                self._containers[one.id] = Containers(images.get(one.running or 0, ()), told[one.id])
            if one.locked and changes.runs is None:
                continue  # nothing ends the containers, and nothing reboots the device
            if self._containers[one.id].follow(self._in_scope(one), changes, told[one.id], images):
                self._lives[one.id].leave(REBOOT_SECONDS, changes)

    def accounts(self) -> dict[str, Account]:
        """What the devices have done since they were first looked at, by uuid; empty unless `containers` is set."""
        with self._lock:
            devices = {id_: self._store.get("device", id_) for id_ in self._containers}
            return {device["uuid"]: self._containers[id_].account for id_, device in devices.items() if device}

    def _living(self, seen: list[Seen], moment: float) -> Iterator[tuple[Seen, DeviceLife, float]]:
        """The devices that live, each with the seconds since it was looked at."""
        for one in seen:
            life = self._lives.get(one.id)
            if life is None and one.online and self.follows_targets:
                life = DeviceLife(one.uuid, self.settings, one.os_target, one.supervisor_target)
                self._lives[one.id] = life
            if life is None:
                continue
            seconds = moment - life.looked_at if life.looked_at else self.settings.step_seconds
            if seconds > 0:
                life.looked_at = moment
                yield one, life, seconds

    def _in_scope(self, seen: Seen) -> Seen:
        if self.follows_targets and (not self.settings.applications or seen.slug in self.settings.applications):
            return seen
        return replace(seen, target=None, os_target=None, supervisor_target=None)
