# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cache of the inventory holds, and under which key."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from typing import Any

from ...module_utils.sdk.errors import BalenaError

#: Raised with every change to what a cached device looks like; a cache of another version is read anew.
CACHE_VERSION = 1

#: Options that decide what is read. The others are applied to what was read, cached or not.
READ_OPTIONS = (
    "applications", "devices", "expand", "fields", "filter", "has_tags", "online", "organizations", "services",
    "variables", "with_tags",
)  # fmt: skip


def cache_key(plugin: str, options: Mapping[str, Any], api_url: str, token: str | None) -> str:
    """A key for what these options read from this API with this token; it does not give the token away."""
    secret = hashlib.sha256((token or "").encode()).hexdigest()
    parts = [CACHE_VERSION, api_url, secret, {name: options.get(name) for name in READ_OPTIONS}]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
    return f"{plugin}_{digest[:32]}"


def keep_private(folder: str) -> None:
    """See to it that the files of a cache, which ansible-core lets everybody read, are in a folder of their owner's.

    :param folder: that of a cache plugin that writes files; a new one is made private.
    :raises BalenaError: others can look into it, and it is not empty, so that it may be meant for others too.
    """
    found = os.stat(folder)
    if not stat.S_IMODE(found.st_mode) & 0o077:
        return
    if found.st_uid != os.geteuid() or os.listdir(folder):
        raise BalenaError(
            f"variables: values puts values that may be secret into the cache, and others can look into '{folder}'."
            " Make that folder private (chmod 700), give another one as cache_connection, or use variables: names"
        )
    os.chmod(folder, 0o700)


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
