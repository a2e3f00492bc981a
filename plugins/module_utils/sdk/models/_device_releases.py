# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which application a device belongs to, which release it runs, and which supervisor."""

from __future__ import annotations

from typing import Any

from .. import errors
from .._related import related
from ..hup import is_architecture_compatible
from ..supervisor import check_choice
from ._batch import ids_filter, in_batches, target_of
from ._device_writes import Devices, DeviceWrites
from ._ids import APPLICATION, DEVICE, RELEASE
from ._namespace import Options, Row, is_id

_ARCHITECTURE: Options = {
    "$select": "is_of__cpu_architecture",
    "$expand": {"is_of__cpu_architecture": {"$select": "slug"}},
}


class DeviceReleases(DeviceWrites):
    """Which application, release and supervisor a device has."""

    def move(self, uuid_or_id_or_array: Devices, application_slug_or_uuid_or_id: str | int) -> None:
        """Move devices to another application.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.
            application_slug_or_uuid_or_id: the slug, uuid or id of the application that they shall belong to.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaDeviceNotFound: one of the devices does not exist; then none is moved.
            BalenaInvalidDeviceType: the application's containers cannot run on one of the devices; then none is moved.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        application = APPLICATION.get(
            self._sdk,
            application_slug_or_uuid_or_id,
            {"$select": "id", "$expand": {"is_for__device_type": {**_ARCHITECTURE, "$select": "id"}}},
        )
        options = {
            "$select": ["belongs_to__application", "is_of__device_type"],
            "$expand": {"is_of__device_type": _ARCHITECTURE},
        }
        wanted = _architecture(application["is_for__device_type"])
        group_by = target_of("belongs_to__application")
        batches = list(in_batches(self._sdk, DEVICE, uuid_or_id_or_array, options=options, group_by=group_by))
        for device in (row for _group, rows in batches for row in rows):
            runs = _architecture(device["is_of__device_type"])
            if not is_architecture_compatible(runs, wanted):
                reason = f"Incompatible application: {application_slug_or_uuid_or_id}"
                raise errors.BalenaInvalidDeviceType(reason)
        for _group, rows in batches:
            self._sdk.pine.patch("device", {"belongs_to__application": application["id"]}, options=ids_filter(rows))

    def pin_to_release(self, uuid_or_id_or_array: Devices, full_release_hash_or_id: str | int | dict[str, Any]) -> None:
        """Let devices run one release of their application, and stay there.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`. They may belong to several
                applications: each one's release with this commit is taken.
            full_release_hash_or_id: the release's full commit, its id, or
                ``{"application": slug, uuid or id, "raw_version": version}``.

        Raises:
            BalenaDeviceNotFound: one of the devices does not exist; then none is changed.
            BalenaReleaseNotFound: an application has no successful release like that; devices of applications before
                it are changed already.
            BalenaAmbiguousRelease: several releases of an application have a commit that begins like this.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        options = {"$select": "belongs_to__application"}
        group_by = target_of("belongs_to__application")
        releases: dict[int, int] = {}
        for application, rows in in_batches(self._sdk, DEVICE, uuid_or_id_or_array, options=options, group_by=group_by):
            if application not in releases:
                releases[application] = self._release_id(full_release_hash_or_id, application)
            body = {"is_pinned_on__release": releases[application]}
            self._sdk.pine.patch("device", body, options=ids_filter(rows))

    def _release_id(self, release: Any, application: int) -> int:
        """Find the successful release of an application."""
        usable: Options = {"status": "success", "belongs_to__application": application}
        if is_id(release):
            usable = {"id": release, **usable}
        options: Options = {"$select": "id", "$top": 1, "$orderby": "created_at desc", "$filter": usable}
        found: int = RELEASE.get(self._sdk, release, options)["id"]
        return found

    def pin_to_supervisor_release(self, uuid_or_id_or_array: Devices, supervisor_version_or_id: str | int) -> None:
        """Choose the supervisor of devices. Those with different CPUs get different releases of the same version.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.
            supervisor_version_or_id: the version, for example ``16.1.0``, or the id of a supervisor release.

        Raises:
            BalenaReleaseNotFound: there is no such supervisor for one of the CPU architectures; no device is changed.
            BalenaError: one of the devices has a supervisor or an OS that is too old for this.
            BalenaDeviceNotFound: one of the devices does not exist; then none is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        options = {
            "$select": ["id", "supervisor_version", "os_version"],
            "$expand": {"is_of__device_type": {"$select": "is_of__cpu_architecture"}},
        }
        batches = list(in_batches(self._sdk, DEVICE, uuid_or_id_or_array, options=options, group_by=_architecture_id))
        for device in (row for _architecture, rows in batches for row in rows):
            check_choice(device)
        releases: dict[int, int] = {}
        for architecture, _rows in batches:
            if architecture not in releases:
                releases[architecture] = self._supervisor_release_id(architecture, supervisor_version_or_id)
        for architecture, rows in batches:
            body = {"should_be_managed_by__release": releases[architecture]}
            self._sdk.pine.patch("device", body, options=ids_filter(rows))

    def set_supervisor_release(self, uuid_or_id_or_array: Devices, supervisor_version_or_id: str | int) -> None:
        """Choose the supervisor of devices; the older name of :meth:`pin_to_supervisor_release`.

        Args:
            uuid_or_id_or_array: one device or a list of them, as for :meth:`remove`.
            supervisor_version_or_id: the version, for example ``16.1.0``, or the id of a supervisor release.

        Raises:
            BalenaReleaseNotFound: there is no such supervisor for one of the CPU architectures; no device is changed.
            BalenaError: one of the devices has a supervisor or an OS that is too old for this.
            BalenaDeviceNotFound: one of the devices does not exist; then none is changed.
            BalenaInvalidParameterError: the list is empty, mixed, or has short uuids.
        """
        self.pin_to_supervisor_release(uuid_or_id_or_array, supervisor_version_or_id)

    def _supervisor_release_id(self, architecture: int, version_or_id: str | int) -> int:
        wanted = {"id" if is_id(version_or_id) else "raw_version": version_or_id}
        releases: list[Row] = self._sdk.models.os.get_supervisor_releases_for_cpu_architecture(
            architecture, {"$top": 1, "$select": "id", "$filter": wanted}
        )
        if not releases:
            raise errors.BalenaReleaseNotFound(version_or_id)
        found: int = releases[0]["id"]
        return found


def _architecture(device_type: list[Row]) -> str:
    slug: str = related(device_type[0], "is_of__cpu_architecture")["slug"]
    return slug


def _architecture_id(device: Row) -> int:
    found: int = related(device, "is_of__device_type")["is_of__cpu_architecture"]["__id"]
    return found
