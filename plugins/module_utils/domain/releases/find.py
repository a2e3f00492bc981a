# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases of applications, found by what people call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine.plan import DeclarationError
from ...sdk._chunks import chunks
from ..query import Record, meant
from ..selector import need_application
from .names import ReleaseName, read_name

if TYPE_CHECKING:
    from ...sdk import Balena


def find(
    balena: Balena,
    name: str | int,
    application: str | int | None = None,
    *,
    select: Sequence[str] = (),
    expand: Mapping[str, Any] | None = None,
) -> Record:
    """The release that an option names, in one request.

    :param name: as L(read_name) takes it, but for C(track).
    :param application: only releases of this application; without one, only an id or a commit names a release.
    :raises DeclarationError: there is none, or the name is that of several.
    """
    found, wanted, where = _find(balena, name, application, select, expand)
    if found is None:
        raise DeclarationError(wanted.missing(where) + nearest(balena, wanted, where))
    return found


def look_up(balena: Balena, name: str | int, application: str | int, **read: Any) -> Record | None:
    """The release of an application that an option names, or None; otherwise as L(find)."""
    return _find(balena, name, application, read.get("select", ()), read.get("expand"))[0]


def _find(
    balena: Balena,
    name: str | int,
    application: str | int | None,
    select: Sequence[str],
    expand: Mapping[str, Any] | None,
) -> tuple[Record | None, ReleaseName, str]:
    """The release, if there is one, what its name means, and where it was looked for."""
    wanted = read_name(name)
    if wanted.kind == "track":
        raise DeclarationError(f"release '{wanted.text}' does not name a release")
    reading = wanted.reading(select, expand)
    if application:
        home = need_application(balena, application, expand={"owns__release": reading})
        where, rows = of_application(home["slug"]), home["owns__release"]
    elif wanted.needs_application:
        raise DeclarationError(f"application is needed to find release '{wanted.text}' by its version")
    else:
        where, rows = "", balena.pine.get("release", options=reading)
    return wanted.choose(rows, where), wanted, where


def find_in_each(balena: Balena, wanted: ReleaseName, applications: Mapping[int, str]) -> dict[int, Record]:
    """The release that a name means in each of several applications, in one request.

    :param applications: id and slug of each.
    :returns: the releases by the ids of their applications.
    :raises DeclarationError: one of the applications has no such release, or several.
    """
    found: dict[int, Record] = {}
    for piece in chunks(list(applications)):
        options = {
            "$select": ["id"],
            "$filter": {"id": {"$in": list(piece)}},
            "$expand": {"owns__release": wanted.reading()},
        }
        for row in balena.pine.get("application", options=options):
            release = wanted.choose(row["owns__release"], of_application(applications[row["id"]]))
            if release is not None:
                found[row["id"]] = release
    for id_, slug in applications.items():
        if id_ not in found:
            where = of_application(slug)
            raise DeclarationError(wanted.missing(where) + _elsewhere(balena, wanted) + nearest(balena, wanted, where))
    return found


def of_application(slug: str) -> str:
    """The part of a message that says where a release was looked for."""
    return f" of application '{slug}'"


def nearest(balena: Balena, wanted: ReleaseName, where: str) -> str:
    """Which draft or version was probably meant, of the application that C(where) names (L(of_application))."""
    if wanted.kind != "version" or "'" not in where:
        return ""
    home = {"belongs_to__application": {"$any": {"$alias": "a", "$expr": {"a": {"slug": where.split("'")[1]}}}}}
    options = {
        "$select": ["raw_version", "is_final"],
        "$filter": {"is_final": False, "raw_version": {"$startswith": f"{wanted.text}-"}, **home},
        "$orderby": "created_at desc",
    }
    drafts = wanted.drafts(balena.pine.get("release", options=options))
    return drafts or meant(balena, "release", "raw_version", wanted.text, home)


def _elsewhere(balena: Balena, wanted: ReleaseName) -> str:
    """Where a release is that was looked for in the wrong application."""
    if wanted.needs_application:
        return ""
    options = {
        "$select": ["id"],
        "$filter": dict(wanted.condition),
        "$expand": {"belongs_to__application": {"$select": ["slug"]}},
        "$top": 5,
    }
    rows = balena.pine.get("release", options=options)
    homes = sorted({home["slug"] for row in rows for home in row["belongs_to__application"]})
    return f"; it is a release of {', '.join(homes)}" if homes else ""
