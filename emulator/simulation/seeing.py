# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the store says of devices that are simulated, some at a time."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..store.database import listed, tables
from .device_life import Seen

if TYPE_CHECKING:
    from ..store.store import Store


def see(store: Store, after: int, limit: int, tags: Mapping[str, str]) -> list[Seen]:
    """The next devices by id, each with those of its tags that have one of the given keys."""
    rows = store.rows(_present(), {"after": after, "most": limit})
    found = _tags(store, [row["id"] for row in rows], tags) if tags else {}
    nothing: Mapping[str, str] = {}
    return [Seen(**row, tags=found.get(row["id"], nothing)) for row in rows]


def _tags(store: Store, devices: list[int], keys: Mapping[str, str]) -> dict[int, dict[str, str]]:
    tags: dict[int, dict[str, str]] = {}
    table = tables()["device_tag"].c
    wanted = sa.select(table.device, table.tag_key, table.value)
    for row in store.rows(wanted.where(table.device.in_(listed(devices)), table.tag_key.in_(keys))):
        tags.setdefault(row["device"], {})[row["tag_key"]] = row["value"]
    return tags


@functools.cache
def _present() -> sa.Select[Any]:
    """The devices as `Seen` has them; made once, since making it takes longer than a step of a few devices."""
    device, application = tables()["device"].c, tables()["application"].c
    joined = tables()["device"].join(tables()["application"], device.belongs_to__application == application.id)
    return (
        sa.select(
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
            device.belongs_to__application.label("fleet"),
        )
        .select_from(joined)
        .where(device.id > sa.bindparam("after"))
        .order_by(device.id)
        .limit(sa.bindparam("most"))
    )
