# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.utils``: helpers that callers of the SDK need too."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ._options import merge_options
from .errors import BalenaInvalidParameterError, BalenaUsageError

__all__ = ["BalenaWebResourceFile", "list_images_from_target_state", "merge_pine_options"]

# The picture types that the API stores (recorded: other names get no type).
_IMAGE_TYPES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


class BalenaWebResourceFile:
    """A file to be stored in a field of a resource, for example an organization's logo.

    Args:
        content: the bytes of the file.
        name: its name; the type is derived from its ending.
        type: its MIME type, when the name does not tell.

    Attributes:
        content, name, type: as given; ``type`` is ``""`` when unknown.
        size: the number of bytes.

    Raises:
        BalenaInvalidParameterError: the content is not bytes, or the name not text.
    """

    def __init__(self, content: bytes, name: str, type: str | None = None) -> None:
        for parameter, value, kind in (("content", content, bytes), ("name", name, str)):
            if not isinstance(value, kind):
                expected = "bytes" if kind is bytes else "text"
                raise BalenaInvalidParameterError(parameter, expected=expected, given=value)
        self.content = content
        self.name = name
        self.type = _IMAGE_TYPES.get(os.path.splitext(name)[1].lower(), "") if type is None else type
        self.size = len(content)


def merge_pine_options(
    defaults: Mapping[str, Any] | None, extras: Mapping[str, Any] | None, replace_selects: bool = False
) -> dict[str, Any]:
    """Return OData options extended by others; neither is changed.

    ``$select`` is appended (``*`` replaces), ``$filter`` is joined with *and*, ``$expand`` is merged in the same way
    level by level, and ``$orderby``, ``$top`` and ``$skip`` of the others win. What else they have is left out.

    Args:
        defaults: the options to extend.
        extras: the others; ``None`` for none.
        replace_selects: let a ``$select`` of ``extras`` replace the other one, on every level.

    Raises:
        BalenaUsageError: a key that is not an option, or a value that an option cannot have.
    """
    return merge_options(defaults, extras, replace_selects)


def list_images_from_target_state(target_state: Mapping[str, Any]) -> list[str]:
    """Return the images that a device's target state names, in its order; an image named twice comes twice.

    Args:
        target_state: as ``balena.models.device.get_supervisor_target_state`` returns it.

    Raises:
        BalenaUsageError: this is not a target state.
    """
    try:
        return list(_images(target_state))
    except (AttributeError, KeyError, TypeError) as error:
        raise BalenaUsageError(f"This is not a target state: {type(error).__name__} {error}") from None


def _images(target_state: Mapping[str, Any]) -> Iterator[str]:
    for device in target_state.values():
        for app in device["apps"].values():
            for release in app["releases"].values():
                for service in release["services"].values():
                    yield service["image"]


class Utils:
    """Helpers that callers of the SDK need too."""

    BalenaWebResourceFile = BalenaWebResourceFile
    list_images_from_target_state = staticmethod(list_images_from_target_state)
    merge_pine_options = staticmethod(merge_pine_options)
