# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the situation that a plan meets: the devices that it may reach, and what their applications and releases have.

Two requests, however many devices there are (pages aside): one of devices, one of applications.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine.plan import Change, Plan
from ...sdk._chunks import NAMES, chunks
from ...sdk._related import referenced
from ..query import PAGE, Record
from ..reaching import is_for_all, subject
from ..rows import read_rows
from .situation import OS_COLUMN, SUPERVISOR_COLUMN, TARGETS, VARIABLES, Device, Fleet, Image, Scope, Situation

if TYPE_CHECKING:
    from ...sdk import Balena

_COLUMNS = (
    "uuid", "device_name", "is_online", "belongs_to__application", "is_running__release", "is_pinned_on__release",
    OS_COLUMN, SUPERVISOR_COLUMN,
)  # fmt: skip
#: Creations of what variables belong to.
_MADE = ("application", "device")
_IMAGES: dict[str, Any] = {
    "$select": ["id", "image_size", "content_hash"],
    "$expand": {"is_a_build_of__service": {"$select": ["service_name"]}},
}


def read_situation(balena: Balena, plan: Plan, homes: Sequence[int] = ()) -> Situation:
    """The devices that a plan may reach, as they are.

    :param homes: the ids of the applications that all its subjects belong to, where they are known: then many devices
        are read at once by them.
    """
    reach = Reach(plan)
    rows = _devices(balena, reach, homes)
    if not rows:
        return Situation()
    fleets = _fleets(balena, rows, reach)
    return Situation(
        {row["uuid"]: _device(row) for row in rows},
        {row["id"]: _fleet(row) for row in fleets},
        {release["id"]: _images(release) for row in fleets for release in row["owns__release"]},
    )


class Reach:
    """What a plan is about: whole applications by their slugs, devices by uuid, and variables by name.

    What it creates is left out: it runs nothing yet.
    """

    def __init__(self, plan: Plan) -> None:
        self.slugs: set[str] = set()
        self.uuids: set[str] = {act.key[0] for act in plan.acts}
        self.env: set[str] = set()
        self.config: set[str] = set()
        self.releases: set[int] = set()
        made = {subject(step) for step in plan.changes if step.action == "create" and step.resource in _MADE}
        for change in plan.changes:
            if subject(change) not in made:
                self._add(change)

    def _add(self, change: Change) -> None:
        if change.resource in VARIABLES:
            names = self.config if change.resource.endswith("config_variable") else self.env
            names.add(change.key[-1])
        elif change.action != "update" or TARGETS.isdisjoint(change.body):
            return
        # A device that is called by its application and name is found among those of the application.
        whole = is_for_all(change) or "/" in change.key[0]
        (self.slugs if whole else self.uuids).add(change.key[0])
        self.releases |= {int(change.body[name]) for name in TARGETS if isinstance(change.body.get(name), int)}


def _devices(balena: Balena, reach: Reach, homes: Sequence[int]) -> list[Record]:
    """The devices that are reached, each once; by their applications they may be more than those."""
    conditions: list[dict[str, Any]] = []
    if homes and (reach.slugs or len(reach.uuids) > NAMES):
        conditions.append({"belongs_to__application": {"$in": sorted(homes)}})
    else:
        if reach.slugs:
            conditions.append({"belongs_to__application": {"slug": {"$in": sorted(reach.slugs)}}})
        conditions += [{"uuid": {"$in": list(piece)}} for piece in chunks(sorted(reach.uuids), NAMES)]
    # All of them fit on one page, and a page that is not full is known to be the last one.
    page = max(PAGE, len(reach.uuids) + 1)
    found: dict[str, Record] = {}
    for condition in conditions:
        rows = read_rows(balena, "device", condition, select=_COLUMNS, expand=_own_variables(reach), page_size=page)
        found.update({row["uuid"]: row for row in rows})
    return list(found.values())


def _own_variables(reach: Reach) -> dict[str, Any]:
    """The variables of devices that can hide, or be, those that the plan changes."""
    found: dict[str, Any] = {}
    if reach.env:
        named = _named(reach.env)
        found["device_environment_variable"] = named
        found["service_install"] = {
            "$select": ["id"],
            "$expand": {
                "installs__service": {"$select": ["service_name"]},
                "device_service_environment_variable": named,
            },
        }
    if reach.config:
        found["device_config_variable"] = _named(reach.config)
    return found


def _fleets(balena: Balena, rows: Iterable[Record], reach: Reach) -> list[Record]:
    """The applications of devices: their variables, and the images of the releases that the devices have and get."""
    rows = list(rows)
    columns = ("is_running__release", "is_pinned_on__release")
    wanted = reach.releases.union(referenced(row[name]) for row in rows for name in columns) - {None}
    env, config = _named(reach.env), _named(reach.config)
    expand: dict[str, Any] = {
        "owns__release": {
            "$select": ["id"],
            "$filter": _relevant(sorted(wanted)),
            "$expand": {"release_image": {"$select": ["id"], "$expand": {"image": _IMAGES}}},
        }
    }
    if reach.env:
        expand["application_environment_variable"] = env
        expand["service"] = {"$select": ["service_name"], "$expand": {"service_environment_variable": env}}
    if reach.config:
        expand["application_config_variable"] = config
    homes = sorted({referenced(row["belongs_to__application"]) for row in rows})
    found: list[Record] = []
    for piece in chunks(homes):
        found += read_rows(
            balena,
            "application",
            {"id": {"$in": list(piece)}},
            select=("slug", "should_be_running__release"),
            expand=expand,
        )
    return found


def _relevant(releases: Sequence[int]) -> dict[str, Any]:
    """The condition on releases: those that devices run or get, and the one that the application has as its target."""
    target = {"should_be_running_on__application": {"$any": {"$alias": "a", "$expr": {"a": {"id": {"$gt": 0}}}}}}
    return {"$or": [{"id": {"$in": list(releases)}}, target]} if releases else target


def _named(names: Iterable[str]) -> dict[str, Any]:
    return {"$select": ["name", "value"], "$filter": {"name": {"$in": sorted(names)}}}


def _device(row: Record) -> Device:
    services = {
        install["installs__service"][0]["service_name"]: _values(install["device_service_environment_variable"])
        for install in row.get("service_install", ())
        if install["installs__service"]
    }
    return Device(
        row["uuid"],
        row["device_name"],
        referenced(row["belongs_to__application"]),
        bool(row["is_online"]),
        referenced(row["is_running__release"]),
        referenced(row["is_pinned_on__release"]),
        referenced(row[OS_COLUMN]),
        referenced(row[SUPERVISOR_COLUMN]),
        Scope(
            _values(row.get("device_environment_variable", ())),
            _values(row.get("device_config_variable", ())),
            services,
        ),
    )


def _fleet(row: Record) -> Fleet:
    services = {
        service["service_name"]: _values(service["service_environment_variable"]) for service in row.get("service", ())
    }
    variables = Scope(
        _values(row.get("application_environment_variable", ())),
        _values(row.get("application_config_variable", ())),
        services,
    )
    return Fleet(row["id"], row["slug"], referenced(row["should_be_running__release"]), variables)


def _images(release: Record) -> tuple[Image, ...]:
    found = []
    for part in release["release_image"]:
        for image in part["image"]:
            service = image["is_a_build_of__service"]
            size = image["image_size"]
            found.append(
                Image(
                    image["id"],
                    service[0]["service_name"] if service else "",
                    None if size is None else int(size),
                    image["content_hash"],
                )
            )
    return tuple(found)


def _values(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {row["name"]: row["value"] for row in rows}
