# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading devices."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from .. import errors
from .._options import merge_options
from ._ids import APPLICATION, DEVICE
from ._listing import ByApplication, ByOrganization
from ._namespace import Options, Row, api_call
from ._service_details import SERVICE_DETAILS, with_current_services_by_app

_METRICS = [
    "memory_usage",
    "memory_total",
    "storage_block_device",
    "storage_usage",
    "storage_total",
    "cpu_usage",
    "cpu_temp",
    "cpu_id",
    "is_undervolted",
]


class DeviceReads(ByApplication, ByOrganization):
    """Reading devices."""

    resource, order = "device", "device_name asc"
    to_application = ("belongs_to__application",)
    to_organization = ("belongs_to__application", "organization")

    def get_dashboard_url(self, uuid: str) -> str:
        """Return the address of a device's page on the dashboard, without asking the API.

        Args:
            uuid: the device's uuid.

        Raises:
            BalenaUsageError: this is not text, or empty.
        """
        if not isinstance(uuid, str) or not uuid:
            raise errors.BalenaUsageError("The uuid option should be a non empty string")
        return f"{self._sdk.options.dashboard_root}devices/{quote(uuid, safe='')}/summary"

    def get(self, uuid_or_id: str | int, options: Options | None = None) -> Row:
        """Read one device.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            options: pine options, for example ``{"$select": ["id", "overall_status"]}``.

        Returns:
            The device. What the API computes (``overall_status``, ``overall_progress``,
            ``should_be_running__release``) is there only if it was selected.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return DEVICE.get(self._sdk, uuid_or_id, options)

    def get_with_service_details(self, uuid_or_id: str | int, options: Options | None = None) -> Row:
        """Read one device and what runs on it.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            options: pine options; what they say about ``image_install`` is merged in.

        Returns:
            The device with ``current_services_by_app``: by the slug of each application that it runs, lists of
            containers by service name, the newest first. What has no release is below ``undefined``.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return with_current_services_by_app(self.get(uuid_or_id, merge_options(SERVICE_DETAILS, options)))

    def get_by_name(self, name: str, options: Options | None = None) -> list[Row]:
        """Read the devices that have a name. Names need not be unique.

        Args:
            name: the exact name.
            options: pine options; they are merged with the defaults.

        Returns:
            The devices, at least one.

        Raises:
            BalenaDeviceNotFound: no device has this name.
        """
        devices = self._rows({"device_name": name}, options)
        if not devices:
            raise errors.BalenaDeviceNotFound(name)
        return devices

    def has(self, uuid_or_id: str | int) -> bool:
        """Say whether there is a device.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        try:
            DEVICE.existing_id(self._sdk, uuid_or_id)
        except errors.BalenaDeviceNotFound:
            return False
        return True

    def get_name(self, uuid_or_id: str | int) -> str:
        """Return a device's name.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        name: str = self._field(uuid_or_id, "device_name")
        return name

    def get_application_name(self, uuid_or_id: str | int) -> str:
        """Return the name of a device's application.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        name: str = self._related(uuid_or_id, "belongs_to__application", "app_name")
        return name

    def is_online(self, uuid_or_id: str | int) -> bool:
        """Say whether a device is connected to the VPN, so that it can be reached.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return bool(self._field(uuid_or_id, "is_connected_to_vpn"))

    def get_local_ip_addresses(self, uuid_or_id: str | int) -> list[str]:
        """Return a device's addresses in its own network.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaError: the device is offline.
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        device = self.get(uuid_or_id, {"$select": ["is_connected_to_vpn", "ip_address"]})
        if not device["is_connected_to_vpn"]:
            raise errors.BalenaError(f"The device is offline: {uuid_or_id}")
        return (device["ip_address"] or "").split()

    def get_mac_addresses(self, uuid_or_id: str | int) -> list[str]:
        """Return the MAC addresses of a device's network interfaces.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return (self._field(uuid_or_id, "mac_address") or "").split()

    def get_metrics(self, uuid_or_id: str | int) -> Row:
        """Return how busy a device is: memory (MiB), storage (MiB), CPU (percent) and its temperature (°C).

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Returns:
            The device's fields ``memory_usage``, ``cpu_temp`` and so on; None for what it does not report.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return self.get(uuid_or_id, {"$select": _METRICS})

    def is_tracking_application_release(self, uuid_or_id: str | int) -> bool:
        """Say whether a device runs the release of its application, instead of a pinned one.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return not self._field(uuid_or_id, "is_pinned_on__release")

    def get_target_release_hash(self, uuid_or_id: str | int) -> str | None:
        """Return the commit of the release that a device shall run.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Returns:
            The commit, or None if the device has no target release.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        commit: str | None = self._related(uuid_or_id, "should_be_running__release", "commit")
        return commit

    def get_supervisor_target_state(self, uuid_or_id: str | int, version: int = 2) -> Row:
        """Read the state that a device's supervisor shall bring about.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            version: the version of the state's format: 2 or 3.

        Returns:
            The state.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        state: Row = api_call(
            self._sdk, "GET", f"/device/v{version}/{self._field(uuid_or_id, 'uuid')}/state", shape="object"
        )
        return state

    def get_supervisor_target_state_for_app(
        self, slug_or_uuid_or_id: str | int, release: str | int | None = None
    ) -> Row:
        """Read the state that a new device in an application would have to bring about.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            release: the commit or id of a release; left out: the application's target.

        Returns:
            The state.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        uuid = APPLICATION.get(self._sdk, slug_or_uuid_or_id, {"$select": "uuid"})["uuid"]
        wanted = "" if release is None else release
        state: Row = api_call(
            self._sdk, "GET", f"/device/v3/fleet/{uuid}/state/", qs={"releaseUuid": wanted}, shape="object"
        )
        return state

    def _field(self, uuid_or_id: str | int, field: str) -> Any:
        return self.get(uuid_or_id, {"$select": field})[field]

    def _related(self, uuid_or_id: str | int, relation: str, field: str) -> Any:
        rows = self.get(uuid_or_id, {"$select": "id", "$expand": {relation: {"$select": field}}})[relation]
        return rows[0][field] if rows else None

    def _get_id(self, uuid_or_id: str | int) -> int:
        """Return a device's id; an id is returned without asking the API."""
        return DEVICE.id_of(self._sdk, uuid_or_id)
