# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing devices, one or many at a time: first all are looked up, then all are changed, in few requests."""

from __future__ import annotations

import datetime
from typing import Any, Union

from .._text import js_text
from ._batch import ids_filter, in_batches
from ._ids import DEVICE
from ._namespace import Namespace
from ._support_access import NO_ACCESS, access_until

#: One device (full uuid or id), or a list of either ids or full uuids.
Devices = Union[str, int, list[int], list[str]]


class DeviceWrites(Namespace):
    """Changing devices."""

    def remove(self, uuid_or_id_or_array: Devices) -> None:
        """Delete devices.

        Args:
            uuid_or_id_or_array: one device's full uuid or its id; or a list of ids; or a list of full uuids.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is deleted.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        for _group, rows in in_batches(self._sdk, DEVICE, uuid_or_id_or_array):
            self._sdk.pine.delete("device", options=ids_filter(rows))

    def deactivate(self, uuid_or_id_or_array: Devices) -> None:
        """Deactivate devices: they stay, but cannot be used or billed any more.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        self._update_all(uuid_or_id_or_array, {"is_active": False})

    def rename(self, uuid_or_id_or_array: Devices, new_name: str) -> None:
        """Give devices a name.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.
            new_name: the name.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        self._update_all(uuid_or_id_or_array, {"device_name": new_name})

    def set_note(self, uuid_or_id_or_array: Devices, note: str | None) -> None:
        """Write the note of devices.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.
            note: the text; None removes it.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        self._update_all(uuid_or_id_or_array, {"note": note})

    def set_custom_location(
        self, uuid_or_id_or_array: Devices, *, latitude: float | str, longitude: float | str
    ) -> None:
        """Say where devices are, instead of letting balena guess it from their address.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.
            latitude: degrees, north is positive.
            longitude: degrees, east is positive.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        location = {"custom_latitude": js_text(latitude), "custom_longitude": js_text(longitude)}
        self._update_all(uuid_or_id_or_array, location)

    def unset_custom_location(self, uuid_or_id_or_array: Devices) -> None:
        """Let balena guess again where devices are.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        self.set_custom_location(uuid_or_id_or_array, latitude="", longitude="")

    def enable_device_url(self, uuid_or_id_or_array: Devices) -> None:
        """Give devices a public URL.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        self._update_all(uuid_or_id_or_array, {"is_web_accessible": True})

    def disable_device_url(self, uuid_or_id_or_array: Devices) -> None:
        """Take the public URL away from devices.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        self._update_all(uuid_or_id_or_array, {"is_web_accessible": False})

    def grant_support_access(self, uuid_or_id_or_array: Devices, expiry_timestamp: float | datetime.datetime) -> None:
        """Let balena's support staff see and reach devices, until a date.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.
            expiry_timestamp: when the access ends: milliseconds since 1970, or a datetime.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the date is not in the future, or the list is empty, mixed, or has short
                uuids.
        """
        self._update_all(uuid_or_id_or_array, access_until(expiry_timestamp))

    def revoke_support_access(self, uuid_or_id_or_array: Devices) -> None:
        """End the access of balena's support staff.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        self._update_all(uuid_or_id_or_array, NO_ACCESS)

    def track_application_release(self, uuid_or_id_or_array: Devices) -> None:
        """Take the pin from devices: they run the release of their application again.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then nothing is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        self._update_all(uuid_or_id_or_array, {"is_pinned_on__release": None})

    def _update_all(self, devices: Devices, body: dict[str, Any]) -> None:
        for _group, rows in in_batches(self._sdk, DEVICE, devices):
            self._sdk.pine.patch("device", body, options=ids_filter(rows))
