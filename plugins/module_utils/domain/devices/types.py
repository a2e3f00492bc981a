# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device types and their CPU architectures."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ...engine.plan import DeclarationError, NamedId
from ...sdk import hup
from ...sdk._related import related
from ..query import Record, meant

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
    return find_all(balena, [name])[name]


def find_all(balena: Balena, names: Collection[str]) -> dict[str, Record]:
    """Device types by the slugs or aliases that were asked for, in one request, or none for no names.

    :raises DeclarationError: one of them does not exist.
    """
    if not names:
        return {}
    alias = {"$any": {"$alias": "a", "$expr": {"a": {"is_referenced_by__alias": {"$in": sorted(names)}}}}}
    expand = {**WITH_ARCHITECTURE["$expand"], "device_type_alias": {"$select": ["is_referenced_by__alias"]}}
    options = {**WITH_ARCHITECTURE, "$expand": expand, "$filter": {"device_type_alias": alias}}
    found: dict[str, Record] = {}
    for row in balena.pine.get("device_type", options=options):
        device_type = {name: value for name, value in row.items() if name != "device_type_alias"}
        found.update({alias["is_referenced_by__alias"]: device_type for alias in row["device_type_alias"]})
    for name in sorted(names):
        if name not in found:
            known = meant(balena, "device_type", "slug", name)
            raise DeclarationError(f"device type '{name}' does not exist{known}")
    return found


def named(device_type: Record) -> NamedId:
    """The id of a device type, which a diff shows as its slug."""
    return NamedId(device_type["id"], device_type["slug"])


def architecture(device_type: Record) -> str:
    """The slug of the CPU architecture of a device type that was read with L(WITH_ARCHITECTURE)."""
    slug: str = related(device_type, "is_of__cpu_architecture")["slug"]
    return slug


def runs_containers_for(device_type: Record, other: Record) -> bool:
    """Whether devices of one type run containers that were built for another."""
    return hup.is_architecture_compatible(architecture(device_type), architecture(other))
