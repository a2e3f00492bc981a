# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.os``: versions of balenaOS, its images, and which updates are possible."""

from __future__ import annotations

from enum import Enum
from typing import Any

from .. import hup, os_version
from .._os_releases import DEFAULT_TYPE, ESR_TYPE
from ..errors import BalenaInvalidParameterError, HUPActionError
from ..utils import merge_pine_options
from ._namespace import Options, Row, is_id
from ._os_images import OsImages


class OsTypes(str, Enum):
    """Kinds of releases: for everybody, and with extended support."""

    DEFAULT = DEFAULT_TYPE
    ESR = ESR_TYPE


class OsModel(OsImages):
    """``balena.models.os``"""

    #: The kinds of releases by name: ``OsTypes.DEFAULT``, ``OsTypes.ESR``.
    OsTypes = OsTypes

    def is_supported_os_update(self, device_type: str, current_version: str, target_version: str) -> bool:
        """Tell whether a device can be updated from one OS version to another.

        Args:
            device_type: slug or alias of the device type.
            current_version: the version that the device runs.
            target_version: the version to update to.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
        """
        slug = self._get_normalized_device_type_slug(device_type)
        return hup.is_supported_update(slug, current_version, target_version)

    def get_os_update_type(self, device_type: str, current_version: str | None, target_version: str) -> str:
        """Tell by which mechanism a device would be updated from one OS version to another.

        Args:
            device_type: slug or alias of the device type.
            current_version: the version that the device runs.
            target_version: the version to update to.

        Returns:
            "balenahup" or "takeover".

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
            HUPActionError: the update is not possible; the message says why.
        """
        slug = self._get_normalized_device_type_slug(device_type)
        return hup.update_type(slug, current_version, target_version)

    def get_supported_os_update_versions(
        self,
        device_type: str,
        current_version: str,
        *,
        include_draft: bool | None = False,
        os_type: str | None = None,
    ) -> dict[str, Any]:
        """List the OS versions that a device can be updated to.

        A device with a rolling release gets an ESR version only if that is made of a later rolling release.

        Args:
            device_type: slug or alias of the device type.
            current_version: the version that the device runs.
            include_draft: also releases that are not final.
            os_type: only "default" or "esr" versions; by default both.

        Returns:
            ``versions``: the possible targets, the highest first; ``recommended``: the first of them that is not a
            pre-release, if there is one; ``current``: the current version as it is listed, if it is available.

        Raises:
            BalenaInvalidParameterError: the current version is none.
            BalenaInvalidDeviceType: there is no such device type.
        """
        if os_version.parse(current_version) is None:
            raise BalenaInvalidParameterError("current_version", current_version)
        slug = self._get_normalized_device_type_slug(device_type)
        available = self._available(slug, include_draft=include_draft is True)
        versions = [
            row["raw_version"]
            for row in available
            if os_type in (None, row["osType"]) and _can_get(slug, current_version, row)
        ]
        result: dict[str, Any] = {"versions": versions}
        for recommended in (target for target in versions if not os_version.prerelease(target)):
            result.setdefault("recommended", recommended)
        names = [row["raw_version"] for row in available]
        for current in (known for known in names if os_version.compare(known, current_version) == 0):
            result.setdefault("current", current)
        return result

    def is_architecture_compatible_with(self, os_architecture: str, application_architecture: str) -> bool:
        """Tell whether an OS can run containers that were built for another CPU architecture.

        Args:
            os_architecture: slug of the architecture of the OS, for example "aarch64".
            application_architecture: slug of the architecture that the containers were built for.
        """
        return hup.is_architecture_compatible(os_architecture, application_architecture)

    def get_supervisor_releases_for_cpu_architecture(
        self, cpu_architecture_slug_or_id: str | int, options: Options | None = None
    ) -> list[Row]:
        """List the releases of the supervisor for a CPU architecture, the highest version first.

        Args:
            cpu_architecture_slug_or_id: slug ("aarch64") or id of the architecture.
            options: pine options, for example ``{"$filter": {"raw_version": "12.11.0"}}``.

        Returns:
            Releases with ``id``, ``raw_version`` and ``known_issue_list``.
        """
        own = {
            "$select": ["id", "raw_version", "known_issue_list"],
            "$filter": _supervisor_releases(cpu_architecture_slug_or_id),
            "$orderby": [
                {"semver_major": "desc"},
                {"semver_minor": "desc"},
                {"semver_patch": "desc"},
                {"revision": "desc"},
            ],
        }
        releases: list[Row] = self._sdk.pine.get("release", options=merge_pine_options(own, options))
        return releases


def _can_get(slug: str, current_version: str, row: Row) -> bool:
    try:
        hup.check_update(slug, current_version, row["raw_version"], row["basedOnVersion"])
    except HUPActionError:
        return False
    return True


def _any(alias: str, condition: Options) -> Options:
    return {"$any": {"$alias": alias, "$expr": {alias: condition}}}


def _supervisor_releases(cpu_architecture: str | int) -> Options:
    """Filter for releases of those applications of balena that hold supervisors."""
    architecture = cpu_architecture if is_id(cpu_architecture) else _any("c", {"slug": cpu_architecture})
    device_type = _any("dt", {"is_of__cpu_architecture": architecture})
    supervisors = {
        "$and": [
            {"a": {"slug": {"$startswith": "balena_os/"}}},
            {"a": {"slug": {"$endswith": "-supervisor"}}},
        ],
        "a": {"is_public": True, "is_host": False, "is_for__device_type": device_type},
    }
    return {
        "status": "success",
        "is_final": True,
        "is_invalidated": False,
        "semver_major": {"$gt": 0},
        "belongs_to__application": {"$any": {"$alias": "a", "$expr": supervisors}},
    }
