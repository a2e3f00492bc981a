# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a device is doing: its status, and what can be told from its data without asking the API."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from enum import Enum
from typing import Any

from .. import _clock, errors, os_version
from ._device_reads import DeviceReads
from ._namespace import Row
from ._time_distance import in_words


class OverallStatus(str, Enum):
    """The values of a device's ``overall_status``."""

    CONFIGURING = "configuring"
    INACTIVE = "inactive"
    POST_PROVISIONING = "post-provisioning"
    UPDATING = "updating"
    OPERATIONAL = "operational"
    DISCONNECTED = "disconnected"
    REDUCED_FUNCTIONALITY = "reduced-functionality"


class DeviceStatus(DeviceReads):
    """How a device is doing."""

    OverallStatus = OverallStatus

    def get_status(self, uuid_or_id: str | int) -> str:
        """Return a device's status in one word, as the API computes it.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Returns:
            One of the values of ``OverallStatus``.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        status: str = self._computed(uuid_or_id, "overall_status")
        return status

    def get_progress(self, uuid_or_id: str | int) -> int | None:
        """Return how far a device is with its update or provisioning.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Returns:
            Percent, or None if nothing is under way.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        progress: int | None = self._computed(uuid_or_id, "overall_progress")
        return progress

    def _computed(self, uuid_or_id: str | int, field: str) -> Any:
        if uuid_or_id is None:
            raise errors.BalenaInvalidParameterError("uuid_or_id", uuid_or_id)
        return self._field(uuid_or_id, field)

    def last_online(self, device: Row) -> str:
        """Say when a device was last online, in words, without asking the API.

        Args:
            device: a device with ``is_online`` and ``last_connectivity_event``.

        Returns:
            ``Connecting...``, ``Connected (for about 2 hours)`` or ``5 minutes ago``.

        Raises:
            BalenaUsageError: ``last_connectivity_event`` is not an ISO 8601 date.
        """
        event = _data_of(device).get("last_connectivity_event")
        if not event:
            return "Connecting..."
        try:
            since = datetime.datetime.fromisoformat(str(event).replace("Z", "+00:00"))
        except ValueError as error:
            raise errors.BalenaUsageError("Invalid time value") from error
        if since.tzinfo is None:
            since = since.replace(tzinfo=datetime.timezone.utc)
        now = _clock.now()
        # A device's clock, or ours, may be ahead.
        distance = in_words(min(since.astimezone(datetime.timezone.utc), now), now)
        return f"Connected (for {distance})" if device.get("is_online") else f"{distance} ago"

    def get_os_version(self, device: Row) -> str | None:
        """Return the version of the operating system with its variant, without asking the API.

        Args:
            device: a device with ``os_version`` and ``os_variant``.

        Returns:
            For example ``2.26.0+rev1.prod``; None if the device did not report a version that can be read.
        """
        parsed = os_version.parse(_data_of(device).get("os_version"))
        if parsed is None:
            return None
        build = list(parsed["build"])
        variant = device.get("os_variant")
        if variant and variant not in build:
            build.append(variant)
        return "+".join([parsed["version"], ".".join(build)]) if build else parsed["version"]

    def get_local_mode_support(self, device: Row) -> Row:
        """Say whether a device can be put into local mode, without asking the API.

        Args:
            device: a device with ``os_version``, ``os_variant``, ``supervisor_version`` and
                ``last_connectivity_event``.

        Returns:
            ``{"supported": bool, "message": why not, or "Supported"}``
        """
        problem = _local_mode_problem(_data_of(device))
        return {"supported": problem is None, "message": problem or "Supported"}


def _data_of(device: Row) -> Row:
    if not isinstance(device, Mapping):
        raise errors.BalenaUsageError("Expected a device as the API describes it, not a name of one")
    return device


def _local_mode_problem(device: Row) -> str | None:
    if not device.get("last_connectivity_event") or not device.get("supervisor_version"):
        return "Device is not yet fully provisioned"
    if not os_version.gte(device.get("os_version"), "2.0.0"):
        return "Device OS version does not support local mode"
    if not os_version.gte(device["supervisor_version"], "4.0.0"):
        return "Device supervisor version does not support local mode"
    if device.get("os_variant") != "dev":
        return "Local mode is only supported on development OS versions"
    return None
