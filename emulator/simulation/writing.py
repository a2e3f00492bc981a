# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what simulated devices did to the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from ..store.database import tables
from .builds import version_of
from .clock import iso_time
from .device_life import Changes, Seen

if TYPE_CHECKING:
    from ..store.store import Store


class Writer:
    """Writes what the devices did in one step: a few statements, whatever the number of devices."""

    def __init__(self, store: Store, moment: float, metrics: Mapping[str, Mapping[str, Any]]) -> None:
        self._store = store
        self._metrics = metrics
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
                values |= {"is_running__release": changes.runs, **self._metrics_of(changes.runs)}
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
            values |= self._metrics_of(changes.os_release)
            version, variant = self._version(changes.os_release)
            # A variant that was asked for goes before the release's.
            values = {"os_version": f"balenaOS {version}", "os_variant": variant or "prod", **values}
        if changes.supervisor_release is not None:
            values["supervisor_version"] = self._version(changes.supervisor_release)[0]
        return values

    def _metrics_of(self, release: int) -> Mapping[str, Any]:
        """What devices report of themselves once they run a release."""
        return self._metrics.get(self._version(release)[0], {}) if self._metrics else {}

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
