# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images get their place in the registry; nothing else of a key or an image is the client's to choose."""

from __future__ import annotations

from ..store.values import new_location
from .write import Write, before


@before("create", "image")
def locate(write: Write) -> None:
    """Every image is stored somewhere else, wherever the client says."""
    write.values["is_stored_at__image_location"] = new_location()
