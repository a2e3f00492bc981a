# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of a device's operating system, and its public URL: both live on a domain that the API names."""

from __future__ import annotations

from .. import errors, os_version
from .._lazy import on_first_use
from ..hup import update_type
from ..os_actions import OsActions
from ._batch import in_batches, target_of
from ._device_status import DeviceStatus
from ._device_writes import Devices
from ._ids import DEVICE
from ._namespace import Row, has_status

_UPDATE_FIELDS = ["is_of__device_type", "uuid", "is_online", "os_version", "supervisor_version", "os_variant"]


class DeviceOs(DeviceStatus):
    """Updates of the operating system, and public URLs."""

    @on_first_use
    def _actions(self) -> OsActions:
        return OsActions(self._sdk)

    def start_os_update(self, uuid_or_uuids: Devices, target_os_version: str, *, run_detached: bool = False) -> Row:
        """Start updating the operating system of devices. It goes on after this returns.

        Args:
            uuid_or_uuids: one device's full uuid or its id; or a list of full uuids; or a list of ids.
            target_os_version: the version to update to, for example ``2.26.0+rev1.prod``.
            run_detached: let the device work alone, without a connection that is kept open.

        Returns:
            The status of the update (see :meth:`get_os_update_status`); for a list a dict of them by full uuid.

        Raises:
            BalenaDeviceNotFound: one of them does not exist; then no update is started.
            BalenaInvalidParameterError: the list is empty, mixed or has short uuids, or the version is not available.
            HUPActionError: one of them cannot be updated to this version; then no update is started.
            BalenaError: one of them is offline, or did not report what has to be known; no update is started then.
        """
        if not target_os_version:
            raise errors.BalenaInvalidParameterError("target_os_version", target_os_version)
        batches = in_batches(
            self._sdk,
            DEVICE,
            uuid_or_uuids,
            parameter="uuid_or_uuids",
            options={"$select": _UPDATE_FIELDS},
            group_by=target_of("is_of__device_type"),
        )
        groups: list[list[str]] = []
        for device_type, rows in batches:
            slug = self._sdk.models.device_type.get(device_type, {"$select": "slug"})["slug"]
            for device in rows:
                self._check_os_update_target({**device, "is_of__device_type": [{"slug": slug}]}, target_os_version)
            self._check_os_version_available(slug, target_os_version)
            groups.append([device["uuid"] for device in rows])
        started = self._start_os_updates(groups, target_os_version, run_detached)
        return started if isinstance(uuid_or_uuids, (list, tuple)) else started[groups[0][0]]

    def _start_os_updates(self, groups: list[list[str]], target_os_version: str, run_detached: bool) -> Row:
        """Start updates, those of one group at the same time, and return their status by uuid."""
        actions = self._actions  # made before there are threads, which would each make one

        def start(uuid: str) -> tuple[str, Row]:
            return uuid, actions.start(uuid, target_os_version, run_detached=run_detached)

        return dict(pair for uuids in groups for pair in self._sdk.map_parallel(start, uuids))

    def get_os_update_status(self, uuid: str) -> Row:
        """Read how the update of a device's operating system is going.

        Args:
            uuid: the device's full uuid.

        Returns:
            ``status`` (``idle``, ``in_progress``, ``done``, ``error``, ``configuring``), ``parameters``, ``error``,
            ``fatal``.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaRequestError: the service refused the request.
        """
        try:
            return self._actions.status(uuid)
        except errors.BalenaRequestError as error:
            if has_status(error, 400):
                DEVICE.existing_id(self._sdk, uuid)
            raise

    def has_device_url(self, uuid_or_id: str | int) -> bool:
        """Say whether a device has a public URL.

        Args:
            uuid_or_id: the device's uuid, the beginning of its uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaAmbiguousDevice: several uuids begin like this.
        """
        return bool(self._field(uuid_or_id, "is_web_accessible"))

    def get_device_url(self, uuid_or_id: str | int) -> str:
        """Return a device's public URL.

        Args:
            uuid_or_id: the device's uuid, the beginning of its uuid, or its id.

        Raises:
            BalenaError: the device has none.
            BalenaDeviceNotFound: there is no such device.
            BalenaAmbiguousDevice: several uuids begin like this.
        """
        device = self.get(uuid_or_id, {"$select": ["is_web_accessible", "uuid"]})
        if not device["is_web_accessible"]:
            raise errors.BalenaError(f"Device is not web accessible: {uuid_or_id}")
        return f"https://{device['uuid']}.{self._actions.urls_base()}"

    def _check_os_update_target(self, device: Row, target_os_version: str) -> None:
        """Refuse an update that cannot work, before it is started.

        Args:
            device: a device with ``uuid``, ``is_online``, ``os_version``, ``os_variant`` and, expanded,
                ``is_of__device_type`` with its ``slug``.
            target_os_version: the version to update to.
        """
        uuid = device.get("uuid")
        if not uuid:
            raise errors.BalenaError("The uuid of the device is not available")
        if not device.get("is_online"):
            raise errors.BalenaError(f"The device is offline: {uuid}")
        if not device.get("os_version"):
            raise errors.BalenaError(f"The current os version of the device is not available: {uuid}")
        device_type = device.get("is_of__device_type")
        if not device_type or not device_type[0].get("slug"):
            raise errors.BalenaError(f"The device type of the device is not available: {uuid}")
        update_type(device_type[0]["slug"], self.get_os_version(device), target_os_version)

    def _check_os_version_available(self, device_type: str, target_os_version: str) -> None:
        is_draft = bool(os_version.prerelease(target_os_version))
        available = self._sdk.models.os.get_available_os_versions(device_type, include_draft=is_draft)
        if not any(os_version.compare(known["raw_version"], target_os_version) == 0 for known in available):
            raise errors.BalenaInvalidParameterError("target_os_version", target_os_version)
