# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cache of the inventory holds, and under which key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

#: Raised with every change to what a cached device looks like; a cache of another version is read anew.
CACHE_VERSION = 1

#: Options that decide what is read. The others are applied to what was read, cached or not.
READ_OPTIONS = (
    "applications", "devices", "expand", "fields", "filter", "online", "organizations", "services", "variables",
    "with_tags",
)  # fmt: skip


def cache_key(plugin: str, options: Mapping[str, Any], api_url: str, token: str | None) -> str:
    """A key for what these options read from this API with this token; it does not give the token away."""
    secret = hashlib.sha256((token or "").encode()).hexdigest()
    parts = [CACHE_VERSION, api_url, secret, {name: options.get(name) for name in READ_OPTIONS}]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
    return f"{plugin}_{digest[:32]}"


def pack(devices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The devices as they are put into the cache: plain JSON."""
    return {"version": CACHE_VERSION, "devices": list(devices)}


def unpack(cached: Any) -> list[dict[str, Any]] | None:
    """The devices of a cache entry, or None if it is not one of this version."""
    if not isinstance(cached, Mapping) or cached.get("version") != CACHE_VERSION:
        return None
    devices = cached.get("devices")
    if not isinstance(devices, list) or not all(isinstance(device, dict) and "uuid" in device for device in devices):
        return None
    # A cache plugin may tag what it loads, or hand out objects that others change: here plain JSON is needed.
    plain: list[dict[str, Any]] = json.loads(json.dumps(devices))
    return plain
