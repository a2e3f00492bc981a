# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.image``: the container images that releases consist of."""

from __future__ import annotations

from .. import errors
from ._namespace import Namespace, Options, Row


class ImageModel(Namespace):
    """Container images."""

    def get(self, id: int, options: Options | None = None) -> Row:
        """Read one image.

        Args:
            id: the image's id.
            options: pine options, for example ``{"$select": ["id", "status"]}``, without the build log.

        Returns:
            The image as the API sends it.

        Raises:
            BalenaInvalidParameterError: there is no id.
            BalenaImageNotFound: there is no such image.
        """
        if id is None:
            raise errors.BalenaInvalidParameterError("id", id)
        image: Row | None = self._sdk.pine.get("image", id, options)
        if image is None:
            raise errors.BalenaImageNotFound(id)
        return image

    def get_logs(self, id: int) -> str | None:
        """Read what the builder wrote when it built an image.

        Args:
            id: the image's id.

        Returns:
            The log, or None if there is none.

        Raises:
            BalenaImageNotFound: there is no such image.
        """
        log: str | None = self.get(id, {"$select": "build_log"})["build_log"]
        return log
