# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of a device's operating system, and its public URL: both live on a domain that the API names."""

from __future__ import annotations

from collections.abc import Iterator

from .. import errors, os_version
from .._lazy import on_first_use
from ..hup import check_update
from ..os_actions import OsActions
from ._batch import ids_filter, in_batches, target_of
from ._device_status import DeviceStatus
from ._device_writes import Devices
from ._ids import DEVICE
from ._namespace import Row, has_status, is_id

_UPDATE_FIELDS = ["is_of__device_type", "uuid", "is_connected_to_vpn", "os_version", "supervisor_version", "os_variant"]
_PIN_FIELDS = ["is_of__device_type", "uuid", "os_version", "os_variant"]


class DeviceOs(DeviceStatus):
    """Updates of the operating system, and public URLs."""

    @on_first_use
    def _actions(self) -> OsActions:
        return OsActions(self._sdk)

    def start_os_update(
        self, uuid_or_uuids: Devices, target_os_version: str, *, run_detached: bool | None = True
    ) -> Row:
        """Start updating the operating system of devices. It goes on after this returns.

        Args:
            uuid_or_uuids: one device's full uuid or its id; or a list of full uuids; or a list of ids.
            target_os_version: the version to update to, for example ``2.26.0+rev1.prod``.
            run_detached: let the device work alone, without a connection that is kept open; False for the older way.

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
        self._actions.urls_base()  # without the service nothing else has to be asked
        devices = self._by_device_type(uuid_or_uuids, _UPDATE_FIELDS, parameter="uuid_or_uuids")
        groups: list[list[str]] = []
        for slug, batches in devices:
            target = self._available_target(slug, target_os_version)
            for device in (row for rows in batches for row in rows):
                self._check_os_update_target(device, target)
                if not device.get("is_connected_to_vpn"):
                    raise errors.BalenaError(f"The device is offline: {device['uuid']}")
            groups += [[device["uuid"] for device in rows] for rows in batches]
        started = self._start_os_updates(groups, target_os_version, run_detached is True)
        return started if isinstance(uuid_or_uuids, (list, tuple)) else started[groups[0][0]]

    def pin_to_os_release(self, uuid_or_id_or_array: Devices, os_version_or_id: str | int) -> None:
        """Let devices get an OS by themselves, those that are offline when they are back.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.
            os_version_or_id: the version as it is listed, for example ``2.26.0+rev1.prod``, or the id of its release.

        Raises:
            BalenaReleaseNotFound: there is no such version for a device type; devices of other types before it are
                changed already.
            HUPActionError: one of the devices cannot be updated to it; then no device of its type is changed.
            BalenaError: one of the devices did not report what has to be known; no device of its type is changed then.
            BalenaDeviceNotFound: one of them does not exist; then none is changed.
            BalenaInvalidParameterError: there is no version, or the list is empty, mixed, or has short uuids.
        """
        if not os_version_or_id:
            raise errors.BalenaInvalidParameterError("os_version_or_id", os_version_or_id)
        for slug, batches in self._by_device_type(uuid_or_id_or_array, _PIN_FIELDS):
            target = self._release_to_pin(slug, os_version_or_id)
            for device in (row for rows in batches for row in rows):
                self._check_os_update_target(device, target, may_be_running=True)
            body = {"should_be_operated_by__release": target["id"]}
            for rows in batches:
                self._sdk.pine.patch("device", body, options=ids_filter(rows))

    def _by_device_type(
        self, names: Devices, fields: list[str], parameter: str = "uuid_or_id_or_array"
    ) -> Iterator[tuple[str, list[list[Row]]]]:
        """Read devices; yield the slug of each device type with its devices, in pieces that one write can address."""
        found: dict[int, list[list[Row]]] = {}
        for device_type, rows in in_batches(
            self._sdk,
            DEVICE,
            names,
            parameter=parameter,
            options={"$select": fields},
            group_by=target_of("is_of__device_type"),
        ):
            found.setdefault(device_type, []).append(list(rows))
        for device_type, batches in found.items():
            slug = self._sdk.models.device_type.get(device_type, {"$select": "slug"})["slug"]
            for row in (row for rows in batches for row in rows):
                row["is_of__device_type"] = [{"slug": slug}]
            yield slug, batches

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
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return bool(self._field(uuid_or_id, "is_web_accessible"))

    def get_device_url(self, uuid_or_id: str | int) -> str:
        """Return a device's public URL.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaError: the device has none.
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        device = self.get(uuid_or_id, {"$select": ["is_web_accessible", "uuid"]})
        if not device["is_web_accessible"]:
            raise errors.BalenaError(f"Device is not web accessible: {uuid_or_id}")
        return f"https://{device['uuid']}.{self._actions.urls_base()}"

    def _check_os_update_target(self, device: Row, target: Row, *, may_be_running: bool = False) -> None:
        """Refuse an update that cannot work, before it is started.

        Args:
            device: a device with ``uuid``, ``os_version``, ``os_variant`` and, expanded, ``is_of__device_type`` with
                its ``slug``.
            target: the version to update to, with ``raw_version`` and ``basedOnVersion``.
            may_be_running: accept the version that the device runs already.
        """
        uuid = device.get("uuid")
        if not uuid:
            raise errors.BalenaError("The uuid of the device is not available")
        if not device.get("os_version"):
            raise errors.BalenaError(f"The current os version of the device is not available: {uuid}")
        current = self.get_os_version(device)
        if current is None:
            raise errors.HUPActionError("Invalid current balenaOS version")
        device_type = device.get("is_of__device_type")
        if not device_type or not device_type[0].get("slug"):
            raise errors.BalenaError(f"The device type of the device is not available: {uuid}")
        if may_be_running and _is_same(current, target["raw_version"], device.get("os_variant")):
            return
        check_update(device_type[0]["slug"], current, target["raw_version"], target["basedOnVersion"])

    def _available_target(self, device_type: str, target_os_version: str) -> Row:
        """Find the published version that an update is meant to get."""
        is_draft = bool(os_version.prerelease(target_os_version))
        available = self._sdk.models.os.get_available_os_versions(device_type, include_draft=is_draft)
        for known in available:
            if os_version.compare(known["raw_version"], target_os_version) == 0:
                return {**known, "raw_version": target_os_version}
        raise errors.BalenaInvalidParameterError("target_os_version", target_os_version)

    def _release_to_pin(self, device_type: str, version_or_id: str | int) -> Row:
        """Find the release that devices shall get; by its id also a draft."""
        field = "id" if is_id(version_or_id) else "raw_version"
        with_drafts = not isinstance(version_or_id, str) or bool(os_version.prerelease(version_or_id))
        available = self._sdk.models.os.get_available_os_versions(device_type, include_draft=with_drafts)
        for known in available:
            if known[field] == version_or_id:
                found: Row = known
                return found
        raise errors.BalenaReleaseNotFound(version_or_id)


def _is_same(current: str, target: str, variant: str | None) -> bool:
    """Whether two versions are the same, whether or not they name the device's variant."""
    suffixes = (f".{variant}", f"+{variant}") if variant else ()

    def bare(version: str) -> str:
        return next((version.removesuffix(end) for end in suffixes if version.endswith(end)), version)

    return bare(current) == bare(target)
