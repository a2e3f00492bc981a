# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of devices in documents of fleets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def choosing(tags: Mapping[str, str | None]) -> dict[str, Any]:
    """What says in a document that a group has the devices with these tags; None: whatever the value."""
    parts = {
        "match": {key: value for key, value in tags.items() if value is not None},
        "has_tags": [key for key, value in tags.items() if value is None],
    }
    return {name: part for name, part in parts.items() if part}
