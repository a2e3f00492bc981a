# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of balenaOS, as balena_os_version_info returns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...engine.plan import DeclarationError
from ...sdk import os_version
from ...sdk.errors import HUPActionError
from ...sdk.hup import check_update
from ...sdk.models.os import OsModel
from .. import read_more
from ..devices.types_info import slugs_of
from ..options import ReadMore
from ..query import Record

if TYPE_CHECKING:
    from ...sdk import Balena

_AVAILABLE: dict[str, Any] = {"is_invalidated": False, "status": "success"}


class Want(ReadMore):
    """The options of the module balena_os_version_info."""

    device_types: list[str]
    version: str | None
    update_from: str | None
    os_type: str | None
    recommended: bool
    drafts: bool


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The OS versions of some device types, the highest first, in two requests.

    :param want: the options of the module balena_os_version_info.
    :raises DeclarationError: a device type that does not exist, or C(version) or C(update_from) is not a version.
    """
    asked = read_more.wanted(want)
    if not want["device_types"]:
        return {"os_versions": []}
    _check(want)
    slugs = slugs_of(balena, want["device_types"])
    model = OsModel(balena)
    options = {
        "$select": asked.select(["id"]),
        "$expand": asked.expansions(),
        "$filter": _AVAILABLE if want["drafts"] else {**_AVAILABLE, "is_final": True},
    }
    with asked.reading():
        versions = model.get_all_os_versions(sorted(set(slugs.values())), options)
    found = []
    for slug in dict.fromkeys(slugs.values()):
        marked = _recommended(versions.get(slug, ()))
        rows = [row for row in versions.get(slug, ()) if _fits(row, want, marked)]
        if want["update_from"]:
            rows = [row for row in rows if _can_follow(slug, want["update_from"], row)]
        found += [{"device_type": slug, **_describe(row, marked), **asked.given(row)} for row in rows]
    return {"os_versions": found}


def _check(want: Want) -> None:
    start = want["update_from"]
    if start and os_version.parse(start) is None:
        raise DeclarationError(f"update_from '{start}' is not a balenaOS version such as 2.112.12")
    wanted = want["version"]
    if wanted and not any(character.isdigit() for character in wanted):
        raise DeclarationError(f"version '{wanted}' is neither a version nor a range such as ^2.100 or >=5.0.0")


def _recommended(versions: Sequence[Record]) -> set[int]:
    """The newest version of each OS type that is fit for everybody, by the ids of their releases."""
    found: dict[str, int] = {}
    for row in versions:
        fit = row["variant"] != "dev" and not row.get("known_issue_list")
        if fit and not os_version.prerelease(row["raw_version"]):
            found.setdefault(row["osType"], row["id"])
    return set(found.values())


def _can_follow(slug: str, running: str, row: Record) -> bool:
    try:
        check_update(slug, running, row["raw_version"], row["basedOnVersion"])
    except HUPActionError:
        return False
    return True


def _fits(row: Record, want: Want, recommended: set[int]) -> bool:
    if want["os_type"] and row["osType"] != want["os_type"]:
        return False
    if want["recommended"] and row["id"] not in recommended:
        return False
    version = want["version"]
    return not version or row["raw_version"] == version or os_version.satisfies(row["raw_version"], version)


def _describe(row: Record, recommended: set[int]) -> dict[str, Any]:
    return {
        "version": row["raw_version"],
        "release_id": row["id"],
        "variant": row["variant"],
        "os_type": row["osType"],
        "line": row.get("line"),
        "recommended": row["id"] in recommended,
        "known_issues": row["known_issue_list"],
    }
