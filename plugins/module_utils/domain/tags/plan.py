# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of an application, of many devices or of a release, as the module balena_tag declares them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...engine.plan import DeclarationError, Plan
from ..accounts.whom import accounting
from ..device_names import named_uuid
from ..options import DeviceSelection, needed
from ..query import Record
from ..selector import need_application, refuse_selection, refuse_wandering_limit, select_devices
from .compare import Tagged, check_tag, compare_tags, resulting_tags

if TYPE_CHECKING:
    from ...sdk import Balena

#: Finds one release; given by the caller, since releases have tags and not the other way round.
FindRelease = Callable[..., Record]


class Want(DeviceSelection):
    """The options of the module balena_tag."""

    scope: str
    release: Any | None
    name: str | None
    value: Any | None
    tags: dict[str, Any] | None
    state: str
    purge: bool


@accounting
def plan_tags(balena: Balena, want: Want, find_release: FindRelease) -> Plan:
    """What has to change for the tags of all subjects to be as declared.

    :param want: the options of the module balena_tag.
    :param find_release: finds the release that C(release) names, with relations to expand; see C(releases/find.py).
    :raises DeclarationError: options that do not fit the scope, something that does not exist, or a tag that the API
        does not take.
    """
    _check(want)
    scope = want["scope"]
    wanted = _declared(want)
    for name, value in wanted.items():
        check_tag(scope, name, value)
    only = None if want["purge"] else sorted(wanted)
    things = [
        Tagged(row["id"], key, wanted, row[f"{scope}_tag"]) for key, row in _subjects(balena, want, only, find_release)
    ]
    changes = compare_tags(scope, things, purge=want["purge"])
    after = resulting_tags(things, changes)
    return Plan(tuple(changes), len(things), {"tags": {" ".join(key): found for key, found in after.items()}})


def _declared(want: Want) -> dict[str, Any]:
    given = want["tags"] if want["tags"] is not None else {want["name"]: want["value"]}
    absent = want["state"] == "absent"
    if want["name"] is not None and want["value"] is None and not absent:
        raise DeclarationError(f"value is needed to declare the tag '{want['name']}' (or state: absent)")
    return {str(name): None if absent else value for name, value in given.items()}


def _check(want: Want) -> None:
    scope = want["scope"]
    refuse_wandering_limit(want, tags=want["tags"] or [needed(want["name"])])
    if scope != "device":
        refuse_selection(want, scope)
    if (scope == "release") != (want["release"] is not None):
        need = "is needed" if scope == "release" else "cannot be used"
        raise DeclarationError(f"release {need} with scope '{scope}'")
    if scope == "application" and not want["application"]:
        raise DeclarationError("application is needed with scope 'application'")


def _subjects(
    balena: Balena, want: Want, only: list[str] | None, find_release: FindRelease
) -> list[tuple[tuple[str, ...], Record]]:
    """The things that have the tags, by their keys, with those tags that matter."""
    scope = want["scope"]
    tagged: dict[str, Any] = {"$select": ["id", "tag_key", "value"]}
    if only:
        tagged["$filter"] = {"tag_key": {"$in": only}}
    expand = {f"{scope}_tag": tagged}
    if scope == "device":
        return [((named_uuid(row),), row) for row in select_devices(balena, want, expand=expand)]
    if scope == "release":
        release = find_release(balena, want["release"], want["application"], expand=expand)
        return [((release["commit"],), release)]
    application = need_application(balena, needed(want["application"]), expand=expand)
    return [((application["slug"],), application)]
