# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of balenaOS there are.

What the API answers about them is kept for ten minutes, or until the token changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._os_releases import choose_version, os_versions
from .._timed_cache import TimedCache
from ..errors import BalenaInvalidParameterError
from ..utils import merge_pine_options
from ._namespace import Namespace, Options, Row

if TYPE_CHECKING:
    from .. import Balena

_RELEASE_OPTIONS: Options = {
    "$select": ["id", "known_issue_list", "raw_version", "variant", "phase"],
    "$expand": {"release_tag": {"$select": ["tag_key", "value"]}},
}
_AVAILABLE: Options = {"is_final": True, "is_invalidated": False, "status": "success"}
_AVAILABLE_OR_DRAFT: Options = {"is_invalidated": False, "status": "success"}


class OsVersions(Namespace):
    """Versions of balenaOS."""

    def __init__(self, sdk: Balena) -> None:
        super().__init__(sdk)
        self._slugs = self._new_cache()
        self._versions = self._new_cache()

    def _new_cache(self) -> TimedCache:
        return TimedCache(lambda: self._sdk.tokens.generation)

    def _get_normalized_device_type_slug(self, device_type: str) -> str:
        """Return the slug that an alias of a device type stands for."""

        def read() -> str:
            slug: str = self._sdk.models.device_type.get(device_type, {"$select": "slug"})["slug"]
            return slug

        return self._slugs.get(device_type, read)

    def _read_versions(self, device_types: list[str], release_options: Options | None) -> dict[str, list[Row]]:
        of_types = {"$any": {"$alias": "dt", "$expr": {"dt": {"slug": {"$in": device_types}}}}}
        options = {
            "$select": "is_for__device_type",
            "$expand": {
                "application_tag": {"$select": ["tag_key", "value"]},
                "is_for__device_type": {"$select": "slug"},
                "owns__release": merge_pine_options(_RELEASE_OPTIONS, release_options),
            },
            "$filter": {"is_host": True, "is_for__device_type": of_types},
        }
        return os_versions(self._sdk.pine.get("application", options=options))

    def _versions_of(self, device_types: str | list[str], options: Options | None, conditions: Options | None) -> Any:
        """Read versions; what is asked without options is kept for a while."""
        if not options:
            return self._cached_versions(device_types, conditions)
        own: Options = {"$filter": conditions} if conditions else {}
        slugs = list(device_types) if isinstance(device_types, (list, tuple)) else [device_types]
        versions = self._read_versions(slugs, merge_pine_options(own, options))
        return versions.get(device_types, []) if isinstance(device_types, str) else versions

    def _cached_versions(self, device_types: str | list[str], conditions: Options | None) -> Any:
        slugs = sorted(device_types) if isinstance(device_types, (list, tuple)) else [device_types]
        key = (tuple(slugs), tuple(conditions or ()))
        release_options = {"$filter": conditions} if conditions else None
        versions = self._versions.get(key, lambda: self._read_versions(slugs, release_options))
        return versions.get(device_types, []) if isinstance(device_types, str) else versions

    def get_available_os_versions(
        self, device_types: str | list[str], options: Options | None = None, *, include_draft: bool | None = False
    ) -> Any:
        """List the OS versions that devices can be provisioned with or updated to, the highest first.

        Args:
            device_types: slug of a device type (no alias), or a list of slugs.
            options: pine options for the releases, which narrow the list down; with any, the API is always asked.
            include_draft: also releases that are not final.

        Returns:
            For one slug a list, for a list of slugs a dict of lists by slug (without slugs that have no versions).
            Each version is a release (``id``, ``raw_version``, ``variant``, ``phase``, ``known_issue_list``,
            ``release_tag``) with ``strippedVersion``, ``basedOnVersion``, ``osType`` ("default" or "esr") and maybe
            ``line`` ("next", "current", "sunset", "outdated"). The first of an OS type that is not a pre-release is the
            recommended one. The objects are shared with later calls: do not change them.
        """
        return self._versions_of(device_types, options, _AVAILABLE_OR_DRAFT if include_draft is True else _AVAILABLE)

    def get_all_os_versions(self, device_types: str | list[str], options: Options | None = None) -> Any:
        """List all OS versions, also invalidated, failed and draft ones, the highest first.

        Args:
            device_types: slug of a device type (no alias), or a list of slugs.
            options: pine options for the releases, for example ``{"$filter": {"is_final": True}}``; with any,
                the API is always asked.

        Returns:
            As `get_available_os_versions`.
        """
        return self._versions_of(device_types, options, None)

    def _available(self, slug: str, os_type: str | None = None, include_draft: bool = False) -> list[Row]:
        versions: list[Row] = self.get_available_os_versions(slug, include_draft=include_draft)
        return [version for version in versions if os_type in (None, version["osType"])]

    def get_max_satisfying_version(
        self, device_type: str, version_or_range: str = "latest", os_type: str | None = None
    ) -> str | None:
        """Find the highest available OS version that fits.

        Args:
            device_type: slug or alias of the device type.
            version_or_range: "latest" (pre-releases included), an exact version, or a range as npm writes them
                ("^2.11.0").
            os_type: only "default" or "esr" versions; by default both.

        Returns:
            The version, or None if none fits.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
            BalenaInvalidParameterError: this is neither a version nor a range.
        """
        slug = self._get_normalized_device_type_slug(device_type)
        return self._get_max_satisfying_version(version_or_range, self._available(slug, os_type))

    @staticmethod
    def _get_max_satisfying_version(version_or_range: str, os_versions: list[Row]) -> str | None:
        if not isinstance(version_or_range, str):
            raise BalenaInvalidParameterError("version_or_range", version_or_range)
        return choose_version(version_or_range, os_versions)
