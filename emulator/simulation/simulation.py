# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulation: devices that were online come to life, follow their targets, go offline, fail, on the virtual clock.

It writes to the store what real devices would report. Devices that never were online (registered, but with no hardware)
stay as they are.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from ..store.database import tables
from .builds import host_releases, version_of
from .clock import iso_time
from .device_life import Changes, DeviceLife, Seen, Settings

if TYPE_CHECKING:
    from ..store.store import Store
    from .clock import Clock


class Simulation:
    """Devices of a store that live on a clock; nothing happens before `configure`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.RLock()
        self._next: float | None = None
        self._last = 0.0
        self._lives: dict[int, DeviceLife] = {}
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
            self._last = self._clock.timestamp()
            self._next = self._last + self.settings.step_seconds

    def next_due(self) -> float | None:
        """Time of the next step."""
        return self._next

    def run_due(self, now: float) -> None:
        """Do the steps that are due."""
        with self._lock:
            while self._next is not None and self._next <= now:
                moment = self._next
                self._step(moment)
                self._next = moment + self.settings.step_seconds

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

    def _step(self, moment: float) -> None:
        seconds = moment - self._last
        self._last = moment
        with self._store.transaction():
            done = []
            present = set()
            for seen in self._see():
                present.add(seen.id)
                life = self._lives.get(seen.id)
                if life is None and seen.online and self.follows_targets:
                    life = DeviceLife(seen.uuid, self.settings, seen.os_target, seen.supervisor_target)
                    self._lives[seen.id] = life
                if life is not None:
                    done.append((seen, life.step(self._in_scope(seen), seconds)))
            self._lives = {key: life for key, life in self._lives.items() if key in present}
            Writer(self._store, moment).write(done)
            for tell in self.after_step:
                tell(moment)

    def _in_scope(self, seen: Seen) -> Seen:
        if self.follows_targets and (not self.settings.applications or seen.slug in self.settings.applications):
            return seen
        return replace(seen, target=None, os_target=None, supervisor_target=None)

    def _see(self) -> list[Seen]:
        tags = self._tags() if self.settings.fail_tags else {}
        nothing: Mapping[str, str] = {}
        return [Seen(**row, tags=tags.get(row["id"], nothing)) for row in self._store.rows(_present())]

    def _tags(self) -> dict[int, dict[str, str]]:
        tags: dict[int, dict[str, str]] = {}
        table = tables()["device_tag"].c
        wanted = sa.select(table.device, table.tag_key, table.value).where(table.tag_key.in_(self.settings.fail_tags))
        for row in self._store.rows(wanted):
            tags.setdefault(row["device"], {})[row["tag_key"]] = row["value"]
        return tags


@functools.cache
def _present() -> sa.Select[Any]:
    """The devices as `Seen` has them; made once, since making it takes longer than a step of a few devices."""
    device, application = tables()["device"].c, tables()["application"].c
    return sa.select(
        device.id,
        device.uuid,
        device.device_name.label("name"),
        application.slug,
        sa.or_(device.is_online == 1, device.api_heartbeat_state == "online").label("online"),
        device.api_heartbeat_state.label("heartbeat"),
        sa.func.coalesce(device.is_pinned_on__release, application.should_be_running__release).label("target"),
        device.is_running__release.label("running"),
        device.should_be_operated_by__release.label("os_target"),
        device.should_be_managed_by__release.label("supervisor_target"),
    ).join_from(tables()["device"], tables()["application"], device.belongs_to__application == application.id)


class Writer:
    """Writes what the devices did in one step: a few statements, whatever the number of devices."""

    def __init__(self, store: Store, moment: float) -> None:
        self._store = store
        self._now = iso_time(moment)
        self._images: dict[int, list[int]] = {}
        self._versions: dict[int, tuple[str, str]] = {}

    def write(self, done: list[tuple[Seen, Changes]]) -> None:
        """Write all changes of a step."""
        # The last word about a device's release in this step is the one that counts.
        installs: dict[tuple[int, int], tuple[str, int | None]] = {}
        running: list[dict[str, Any]] = []
        rows: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for seen, changes in done:
            for release, status, progress in changes.installs:
                installs[seen.id, release] = (status, progress)
            values = self._fields(changes)
            if changes.runs is not None:
                installs[seen.id, changes.runs] = ("Running", None)
                running.append({"of_device": seen.id, "of_release": changes.runs})
                values["is_running__release"] = changes.runs
            if values:
                values["modified_at"] = self._now
                rows.setdefault(tuple(values), []).append({"of_device": seen.id, **values})
        self._write_installs(installs)
        self._write_gone(running)
        device = tables()["device"]
        for columns, parameters in rows.items():
            update = device.update().where(device.c.id == sa.bindparam("of_device"))
            self._store.execute(update.values({name: sa.bindparam(name) for name in columns}), parameters)

    def _fields(self, changes: Changes) -> dict[str, Any]:
        values = dict(changes.fields)
        if "online" in values:
            values |= connectivity(values.pop("online"), self._now)
        if "heartbeat" in values:
            values |= {
                "api_heartbeat_state": values.pop("heartbeat"),
                "changed_api_heartbeat_state_on__date": self._now,
            }
        if "update_status" in values:
            values["last_update_status_event"] = self._now
        if changes.os_release is not None:
            version, variant = self._version(changes.os_release)
            # A variant that was asked for goes before the release's.
            values = {"os_version": f"balenaOS {version}", "os_variant": variant or "prod", **values}
        if changes.supervisor_release is not None:
            values["supervisor_version"] = self._version(changes.supervisor_release)[0]
        return values

    def _write_installs(self, installs: Mapping[tuple[int, int], tuple[str, int | None]]) -> None:
        rows = [
            {
                "device": device,
                "installs__image": image,
                "is_provided_by__release": release,
                "status": status,
                "download_progress": progress,
                "install_date": self._now,
                "created_at": self._now,
                "modified_at": self._now,
            }
            for (device, release), (status, progress) in installs.items()
            for image in self._images_of(release)
        ]
        if not rows:
            return
        first = self._store.next_id("image_install", len(rows))
        insert = sqlite.insert(tables()["image_install"])
        changed = ("is_provided_by__release", "status", "download_progress", "modified_at")
        statement = insert.on_conflict_do_update(
            ["device", "installs__image"], set_={name: insert.excluded[name] for name in changed}
        )
        self._store.execute(statement, [{"id": first + number, **row} for number, row in enumerate(rows)])

    def _write_gone(self, running: list[dict[str, Any]]) -> None:
        """What else was on a device is removed once it runs the new release."""
        if not running:
            return
        table = tables()["image_install"]
        others = table.update().where(
            table.c.device == sa.bindparam("of_device"),
            table.c.is_provided_by__release != sa.bindparam("of_release"),
            table.c.status != "deleted",
        )
        self._store.execute(others.values(status="deleted", download_progress=None), running)

    def _images_of(self, release: int) -> list[int]:
        if release not in self._images:
            rows = self._store.query("image__is_part_of__release", is_part_of__release=release)
            self._images[release] = [row["image"] for row in rows]
        return self._images[release]

    def _version(self, release: int) -> tuple[str, str]:
        """Version and variant of a release."""
        if release not in self._versions:
            row = self._store.get("release", release)
            self._versions[release] = (version_of(row), row["variant"]) if row else ("0.0.0", "")
        return self._versions[release]


def connectivity(online: bool, now: str) -> dict[str, Any]:
    """Fields of a device that has just come or gone."""
    return {
        **({"is_active": True} if online else {}),
        "is_online": online,
        "is_connected_to_vpn": online,
        "api_heartbeat_state": "online" if online else "offline",
        "changed_api_heartbeat_state_on__date": now,
        "last_connectivity_event": now,
        "last_vpn_event": now,
    }
