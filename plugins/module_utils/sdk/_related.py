# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one row behind a relation: of a reference its id, of an expanded one the row, which can be missing.

The API leaves out what the token may not see: the organization of a public application of others comes as an empty
list, and so does the application of a device that was shared. Some rows lack the relation for good: an application that
holds a host OS has no device type. What only shows rows goes on without; what writes says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import BalenaMissingRelation

Row = Mapping[str, Any]


def related_or_none(row: Row, relation: str) -> dict[str, Any] | None:
    """Return the row behind an expanded relation, or None if there is none or the token may not see it.

    Args:
        row: a row that was read with ``relation`` expanded.
        relation: such as ``belongs_to__application``.
    """
    found: dict[str, Any] | None = next(iter(row[relation]), None)
    return found


def related(row: Row, relation: str) -> dict[str, Any]:
    """Return the row behind an expanded relation.

    Args:
        row: a row that was read with ``relation`` expanded.
        relation: such as ``belongs_to__application``.

    Raises:
        BalenaMissingRelation: there is none, or the token may not see it; names the row and what it lacks.
    """
    found = related_or_none(row, relation)
    if found is None:
        what = relation.rpartition("__")[2].replace("_", " ")
        raise BalenaMissingRelation(f"{called(row)} has no {what}, or the token may not see it")
    return found


def referenced(value: Any) -> Any:
    """Return the id of a reference to a row, ``{"__id": 1}``, and any other value as it is."""
    return value["__id"] if isinstance(value, Mapping) and "__id" in value else value


def called(row: Row) -> str:
    """Say which row this is: its name and its uuid, else its id."""
    names = ("device_name", "slug", "app_name", "tag_key", "name", "commit", "service_name")
    name = next((row[column] for column in names if row.get(column)), None)
    return " ".join(str(part) for part in (name, row.get("uuid")) if part) or f"the row {row.get('id')}"
