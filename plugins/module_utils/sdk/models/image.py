# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.image``: the container images that releases consist of."""

from __future__ import annotations

from .. import errors
from ..utils import merge_pine_options
from ._namespace import Namespace, Options, Row

# Everything but build_log, which can be very large.
_FIELDS = (
    "id",
    "content_hash",
    "dockerfile",
    "project_type",
    "status",
    "error_message",
    "image_size",
    "created_at",
    "push_timestamp",
    "start_timestamp",
    "end_timestamp",
)


class ImageModel(Namespace):
    """Container images."""

    def get(self, id: int, options: Options | None = None) -> Row:
        """Read one image, by default without its build log.

        Args:
            id: the image's id.
            options: pine options; here a ``$select`` replaces the fields that are read by default.

        Returns:
            The image as the API sends it.

        Raises:
            BalenaInvalidParameterError: there is no id.
            BalenaImageNotFound: there is no such image.
        """
        if id is None:
            raise errors.BalenaInvalidParameterError("id", id)
        merged = merge_pine_options({"$select": list(_FIELDS)}, options, replace_selects=True)
        image: Row | None = self._sdk.pine.get("image", id, merged)
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
