# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device types and their CPU architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...sdk.models.os import OsModel
from ..plan import DeclarationError, NamedId
from ..reading import Record

if TYPE_CHECKING:
    from ...sdk import Balena

#: Reads a device type with its architecture, where a relation is expanded.
WITH_ARCHITECTURE: dict[str, Any] = {
    "$select": ["id", "slug"],
    "$expand": {"is_of__cpu_architecture": {"$select": ["slug"]}},
}


def find(balena: Balena, name: str) -> Record:
    """A device type by its slug or one of its aliases, with its architecture.

    :raises DeclarationError: there is none.
    """
    alias = {"$any": {"$alias": "a", "$expr": {"a": {"is_referenced_by__alias": name}}}}
    options = {**WITH_ARCHITECTURE, "$filter": {"device_type_alias": alias}, "$top": 1}
    rows = balena.pine.get("device_type", options=options)
    if not rows:
        raise DeclarationError(f"device_type '{name}' does not exist")
    return rows[0]


def named(device_type: Record) -> NamedId:
    """The id of a device type, which a diff shows as its slug."""
    return NamedId(device_type["id"], device_type["slug"])


def architecture(device_type: Record) -> str:
    """The slug of the CPU architecture of a device type that was read with L(WITH_ARCHITECTURE)."""
    slug: str = device_type["is_of__cpu_architecture"][0]["slug"]
    return slug


def runs_containers_for(balena: Balena, device_type: Record, other: Record) -> bool:
    """Whether devices of one type run containers that were built for another."""
    return OsModel(balena).is_architecture_compatible_with(architecture(device_type), architecture(other))
