# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices by their names, which messages, diffs and results call them by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..engine.plan import Step
from ..engine.visible import visible
from ..engine.wording import NamedUuid
from .query import Record


def named_uuid(row: Record) -> NamedUuid:
    """The uuid of a device that was read, with its name if that was read."""
    return NamedUuid(row["uuid"], row.get("device_name"))


def names_of(rows: Iterable[Record]) -> dict[str, str]:
    """What devices are called, by their uuids."""
    return {row["uuid"]: row["device_name"] for row in rows if row.get("device_name")}


def devices_of(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The devices that steps are about, which existed before: each once, with C(uuid) and C(name), ordered by these."""
    found = {part: part.name for step in steps for part in step.key[:1] if isinstance(part, NamedUuid)}
    devices = sorted(found.items(), key=lambda item: (item[1] or "", item[0]))
    return [{"uuid": str(uuid), "name": name and visible(name)} for uuid, name in devices]
