# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.release``: what was built for an application.

Every method that takes a release takes it by its id, its commit or the beginning of that, or
``{"application": slug, uuid or id, "raw_version": version}``.
"""

from __future__ import annotations

from typing import Any, Union
from urllib.parse import quote

from .. import errors
from .._related import related, related_or_none
from ..utils import merge_pine_options
from ._ids import APPLICATION, RELEASE
from ._keyed_values import Tags, Value
from ._listing import ByApplication, ByRelease
from ._namespace import Nested, Options, Row, is_id
from ._release_assets import ReleaseAssets

#: How a release is named.
ReleaseKey = Union[str, int, dict[str, Any]]


class ReleaseTags(Tags, ByRelease, ByApplication):
    """``balena.models.release.tags``"""

    resource, parent, parent_field = "release_tag", RELEASE, "release"
    to_application = ("release", "belongs_to__application")

    def set(self, commit_or_id_or_raw_version: ReleaseKey, tag_key: str, value: Value) -> None:
        """Set one tag, whether or not it exists.

        Args:
            commit_or_id_or_raw_version: the release (see the top of this file).
            tag_key: the tag's key.
            value: text, or a number, True or False, which are stored as text.

        Raises:
            BalenaReleaseNotFound: there is no such release.
            BalenaAmbiguousRelease: several releases have a commit that begins like this.
        """
        self._set(commit_or_id_or_raw_version, tag_key, value)

    def remove(self, commit_or_id_or_raw_version: ReleaseKey, tag_key: str) -> None:
        """Remove one tag, if it exists.

        Args:
            commit_or_id_or_raw_version: the release (see the top of this file).
            tag_key: the tag's key.

        Raises:
            BalenaReleaseNotFound: there is no such release.
            BalenaAmbiguousRelease: several releases have a commit that begins like this.
        """
        self._remove(commit_or_id_or_raw_version, tag_key)


class ReleaseModel(ByApplication):
    """``balena.models.release``"""

    resource, order = RELEASE.resource, RELEASE.order
    to_application = ("belongs_to__application",)
    tags = Nested(ReleaseTags)
    asset = Nested(ReleaseAssets)

    def get(self, commit_or_id_or_raw_version: ReleaseKey, options: Options | None = None) -> Row:
        """Read one release.

        Args:
            commit_or_id_or_raw_version: the release (see the top of this file).
            options: pine options, for example ``{"$select": ["id", "commit"]}``.

        Returns:
            The release as the API sends it.

        Raises:
            BalenaReleaseNotFound: there is no such release.
            BalenaAmbiguousRelease: several releases have a commit that begins like this.
            BalenaApplicationNotFound: there is no such application.
        """
        return RELEASE.get(self._sdk, commit_or_id_or_raw_version, merge_pine_options({}, options))

    def get_with_image_details(
        self,
        commit_or_id_or_raw_version: ReleaseKey,
        *,
        release: Options | None = None,
        image: Options | None = None,
    ) -> Row:
        """Read one release with its images and who made it.

        Args:
            commit_or_id_or_raw_version: the release (see the top of this file).
            release: pine options for the release.
            image: pine options for the images, for example ``{"$select": ["image_size"]}``.

        Returns:
            The release as the API sends it, with ``images``: ``{"id": ..., "service_name": ...}`` by service, and
            ``user``: ``{"id": ..., "username": ...}`` if it is known.

        Raises:
            BalenaReleaseNotFound: there is no such release.
            BalenaAmbiguousRelease: several releases have a commit that begins like this.
        """
        of_image = {"$select": "id", "$expand": {"is_a_build_of__service": {"$select": "service_name"}}}
        of_release = {
            "release_image": {"$expand": {"image": merge_pine_options(of_image, image)}},
            "is_created_by__user": {"$select": ["id", "username"]},
        }
        found = self.get(commit_or_id_or_raw_version, merge_pine_options({"$expand": of_release}, release))
        joined = found.pop("release_image")
        found["images"] = sorted(filter(None, map(_with_service_name, joined)), key=_by_service_name)
        if found["is_created_by__user"]:
            found["user"] = found["is_created_by__user"][0]
        return found

    def get_latest_by_application(self, slug_or_uuid_or_id: str | int, options: Options | None = None) -> Row | None:
        """Read the newest release of an application that was built successfully.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            options: pine options, for example ``{"$select": ["id", "commit"]}``.

        Returns:
            The release as the API sends it, or None if there is none.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several applications match.
        """
        latest = merge_pine_options({"$top": 1, "$filter": {"status": "success"}}, options)
        releases = self.get_all_by_application(slug_or_uuid_or_id, latest)
        return releases[0] if releases else None

    def create_from_url(
        self, slug_or_uuid_or_id: str | int, *, url: str, should_flatten: bool | None = None, **builder_options: Any
    ) -> int:
        """Let the builder make a release from an archive of sources.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            url: where the builder finds a ``.tar.gz`` or ``.zip`` with the sources.
            should_flatten: whether the sources are in one folder inside the archive, as GitHub makes them (default).
            **builder_options: more options as the builder calls them, for example ``dockerfilePath="x"``.

        Returns:
            The id of the new release; it is still being built.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several applications match.
            BalenaError: the builder did not start; the message says why.
            BalenaRequestError: the builder refused the request.
        """
        wanted = {"$select": "app_name", "$expand": {"organization": {"$select": "handle"}}}
        application = APPLICATION.get(self._sdk, slug_or_uuid_or_id, wanted)
        owner, name = related(application, "organization")["handle"], application["app_name"]
        flatten = True if should_flatten is None else should_flatten
        answer = self._sdk.request.send(
            method="POST",
            url=f"/v3/buildFromUrl?headless=true&owner={quote(owner, safe='')}&app={quote(name, safe='')}",
            base_url=self._sdk.options.builder_root,
            body={"url": url, "shouldFlatten": flatten, **builder_options},
            shape="object",
        ).body
        if not answer.get("started"):
            raise errors.BalenaError(answer.get("message") or "The builder did not start, and did not say why")
        if not is_id(answer.get("releaseId")):
            raise errors.BalenaInvalidResponseError("The builder started, and did not say what it builds")
        return int(answer["releaseId"])

    def _change(self, release: ReleaseKey, body: Row) -> None:
        self._sdk.pine.patch(self.resource, body, RELEASE.existing_id(self._sdk, release))

    def finalize(self, commit_or_id_or_raw_version: ReleaseKey) -> None:
        """Make a draft release final. This cannot be undone.

        Args:
            commit_or_id_or_raw_version: the release (see the top of this file).

        Raises:
            BalenaReleaseNotFound: there is no such release.
            BalenaAmbiguousRelease: several releases have a commit that begins like this.
        """
        self._change(commit_or_id_or_raw_version, {"is_final": True})

    def set_is_invalidated(self, commit_or_id_or_raw_version: ReleaseKey, is_invalidated: bool) -> None:
        """Mark a release as one that must not be used, or as usable again.

        Args:
            commit_or_id_or_raw_version: the release (see the top of this file).
            is_invalidated: True for one that must not be used.

        Raises:
            BalenaReleaseNotFound: there is no such release.
            BalenaAmbiguousRelease: several releases have a commit that begins like this.
            BalenaRequestError: the API refused the request, for example because devices are pinned to it.
        """
        self._change(commit_or_id_or_raw_version, {"is_invalidated": is_invalidated})

    def set_note(self, commit_or_id_or_raw_version: ReleaseKey, note_or_null: str | None) -> None:
        """Write a note to a release.

        Args:
            commit_or_id_or_raw_version: the release (see the top of this file).
            note_or_null: the note; None removes it.

        Raises:
            BalenaReleaseNotFound: there is no such release.
            BalenaAmbiguousRelease: several releases have a commit that begins like this.
        """
        self._change(commit_or_id_or_raw_version, {"note": note_or_null})

    def set_known_issue_list(
        self, commit_or_id_or_raw_version: ReleaseKey, known_issue_list_or_null: str | None
    ) -> None:
        """Write down the known issues of a release.

        Args:
            commit_or_id_or_raw_version: the release (see the top of this file).
            known_issue_list_or_null: the issues; None removes them.

        Raises:
            BalenaReleaseNotFound: there is no such release.
            BalenaAmbiguousRelease: several releases have a commit that begins like this.
        """
        self._change(commit_or_id_or_raw_version, {"known_issue_list": known_issue_list_or_null})


def _with_service_name(joined: Row) -> Row | None:
    """Return an image of a release with the name of its service; None if the token may not see one of the two."""
    image = related_or_none(joined, "image")
    service = related_or_none(image, "is_a_build_of__service") if image else None
    if image is None or service is None:
        return None
    details = {name: value for name, value in image.items() if name != "is_a_build_of__service"}
    return {**details, "service_name": service["service_name"]}


def _by_service_name(image: Row) -> tuple[str, str]:
    return image["service_name"].casefold(), image["service_name"]
