# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that ask for their state are online; those that have not asked for too long time out and go offline."""

from __future__ import annotations

from datetime import timedelta

from ..store.store import Store
from ..store.values import iso

POLL_INTERVAL = 600.0  # seconds, the least that a device may be configured to
JITTER = 1.5
TIMEOUT_SECONDS = 15.0
INTERVAL_NAMES = ("RESIN_SUPERVISOR_POLL_INTERVAL", "BALENA_SUPERVISOR_POLL_INTERVAL")


class Heartbeats:
    """Sets `api_heartbeat_state` of devices as time goes by."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._due: dict[int, tuple[str, str]] = {}  # device -> when it changes, to what

    def beat(self, device: int, config: dict[str, str]) -> None:
        """A device has asked for its state."""
        self._set(device, "online")
        given = next((config[name] for name in INTERVAL_NAMES if name in config), "")
        seconds = max(int(given) / 1000 if given.isdigit() else 0.0, POLL_INTERVAL) * JITTER
        self._due[device] = (self._in(seconds), "timeout")

    def settle(self) -> None:
        """Let pass what has become due by the clock."""
        now = self.store.now()
        for device, (when, state) in list(self._due.items()):
            if when > now:
                continue
            self._set(device, state)
            if state == "timeout":
                self._due[device] = (self._in(TIMEOUT_SECONDS, when), "offline")
            else:
                del self._due[device]
            if state == "timeout" and self._due[device][0] <= now:
                self._set(device, "offline")
                del self._due[device]

    def _set(self, device: int, state: str) -> None:
        row = self.store.get("device", device)
        if row is not None and row["api_heartbeat_state"] != state:
            awake = {"is_active": True} if state == "online" else {}
            self.store.update(
                "device",
                device,
                api_heartbeat_state=state,
                changed_api_heartbeat_state_on__date=self.store.now(),
                **awake,
            )

    def _in(self, seconds: float, start: str | None = None) -> str:
        from ..odata.parse import parse_time

        moment = (parse_time(start) if start else None) or self.store.clock.now()
        return iso(moment + timedelta(seconds=seconds))
