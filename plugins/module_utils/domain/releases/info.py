# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases of an application, as balena_release_info returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...engine.plan import DeclarationError
from ...sdk._related import related_or_none
from .. import read_more
from ..options import ReadMore, Selection
from ..query import Record, all_of
from ..rows import judge, needs_of, user_condition
from ..selector import need_application
from ..tag_conditions import tag_conditions, wanted_tags
from ..tags.compare import shown_tags
from . import assets
from .fields import RELEASE
from .find import nearest, of_application
from .names import ReleaseName, read_name

if TYPE_CHECKING:
    from ...sdk import Balena

#: Key of the result -> column, of those that are plain values.
_COLUMNS = {
    "id": "id",
    "commit": "commit",
    "version": "raw_version",
    "status": "status",
    **{field.option: field.columns[0] for field in RELEASE.fields},
    "created_at": "created_at",
}
_TAGS = {"release_tag": {"$select": ["tag_key", "value"]}}
_IMAGES: dict[str, Any] = {
    "release_image": {
        "$select": ["id"],
        "$expand": {
            "image": {
                "$select": ["id", "is_stored_at__image_location"],
                "$expand": {"is_a_build_of__service": {"$select": ["service_name"]}},
            }
        },
    }
}


class Want(Selection, ReadMore):
    """The options of the module balena_release_info."""

    application: str
    release: Any | None
    final: bool | None
    invalidated: bool | None
    limit: int | None
    images: bool
    assets: bool


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The releases of an application that fit all options, the newest first, in one request.

    :param want: the options of the module balena_release_info.
    :raises DeclarationError: there is none, and C(allow_empty) does not say that this is fine.
    """
    asked = read_more.wanted(want)
    named = read_name(want["release"]) if want["release"] is not None else None
    if named is not None and named.kind == "track":
        raise DeclarationError("release 'track' does not name a release")
    ours, options = _reading(want, asked, named)
    with asked.reading():
        application = need_application(balena, want["application"], expand={"owns__release": options})
    releases = application["owns__release"]
    theirs = user_condition(want["filter"])
    judge(releases, all_of(ours, {"belongs_to__application": application["id"]}), "release", theirs)
    rows = _chosen(releases, named, of_application(application["slug"]))
    if not rows and not want["allow_empty"]:
        where = of_application(application["slug"])
        nothing = f"the options select no release{where}; say allow_empty: true if that can be"
        raise DeclarationError(named.missing(where) + nearest(balena, named, where) if named else nothing)
    return {"releases": [{**_describe(row, want), **asked.given(row)} for row in rows]}


def _reading(want: Want, asked: read_more.More, named: ReleaseName | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The condition that releases are judged by, and the options to read them with."""
    columns = asked.select([*_COLUMNS.values(), "is_passing_tests"])
    own = {**_TAGS, **(_IMAGES if want["images"] else {}), **(assets.EXPAND if want["assets"] else {})}
    start: dict[str, Any] = named.reading(columns) if named else {"$select": columns, "$orderby": "created_at desc"}
    ours = all_of(
        {"is_final": want["final"]} if want["final"] is not None else None,
        {"is_invalidated": want["invalidated"]} if want["invalidated"] is not None else None,
        *tag_conditions(wanted_tags(want), "release_tag"),
    )
    theirs = user_condition(want["filter"])
    needed = ["belongs_to__application", *needs_of(ours).columns]
    start["$select"] = list(dict.fromkeys([*start["$select"], *needed]))
    options = {**start, "$expand": asked.expansions(own)}
    condition = all_of(start.get("$filter"), ours, theirs.text if theirs else None)
    if condition:
        options["$filter"] = condition
    limit = want["limit"]
    if limit is not None and limit < 1:
        raise DeclarationError(f"limit must be at least 1, not {limit}")
    return ours, options if limit is None or named else {**options, "$top": limit}


def _chosen(rows: list[Record], named: ReleaseName | None, where: str) -> list[Record]:
    if named is None:
        return rows
    found = named.choose(rows, where)
    return [] if found is None else [found]


def _describe(row: Record, want: Want) -> dict[str, Any]:
    """A release as the task returns it. What else it has was asked for by the API's names, and stays as it is."""
    found = {key: row[column] for key, column in _COLUMNS.items()}
    found["tags"] = shown_tags(row["release_tag"])
    if want["images"]:
        images = [image for item in row["release_image"] if (image := related_or_none(item, "image"))]
        built = ((related_or_none(image, "is_a_build_of__service"), image) for image in images)
        of_service = {
            service["service_name"]: image["is_stored_at__image_location"] for service, image in built if service
        }
        found["images"] = dict(sorted(of_service.items()))
    if want["assets"]:
        found["assets"] = assets.describe(row[assets.RESOURCE])
        for asset in row[assets.RESOURCE]:
            found["assets"][asset["asset_key"]]["url"] = (asset["asset"] or {}).get("href")
    return found
