# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device history of the cloud flavor: a row for each time that a device ran, or should have run, something else."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..simulation.clock import iso_time
from ..store.database import tables

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


class History:
    """Compares the devices with the history's open rows; whoever may have changed a device calls `update`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def update(self, moment: float | None = None) -> None:
        """Close the rows that no longer hold and open new ones, as of a moment (now if it is not given)."""
        now = iso_time(self._clock.timestamp() if moment is None else moment)
        with self._store.transaction():
            changed = self._store.rows(_changed())
            if not changed:
                return
            history = tables()["device_history"].c
            still_open = sa.and_(
                history.tracks__device.in_([row["tracks__device"] for row in changed]), history.end_timestamp.is_(None)
            )
            self._store.update_where("device_history", still_open, end_timestamp=now, is_active=False)
            self._store.insert_many("device_history", [{"created_at": now, **row} for row in changed])


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
