# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell an argument that was not given from one that is None: "leave it as it is" from "clear it"."""

from __future__ import annotations

from typing import Any

#: The default of arguments for which None has a meaning.
UNSET: Any = object()


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not UNSET."""
    return {name: value for name, value in fields.items() if value is not UNSET}
