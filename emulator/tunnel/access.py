# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets through the tunnel to which device, by the rows of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .request import TunnelRefused

if TYPE_CHECKING:
    from ..api import Api

NO_ACCESS, UNAVAILABLE = 407, 503


def check_access(api: Api, uuid: str, token: str | None) -> None:
    """Let a token through that may change the device, if the device is connected.

    The order is the real proxy's: a user without access does not learn whether there is such a device.

    Raises:
        TunnelRefused: 407 for no token, a bad one, an unknown device or one of others; 503 for one that is offline.
    """
    actor = api.credentials.actor(token)
    device = api.store.get("device", uuid=uuid)
    if actor.id is None or device is None or not api.may(actor, "update", "device", device["id"]):
        raise TunnelRefused(NO_ACCESS)
    if not device["is_connected_to_vpn"]:
        raise TunnelRefused(UNAVAILABLE)
