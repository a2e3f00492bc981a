# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device types, as balena_device_type_info returns them; and their slugs by what people call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine.plan import DeclarationError
from ...sdk._related import related
from ...sdk.models.device_type import DeviceTypeModel
from .. import read_more
from ..options import ReadMore
from ..query import Record, all_of

if TYPE_CHECKING:
    from ...sdk import Balena

_EXPAND = {
    "is_of__cpu_architecture": {"$select": ["slug"]},
    "device_type_alias": {"$select": ["is_referenced_by__alias"]},
}


class Want(ReadMore):
    """The options of the module balena_device_type_info."""

    device_types: list[str] | None
    architecture: str | None
    supported: bool


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The device types that fit all options, in one request; ordered by slug.

    :param want: the options of the module balena_device_type_info.
    :raises DeclarationError: a device type that is named does not exist.
    """
    asked = read_more.wanted(want)
    names = want["device_types"]
    if names == []:
        return {"device_types": []}
    architecture = want["architecture"]
    condition = all_of(
        _named(names) if names else None,
        {"is_of__cpu_architecture": _any("c", {"slug": architecture})} if architecture else None,
    )
    options: dict[str, Any] = {"$select": asked.select(["id", "slug", "name"]), "$expand": asked.expansions(_EXPAND)}
    if condition:
        options["$filter"] = condition
    model = DeviceTypeModel(balena)
    with asked.reading():
        rows = (model.get_all_supported if want["supported"] else model.get_all)(options)
    if not (architecture or want["supported"]):
        _by_name(names or (), rows)
    rows.sort(key=lambda row: row["slug"])
    return {"device_types": [{**_describe(row), **asked.given(row)} for row in rows]}


def slugs_of(balena: Balena, names: Sequence[str]) -> dict[str, str]:
    """The slugs of device types by what they are called in an option, in one request.

    :param names: slugs and aliases; at least one.
    :raises DeclarationError: one of them does not exist.
    """
    rows = DeviceTypeModel(balena).get_all({"$select": ["slug"], "$expand": _EXPAND, "$filter": _named(names)})
    return {name: row["slug"] for name, row in _by_name(names, rows).items()}


def _by_name(names: Sequence[str], rows: Sequence[Record]) -> dict[str, Record]:
    known = {alias: row for row in rows for alias in _aliases(row)} | {row["slug"]: row for row in rows}
    for name in names:
        if name not in known:
            raise DeclarationError(f"device type '{name}' does not exist")
    return {name: known[name] for name in names}


def _named(names: Sequence[str]) -> dict[str, Any]:
    return {"device_type_alias": _any("a", {"is_referenced_by__alias": {"$in": list(names)}})}


def _any(alias: str, condition: Mapping[str, Any]) -> dict[str, Any]:
    return {"$any": {"$alias": alias, "$expr": {alias: dict(condition)}}}


def _aliases(row: Record) -> list[str]:
    return sorted(alias["is_referenced_by__alias"] for alias in row["device_type_alias"])


def _describe(row: Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "slug": row["slug"],
        "name": row["name"],
        "aliases": [alias for alias in _aliases(row) if alias != row["slug"]],
        "architecture": related(row, "is_of__cpu_architecture")["slug"],
    }
