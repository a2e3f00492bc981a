# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as the API stores them: text."""

from __future__ import annotations

from typing import Any


def as_tag_value(value: Any) -> str:
    """A tag's value as the API stores it: text; booleans are C(true) and C(false)."""
    return str(value).lower() if isinstance(value, bool) else str(value)
