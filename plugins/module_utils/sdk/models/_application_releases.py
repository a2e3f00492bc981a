# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release an application's devices shall run."""

from __future__ import annotations

from typing import Any

from ._application_reads import ApplicationReads
from ._ids import APPLICATION, RELEASE
from ._namespace import Options

#: The release that an application takes when it tracks the latest one.
_LATEST_RELEASE: Options = {
    "$select": ["id"],
    "$top": 1,
    "$filter": {"is_final": True, "is_passing_tests": True, "is_invalidated": False, "status": "success"},
    "$orderby": "created_at desc",
}


class ApplicationReleases(ApplicationReads):
    """Which release an application's devices shall run."""

    def will_track_new_releases(self, slug_or_uuid_or_id: str | int) -> bool:
        """Say whether an application will move to the next release by itself.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        application = self.get(slug_or_uuid_or_id, {"$select": "should_track_latest_release"})
        return bool(application["should_track_latest_release"])

    def is_tracking_latest_release(self, slug_or_uuid_or_id: str | int) -> bool:
        """Say whether an application runs its latest release and will move to the next one by itself.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        expand = {"should_be_running__release": {"$select": ["id"]}, "owns__release": _LATEST_RELEASE}
        application = self.get(slug_or_uuid_or_id, {"$select": "should_track_latest_release", "$expand": expand})
        if not application["should_track_latest_release"]:
            return False
        latest = application["owns__release"]
        target = application["should_be_running__release"]
        return not latest or bool(target and target[0]["id"] == latest[0]["id"])

    def pin_to_release(self, slug_or_uuid_or_id: str | int, full_release_hash: str | int | dict[str, Any]) -> None:
        """Let an application run one release, and stay there. Devices with a pin of their own keep theirs.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            full_release_hash: the release's full commit, its id, or
                ``{"application": slug, uuid or id, "raw_version": version}``.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaReleaseNotFound: the application has no successful release like that.
        """
        application = APPLICATION.id_of(self._sdk, slug_or_uuid_or_id)
        usable = {"$filter": {"belongs_to__application": application, "status": "success"}}
        release = RELEASE.get(self._sdk, full_release_hash, {"$top": 1, "$select": "id", **usable})
        body = {"should_be_running__release": release["id"], "should_track_latest_release": False}
        self._sdk.pine.patch("application", body, id=application)

    def get_target_release_hash(self, slug_or_uuid_or_id: str | int) -> str | None:
        """Return the commit of the release that an application shall run.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Returns:
            The commit, or None if the application has no target release.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        target = {"should_be_running__release": {"$select": "commit"}}
        releases = self.get(slug_or_uuid_or_id, {"$select": "id", "$expand": target})["should_be_running__release"]
        return releases[0]["commit"] if releases else None

    def track_latest_release(self, slug_or_uuid_or_id: str | int) -> None:
        """Let an application run its latest release, and move to the next ones by itself.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        options = {"$select": "id", "$expand": {"owns__release": _LATEST_RELEASE}}
        application = self.get(slug_or_uuid_or_id, options)
        body: dict[str, Any] = {"should_track_latest_release": True}
        if application["owns__release"]:
            body["should_be_running__release"] = application["owns__release"][0]["id"]
        self._sdk.pine.patch("application", body, id=application["id"])
