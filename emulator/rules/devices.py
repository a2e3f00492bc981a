# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices: names, uuids, moving, being online."""

from __future__ import annotations

import re

from ..http.responses import BadRequest, NotFound, Refused
from ..store.values import new_name, new_uuid
from .write import Write, after, before

UUID = re.compile(r"[a-f0-9]{32}([a-f0-9]{30})?")
VARIANT = re.compile(r"^.*\((.+)\)$")


def _check_name(name: str | None) -> None:
    if name is not None and re.search(r"[\r\n]", name):
        raise BadRequest("Device name cannot contain any newline characters.")


@before("create", "device")
def prepare(write: Write) -> None:
    """Name and uuid of a new device; it needs a fleet, although a device may lose it later."""
    values = write.values
    _check_name(values.get("device_name"))
    values["device_name"] = values.get("device_name") or new_name()
    values["uuid"] = values.get("uuid") or new_uuid()
    # as long as it never was online
    values["is_active"] = bool(values.get("is_online"))
    if not UUID.fullmatch(values["uuid"]):
        raise BadRequest("Device UUID must be a 32 or 62 character long lower case hex string.")
    if values.get("belongs_to__application") is None:
        raise Refused("no fleet")


@before("update", "device")
def check_changes(write: Write) -> None:
    """What follows from a change of name, OS version, fleet or connection."""
    values, now = write.values, write.store.now()
    _check_name(values.get("device_name"))
    if values.get("os_version") is not None and values.get("os_variant") is None:
        found = VARIANT.match(values["os_version"])
        if found:
            values["os_variant"] = found.group(1)
    if values.get("is_connected_to_vpn") is not None:
        values.update(is_online=values["is_connected_to_vpn"], last_vpn_event=now)
    if values.get("is_online") is not None:
        values["last_connectivity_event"] = now
    if values.get("is_online"):
        values["is_active"] = True
    elif values.get("is_active") is False and values.get("is_online") is None and _any_online(write):
        raise BadRequest("Devices must be offline in order to be deactivated.")
    if values.get("is_of__device_type") is not None:
        values.setdefault("should_be_operated_by__release", None)
    if values.get("belongs_to__application") is not None:
        values.setdefault("is_pinned_on__release", None)
        # a device may only look at the fleet that it is to be in; a user has to be let in
        verb = "update" if write.actor.of == "user" else "read"
        if not write.may(verb, "application", values["belongs_to__application"]):
            raise NotFound("Application doesn't exist or you have no access to it.")
        fleet = values["belongs_to__application"]
        write.notes["moved"] = [row["id"] for row in write.rows if row["belongs_to__application"] != fleet]


def _any_online(write: Write) -> bool:
    return any(row["is_online"] for row in write.rows)


@after("update", "device")
def leave_images(write: Write) -> None:
    """Images of the fleet that a device has left count as deleted."""
    installs = write.store.ids("image_install", device=write.notes.get("moved") or [])
    if installs:
        write.store.update("image_install", installs, status="deleted", download_progress=None)
