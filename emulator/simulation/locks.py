# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Update locks: a container that holds one keeps the supervisor from ending containers; configuration can override it.

As balena documents it: "updates will still be downloaded by the Supervisor, ready to be applied once the lockfile no
longer exists", and `BALENA_SUPERVISOR_OVERRIDE_LOCK` set to "1", on the device or the fleet, overrides it. The older
`OVERRIDE_LOCK` goes before, as in the supervisor.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING

from .device_life import Seen
from .settings import Settings

if TYPE_CHECKING:
    from ..store.store import Store

# The later ones win.
NAMES = ("SUPERVISOR_OVERRIDE_LOCK", "OVERRIDE_LOCK")
VARIABLES = [f"{prefix}_{name}" for name in NAMES for prefix in ("RESIN", "BALENA")]
TRUE = ("1", "true", "on")


def any_lock(settings: Settings) -> bool:
    """Whether some containers hold a lock."""
    return bool(settings.lock_percent or settings.lock_names or settings.lock_tags)


def holds_lock(settings: Settings, seen: Seen) -> bool:
    """Whether a container of a device holds the update lock; it takes it again whenever it starts."""
    if settings.lock_names and fnmatchcase(seen.name, settings.lock_names):
        return True
    if any(str(seen.tags.get(key)) == str(value) for key, value in settings.lock_tags.items()):
        return True
    return Random(f"{settings.random_seed}/{seen.uuid}/lock").random() * 100 < settings.lock_percent


def overridden(store: Store, devices: Iterable[tuple[int, int]]) -> set[int]:
    """The devices whose configuration overrides their lock; each is given with its fleet."""
    pairs = list(devices)
    fleets = _values(store, "application_config_variable", "application", {fleet for _device, fleet in pairs})
    own = _values(store, "device_config_variable", "device", {device for device, _fleet in pairs})
    return {device for device, fleet in pairs if _is_on({**fleets.get(fleet, {}), **own.get(device, {})})}


def _values(store: Store, resource: str, parent: str, ids: set[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for row in store.query(resource, name=VARIABLES) if ids else ():
        if row[parent] in ids:
            found.setdefault(row[parent], {})[row["name"]] = row["value"]
    return found


def _is_on(config: dict[str, str]) -> bool:
    values = [config[name] for name in VARIABLES if name in config]
    return bool(values) and values[-1].lower() in TRUE
