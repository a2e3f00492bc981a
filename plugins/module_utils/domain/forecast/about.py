# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan is about, as the API knows it when the plan is written down: what a change itself does not say.

That is which fleet a device is of and what it is called, how many devices a fleet has, and which releases are drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...engine.plan import NamedId, Plan
from ...sdk._chunks import IDS, NAMES, chunks
from ..query import Record
from ..reaching import subject
from ..rows import read_rows

if TYPE_CHECKING:
    from ...sdk import Balena

_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{62}")
#: The end of the names of columns that refer to a release.
_RELEASE = "__release"
_HOME = {"belongs_to__application": {"$select": ["slug"]}}


#: What a file says of a plan of which nothing was asked.
NOTHING: dict[str, dict[str, Any]] = {"devices": {}, "fleets": {}, "releases": {}}


@dataclass
class About:
    """What a plan is about.

    :param uuids: devices that are called by their uuids.
    :param named: the names of those that are called by their fleet and name, by the fleet's slug.
    :param slugs: fleets.
    :param releases: the ids of releases that something is to run.
    """

    uuids: set[str] = field(default_factory=set)
    named: dict[str, set[str]] = field(default_factory=dict)
    slugs: set[str] = field(default_factory=set)
    releases: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, plan: Plan) -> About:
        """What the steps of a plan name."""
        found = cls()
        for step in plan.steps:
            first = step.key[0]
            if _UUID.fullmatch(first):
                found.uuids.add(first)
            elif "/" in first:
                found.slugs.add(first)
                if len(subject(step)) > 1:
                    found.named.setdefault(first, set()).add(step.key[1])
            values = (step.after or {}).items()
            found.releases |= {int(value) for name, value in values if _refers(name, value)}
        return found


def _refers(column: str, value: Any) -> bool:
    return column.endswith(_RELEASE) and isinstance(value, NamedId)


def read_about(balena: Balena, plan: Plan, homes: Sequence[int] = ()) -> dict[str, Any]:
    """What a plan is about, as its file says it: C(devices) by uuid, C(fleets) by slug, C(releases) by id.

    Three requests at most, whatever the number of devices (pages aside), where C(homes) are known.

    :param homes: the ids of the fleets that all its subjects belong to, where they are known.
    """
    about = About.of(plan)
    rows = _devices(balena, about, homes)
    devices = {
        row["uuid"]: {"name": row["device_name"], "fleet": row["belongs_to__application"][0]["slug"]}
        for row in rows
        if row["belongs_to__application"]
    }
    slugs = sorted(about.slugs | {device["fleet"] for device in devices.values()})
    fleets = {slug: {"devices": 0} for slug in slugs}
    for piece in chunks(slugs, NAMES):
        condition = {"slug": {"$in": list(piece)}}
        for row in read_rows(
            balena, "application", condition, select=("slug",), expand={"owns__device": {"$count": {}}}
        ):
            fleets[row["slug"]] = {"devices": row["owns__device"]}
    return {"devices": devices, "fleets": fleets, "releases": _releases(balena, about)}


def _devices(balena: Balena, about: About, homes: Sequence[int]) -> list[Record]:
    """The devices that the plan names, each once."""
    found: dict[str, Record] = {}
    for condition in _conditions(about, homes):
        for row in read_rows(balena, "device", condition, select=("uuid", "device_name"), expand=_HOME):
            home = row["belongs_to__application"][0]["slug"] if row["belongs_to__application"] else ""
            if row["uuid"] in about.uuids or row["device_name"] in about.named.get(home, ()):
                found[row["uuid"]] = row
    return list(found.values())


def _conditions(about: About, homes: Sequence[int]) -> Iterator[dict[str, Any]]:
    many = len(about.uuids) + sum(map(len, about.named.values())) > NAMES
    if homes and many:
        yield {"belongs_to__application": {"$in": sorted(homes)}}
        return
    for piece in chunks(sorted(about.uuids), NAMES):
        yield {"uuid": {"$in": list(piece)}}
    for slug, names in sorted(about.named.items()):
        for piece in chunks(sorted(names), NAMES):
            yield {"belongs_to__application": {"slug": slug}, "device_name": {"$in": list(piece)}}


def _releases(balena: Balena, about: About) -> dict[str, Any]:
    found = {}
    for piece in chunks(sorted(about.releases), IDS):
        columns = ("id", "raw_version", "commit", "is_final")
        for row in read_rows(balena, "release", {"id": {"$in": list(piece)}}, select=columns):
            said = {"version": row["raw_version"], "commit": row["commit"], "draft": not row["is_final"]}
            found[str(row["id"])] = said
    return found
