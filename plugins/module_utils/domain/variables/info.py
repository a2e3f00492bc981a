# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables, as balena_env_var_info returns them: their names, and the values only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...engine.plan import DeclarationError
from .. import read_more
from ..query import Record
from ..rows import children
from .compare import resource_of
from .options import Asked
from .parents import find

if TYPE_CHECKING:
    from ...sdk import Balena


def read(balena: Balena, want: Asked) -> dict[str, Any]:
    """The variables of all subjects, in as many requests as balena_env_var reads them in.

    :param want: the options of the module balena_env_var_info.
    :raises DeclarationError: options that do not fit the scope, something that does not exist, or C(fields) that
        would show values that are not asked for.
    """
    asked = read_more.wanted(want)
    if "value" in asked.fields:
        raise DeclarationError("fields: values are returned with values: true")
    resource, column = resource_of(want["scope"], want["kind"])
    holders = find(balena, want)
    names = want["names"]
    keys = {parent.id: " ".join(parent.key) for parent in holders.parents if isinstance(parent.id, int)}
    with asked.reading():
        rows = children(
            balena,
            resource,
            column,
            list(keys) if names != [] else [],
            select=asked.select(["name", "value"] if want["values"] else ["name"]),
            expand=asked.expansions(),
            where={"name": {"$in": names}} if names else None,
            through=holders.through,
        )
    rows.sort(key=lambda row: (keys[row[column]["__id"]], row["name"]))
    return _result(rows, column, keys, want["values"], asked)


def _result(
    rows: list[Record], column: str, keys: Mapping[int, str], values: bool, asked: read_more.More
) -> dict[str, Any]:
    names: dict[str, list[str]] = {key: [] for key in keys.values()}
    variables: dict[str, dict[str, str]] = {key: {} for key in keys.values()}
    for row in rows:
        key = keys[row[column]["__id"]]
        names[key].append(row["name"])
        variables[key][row["name"]] = row.get("value", "")
    result: dict[str, Any] = {"names": names, **({"variables": variables} if values else {})}
    if asked.fields or asked.expand:
        result["details"] = [{"of": keys[row[column]["__id"]], "name": row["name"], **asked.given(row)} for row in rows]
    return result
