# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.release.asset``: files that belong to a release."""

from __future__ import annotations

from typing import Any, Union

from .. import errors
from .._download import Download
from ._asset_upload import PART_SIZE, RESOURCE, Asset, Source, Upload, UploadProgress, without_query
from ._ids import RELEASE, Kind
from ._listing import ByRelease
from ._namespace import Options, Row, is_id

#: An asset's id, or ``{"asset_key": key, "release": the release by any of its names}``.
AssetKey = Union[int, dict[str, Any]]


class ReleaseAssetKind(Kind):
    """Assets of releases: an id, or ``{"asset_key": ..., "release": ...}``."""

    resource, parameter = RESOURCE, "id"
    not_found = ambiguous = errors.BalenaReleaseAssetNotFound

    def address(self, sdk: Any, key: Any) -> int | Row:
        """Return the id, or the natural key with the release's id."""
        if is_id(key):
            return int(key)
        if not isinstance(key, dict):
            raise errors.BalenaInvalidParameterError(self.parameter, key)
        named: Row = key
        release = named.get("release")
        if not is_id(release):
            named = {"release": RELEASE.existing_id(sdk, release), "asset_key": named.get("asset_key")}
        if not isinstance(named.get("asset_key"), str):  # the rest of the key would name all assets of the release
            raise errors.BalenaInvalidParameterError("asset_key", named.get("asset_key"))
        return named


ASSET = ReleaseAssetKind()


class ReleaseAssets(ByRelease):
    """``balena.models.release.asset``: files that belong to a release."""

    resource, order = RESOURCE, "id asc"

    def get(self, id: AssetKey, options: Options | None = None) -> Row:
        """Read one asset.

        Args:
            id: the asset's id, or ``{"asset_key": key, "release": release}``, where the release is an id, a commit, or
                ``{"application": slug, uuid or id, "raw_version": version}``.
            options: pine options, for example ``{"$select": ["id", "asset_key"]}``.

        Returns:
            The asset: ``id``, ``asset_key``, and ``asset`` with ``filename``, ``size``, ``content_type`` and ``href``,
            an address that can be read for a while without a token.

        Raises:
            BalenaReleaseAssetNotFound: there is no such asset.
            BalenaReleaseNotFound: there is no such release.
        """
        return ASSET.get(self._sdk, id, options)

    def download(self, id: AssetKey) -> Download:
        """Download the file of an asset. It does not go through memory.

        >>> balena.models.release.asset.download(5).save("manual.pdf")

        Args:
            id: the asset's id or key, as for `get`.

        Returns:
            An open stream: `save` it to a file, iterate over it, or `read` from it; it checks the length at its end.

        Raises:
            BalenaReleaseAssetNotFound: there is no such asset.
            BalenaError: the asset has no file.
            BalenaRequestError: the storage refused the request.
        """
        file = self.get(id, {"$select": "asset"})["asset"] or {}
        if not file.get("href"):
            raise errors.BalenaError("Release asset does not contain any uploaded file")
        with without_query():
            return Download.of(self._sdk.request.stream(url=file["href"], send_token=False))

    def upload(
        self,
        *,
        asset: Asset,
        asset_key: str,
        release: int,
        chunk_size: int = PART_SIZE,
        parallel_uploads: int = 5,
        overwrite: bool = False,
        on_upload_progress: UploadProgress | None = None,
    ) -> Row:
        """Upload a file to a release. More than 5 MiB are sent in parts; only those on their way are in memory.

        Args:
            asset: the path of a file, or a ``BalenaWebResourceFile``.
            asset_key: the asset's key, unique in its release.
            release: the release's id.
            chunk_size: bytes of a part; storages want at least 5 MiB.
            parallel_uploads: how many parts are sent at the same time.
            overwrite: replace the file if the asset exists.
            on_upload_progress: called with ``{"total": bytes, "uploaded": bytes}`` when the server has got more.

        Returns:
            The asset as the API sends it.

        Raises:
            BalenaUsageError: the file cannot be read.
            ReleaseAssetAlreadyExists: there is an asset with this key, and ``overwrite`` is not set.
            BalenaRequestError: the API or the storage refused the request.
        """
        for name, value in (("chunk_size", chunk_size), ("parallel_uploads", parallel_uploads)):
            if value < 1:
                raise errors.BalenaInvalidParameterError(name, value)
        source = Source.of(asset)
        key = {"asset_key": asset_key, "release": release}
        existing = self._sdk.pine.get(RESOURCE, key, {"$select": "id"})
        if existing is not None and not overwrite:
            raise errors.ReleaseAssetAlreadyExists(release, asset_key)
        upload = Upload(self._sdk, source, chunk_size, parallel_uploads, on_upload_progress)
        return upload.run(key, None if existing is None else existing["id"])

    def remove(self, id: AssetKey) -> None:
        """Remove an asset with its file. Nothing happens if there is no such asset.

        Args:
            id: the asset's id or key, as for `get`.

        Raises:
            BalenaReleaseNotFound: there is no such release.
        """
        self._sdk.pine.delete(RESOURCE, ASSET.address(self._sdk, id))
