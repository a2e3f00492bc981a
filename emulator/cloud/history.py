# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device history of the cloud flavor: a row for each time that a device ran, or should have run, something else."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..simulation.clock import iso_time
from ..store.database import listed, tables

if TYPE_CHECKING:
    from ..simulation.clock import Clock
    from ..store.store import Store

TRACKED = (
    "belongs_to__application",
    "is_running__release",
    "should_be_running__release",
    "should_be_managed_by__release",
    "is_of__device_type",
    "os_version",
    "os_variant",
    "supervisor_version",
)
#: Rows of devices that are gone, in plain SQL, since each write and step asks.
GONE = "WHERE tracks__device IS NOT NULL AND tracks__device NOT IN (SELECT id FROM device)"


class History:
    """Compares the devices with the history's open rows; whoever may have changed a device calls `update`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def update(self, moment: float | None = None, actor: int | None = None) -> None:
        """Close the rows that no longer hold and open new ones, as of a moment (now if it is not given).

        actor: who changed the devices; without one each did it itself.
        """
        now = iso_time(self._clock.timestamp() if moment is None else moment)
        with self._store.transaction():
            self._close_gone(now, actor)
            changed = self._store.rows(_changed())
            if not changed:
                return
            history, devices = tables()["device_history"].c, [row["tracks__device"] for row in changed]
            still_open = sa.and_(history.tracks__device.in_(listed(devices)), history.end_timestamp.is_(None))
            by = history.tracks__actor if actor is None else actor
            ended = {"end_timestamp": now, "is_active": False, "is_ended_by__actor": by}
            self._store.update_where("device_history", still_open, **ended)
            rows = [{**row, "is_created_by__actor": actor or row["tracks__actor"]} for row in changed]
            self._store.insert_many("device_history", [{"created_at": now, **row} for row in rows])

    def _close_gone(self, now: str, actor: int | None) -> None:
        """The history of a device outlives it."""
        changed = self._store.now()
        end = "end_timestamp = ?, is_active = 0, is_ended_by__actor = ?"
        # What has ended before keeps its end.
        self._store.write(
            f"UPDATE device_history SET {end}, modified_at = ? {GONE} AND end_timestamp IS NULL", [now, actor, changed]
        )
        self._store.write(f"UPDATE device_history SET tracks__device = NULL, modified_at = ? {GONE}", [changed])


@functools.cache
def _changed() -> sa.Select[Any]:
    """The devices whose history does not say what they are; made once, since each write and step asks."""
    device, application, history = (tables()[name] for name in ("device", "application", "device_history"))
    actual = {name: device.c[name] for name in TRACKED if name != "should_be_running__release"}
    target = sa.func.coalesce(device.c.is_pinned_on__release, application.c.should_be_running__release)
    actual["should_be_running__release"] = target  # type: ignore[assignment]
    differs = [value.is_distinct_from(history.c[name]) for name, value in actual.items()]
    is_open = sa.and_(history.c.tracks__device == device.c.id, history.c.end_timestamp.is_(None))
    return (
        sa.select(
            device.c.id.label("tracks__device"),
            device.c.actor.label("tracks__actor"),
            device.c.uuid,
            *[value.label(name) for name, value in actual.items()],
        )
        .join_from(device, application, device.c.belongs_to__application == application.c.id)
        .join(history, is_open, isouter=True)
        .where(sa.or_(history.c.id.is_(None), *differs))
    )
