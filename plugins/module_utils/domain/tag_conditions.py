# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose by tags: as a condition that the API takes, and of tags that have been read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine.plan import DeclarationError
from .options import TagSelection
from .text import as_tag_value


def wanted_tags(want: TagSelection) -> dict[str, Any]:
    """The tags that the options C(with_tags) and C(has_tags) ask for; None stands for any value.

    :raises DeclarationError: a value that is neither text nor a number nor a boolean. (That it is empty is found where
        the options come in, but a null here would mean more than was meant, so it is refused here too.)
    """
    found: dict[str, Any] = {str(key): None for key in want["has_tags"] or ()}
    for key, value in (want["with_tags"] or {}).items():
        if not isinstance(value, (str, int, float)):
            raise DeclarationError(
                f"with_tags: the value of '{key}' must be text, a number or a boolean, not {as_tag_value(value)}"
            )
        found[str(key)] = value
    return found


def tag_conditions(tags: Mapping[str, Any] | None, resource: str = "device_tag") -> list[dict[str, Any]]:
    """Conditions on tags: C({"site": "a"}) compares, C({"site": None}) asks for its presence."""
    found = []
    for key, value in (tags or {}).items():
        expression: dict[str, Any] = {"tag_key": str(key)}
        if value is not None:
            expression["value"] = as_tag_value(value)
        parts = [{"t": {name: text}} for name, text in expression.items()]
        found.append({resource: {"$any": {"$alias": "t", "$expr": {"$and": parts} if parts[1:] else parts[0]}}})
    return found


def has_tags(tags: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    """The same as L(tag_conditions), of tags that have been read."""
    return all(
        str(key) in tags and (value is None or as_tag_value(value) == tags[str(key)]) for key, value in wanted.items()
    )
