# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of rows: the lengths of their names and content types."""

from __future__ import annotations

from ..http.responses import BadRequest
from .write import Write, before

LONGEST_NAME, LONGEST_TYPE = 255, 129
RULE = (
    "It is necessary that each release asset that has an asset, has an asset that has a Filename (Type) that has"
    f" a Length (Type) that is less than or equal to {LONGEST_NAME} and has a Content Type (Type) that has a Length"
    f" (Type) that is less than or equal to {LONGEST_TYPE}."
)


@before("create update", "release_asset")
def check_file(write: Write) -> None:
    """Names and content types are not too long."""
    file = write.values.get("asset") or {"filename": "", "content_type": ""}
    if len(file["filename"]) > LONGEST_NAME or len(file["content_type"]) > LONGEST_TYPE:
        raise BadRequest(RULE)
