# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a release, as the module balena_release declares it; and releases built from a source URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.fields import columns_of
from ...engine.limits import Awaiting
from ...engine.plan import DeclarationError, Need, NewId, Plan, join
from ...engine.task import Task
from ...sdk._related import related
from ..options import Tags, needed
from ..query import Record
from ..selector import need_application
from ..tags.compare import declared_tags, shown_tags
from . import assets, builds
from .assets import EXPAND, WRITERS, Assets, Declared
from .fields import RELEASE
from .find import find, look_up
from .names import read_name

if TYPE_CHECKING:
    from ...sdk import Balena

#: Devices may run a release as soon as it is final, so that it has its files before.
_UPLOADS = (Need(assets.RESOURCE, "create"), Need(assets.RESOURCE, "update"))
_VERSION_PARTS = ("semver_major", "semver_minor", "semver_patch", "semver_prerelease")
_SELECT = (*columns_of(RELEASE.fields), *_VERSION_PARTS, "semver", "variant")
_EXPAND: dict[str, Any] = {
    "release_tag": {"$select": ["id", "tag_key", "value"]},
    "belongs_to__application": {"$select": ["id", "slug"]},
}


class Want(Tags, Assets, Awaiting):
    """The options of the module balena_release."""

    application: str | None
    release: Any | None
    source_url: str | None
    flatten: bool
    final: bool | None


def plan(balena: Balena, want: Want) -> Task:
    """What has to change for one release to be as declared, or to be there at all.

    :param want: the options of the module balena_release.
    :raises DeclarationError: options that do not go together, a release that does not exist, a final release that
        should be a draft again.
    """
    declared = Declared.of(want)
    if want["source_url"] is None:
        return _convergence(balena, want, _existing(balena, want), declared)
    if not want["application"]:
        raise DeclarationError("application is needed to build a release from source_url")
    home = need_application(balena, want["application"])
    found = None
    if want["release"] is not None:
        if read_name(want["release"]).kind != "version":
            raise DeclarationError(
                f"release '{want['release']}' must be a version such as 1.2.3 with source_url: "
                "it says which release the source makes"
            )
        found = look_up(balena, want["release"], want["application"], select=_SELECT, expand=_expand(want))
    if found is not None:
        return _convergence(balena, want, found, declared)
    if want["final"] is False:
        raise DeclarationError("final: false cannot be declared of a release to build; its source says it (balena.yml)")
    return _build(balena, want, home, declared)


def _expand(want: Want) -> dict[str, Any]:
    """What is read of a release. Assets only where they matter: a server of old does not know them."""
    return {**_EXPAND, **(EXPAND if want["assets"] is not None else {})}


def _existing(balena: Balena, want: Want) -> Record:
    if want["release"] is None:
        raise DeclarationError("release is needed to say which release is meant (or source_url to build one)")
    return find(balena, want["release"], want["application"], select=_SELECT, expand=_expand(want))


def describe(row: Record) -> dict[str, Any]:
    """A release as tasks return it, with its assets if they were read."""
    return {
        "id": row["id"],
        "commit": row["commit"],
        "version": row["raw_version"],
        "application": related(row, "belongs_to__application")["slug"],
        "status": row["status"],
        "tags": shown_tags(row["release_tag"]),
        **RELEASE.shown(row),
        **({"assets": assets.describe(row[assets.RESOURCE])} if assets.RESOURCE in row else {}),
    }


def _convergence(balena: Balena, want: Want, found: Record, declared: Declared | None) -> Task:
    if found["is_final"] and want["final"] is False:
        raise DeclarationError(f"release '{found['raw_version']}' is final, and a final release cannot become a draft")
    under = (related(found, "belongs_to__application")["slug"],)
    changes = RELEASE.changes(want, found, under)
    key = (*under, *RELEASE.key_of(found))
    tag_changes, tags = declared_tags("release", found["id"], key, want, found["release_tag"])
    shown = {**describe(found), "tags": tags, **RELEASE.predicted(want)}
    asset_changes = declared.changes(balena, found["id"], key, found[assets.RESOURCE]) if declared else []
    if declared:
        shown["assets"] = declared.resulting(found[assets.RESOURCE], asset_changes)
    if want["final"] and not found["is_final"]:
        shown["version"] = _final_version(balena, found)
        changes = [replace(change, needs=_UPLOADS) for change in changes]
    all_changes = join([asset_changes, changes, tag_changes])

    def read(balena: Balena, outcome: Outcome) -> Mapping[str, Any]:
        return _read(balena, found["id"], want)

    wait = builds.follower(want, lambda outcome: found["id"], found["status"], read)
    return Task(Plan(all_changes, 1, {"release": shown}), WRITERS, read, _told, wait)


def _final_version(balena: Balena, draft: Record) -> str:
    """The version that a draft gets when it becomes final: the API counts revisions (recording 07)."""
    same = {name: draft[name] for name in (*_VERSION_PARTS, "variant")}
    home = {"belongs_to__application": related(draft, "belongs_to__application")["id"], "is_final": True}
    options = {"$select": ["revision"], "$filter": {**home, **same}}
    taken = [row["revision"] for row in balena.pine.get("release", options=options) if row["revision"] is not None]
    version: str = draft["semver"]
    return f"{version}+rev{max(taken) + 1}" if taken else version


def _read(balena: Balena, id_: int, want: Want) -> Mapping[str, Any]:
    return {"release": describe(find(balena, id_, select=_SELECT, expand=_expand(want)))}


def _told(outcome: Outcome) -> Mapping[str, Any]:
    found: Mapping[str, Any] = outcome.read or {}
    return found


def _build(balena: Balena, want: Want, home: Record, declared: Declared | None) -> Task:
    """A release that the builder makes, with all that is declared of it."""
    create = builds.creation(home, needed(want["source_url"]), want["flatten"], RELEASE.wanted(want))
    new = NewId(create.resource, create.key)
    tag_changes, tags = declared_tags("release", new, create.key, want)
    asset_changes = declared.changes(balena, new, create.key) if declared else []
    predicted = {
        "id": None,
        "commit": None,
        "version": want["release"],
        "application": home["slug"],
        "status": "running",
        "tags": tags,
        **RELEASE.predicted(want, new=True),
        "final": True,
        **({"assets": declared.resulting((), asset_changes)} if declared else {}),
    }
    made = partial(builds.made, create)

    def read(balena: Balena, outcome: Outcome) -> Mapping[str, Any]:
        return _read(balena, made(outcome), want)

    planned = Plan(join([[create], tag_changes, asset_changes]), 1, {"release": predicted})
    wait = builds.follower(want, made, None, read, named=want["release"])
    return Task(planned, {**builds.WRITERS, **WRITERS}, read, _told, wait)
