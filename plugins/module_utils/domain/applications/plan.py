# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications: fleets, apps and blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.plan import Change, DeclarationError, NewId, Plan, Row, compare, in_steps, join
from ...engine.task import Task
from ...engine.wording import counted
from ...sdk._related import related_or_none
from ..cloud import cloud_only
from ..devices.types import find, named
from ..query import Record, meant
from ..selector import find_application
from ..tags.compare import declared_tags
from . import cloud

if TYPE_CHECKING:
    from ...sdk import Balena

Want = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z0-9_-]{4,100}")

#: Option -> column, of the columns that are plain values.
_COLUMNS = {
    "track_latest_release": "should_track_latest_release",
    "public": "is_public",
    "archived": "is_archived",
}
_EXPAND: dict[str, Any] = {
    "organization": {"$select": ["id", "handle"]},
    "is_for__device_type": {"$select": ["id", "slug"]},
    "application_tag": {"$select": ["id", "tag_key", "value"]},
    "owns__device": {"$count": {}},
}
#: What L(describe) needs of an application.
READING: dict[str, Any] = {"select": ("is_of__class", *_COLUMNS.values()), "expand": _EXPAND}


def plan(balena: Balena, want: Want) -> Plan | Task:
    """What has to change for one application to be as declared.

    :param want: the options of the module balena_application.
    :raises DeclarationError: an option that cannot be, such as an unknown device type, or the removal of an
        application that still has devices.
    """
    found = _find(balena, want)
    if want["state"] == "absent":
        return _removal(want, found)
    _check_names(want)
    wanted_type = find(balena, want["device_type"]) if want.get("device_type") else None
    if found is None:
        return _creation(balena, want, wanted_type)
    return _convergence(balena, want, found, wanted_type or related_or_none(found, "is_for__device_type"))


def describe(row: Record) -> dict[str, Any]:
    """An application as tasks return it."""
    # An application that holds a host OS can lack a device type.
    device_type = related_or_none(row, "is_for__device_type")
    # The token need not be allowed to see the organization that owns a public application.
    owner = related_or_none(row, "organization")
    return {
        "id": row["id"],
        "name": row["app_name"],
        "slug": row["slug"],
        "uuid": row["uuid"],
        "organization": owner["handle"] if owner else None,
        "device_type": device_type["slug"] if device_type else None,
        "class": row["is_of__class"],
        "device_count": row["owns__device"],
        "tags": {tag["tag_key"]: tag["value"] for tag in sorted(row["application_tag"], key=lambda t: t["tag_key"])},
        **{option: row[column] for option, column in _COLUMNS.items()},
    }


def _find(balena: Balena, want: Want) -> Record | None:
    """The declared application, under its name or (after a rename) its new one."""
    for name in filter(None, (want["name"], want.get("new_name"))):
        qualified = f"{want['organization']}/{name}" if want.get("organization") and "/" not in name else name
        row = _read(balena, qualified, want)
        if row is not None:
            return row
    return None


def _read(balena: Balena, name: str | int, want: Want) -> Record | None:
    """An application with all that is compared and returned."""
    columns = ["is_of__class", *_COLUMNS.values(), *cloud.columns(want)]
    with cloud_only(cloud.declared(want)):
        return find_application(balena, name, select=columns, expand=_EXPAND)


def _removal(want: Want, found: Record | None) -> Plan:
    if found is None:
        return Plan(result={"application": None})
    if found["owns__device"] and not want["force"]:
        still = counted(
            found["owns__device"],
            "device, which would be deleted with it; move it",
            "devices, which would be deleted with it; move them",
        )
        raise DeclarationError(f"application '{found['slug']}' still has {still} first, or say force: true")
    shown = describe(found)
    change = Change("delete", "application", (found["slug"],), _public(shown), None, {}, found["id"])
    return Plan(changes=(change,), result={"application": None})


def _creation(balena: Balena, want: Want, device_type: Record | None) -> Task:
    if device_type is None:
        raise DeclarationError(f"application '{want['name']}' does not exist; device_type is needed to create it")
    create = creation(want, organization(balena, want), device_type)
    (slug,) = create.key
    tag_changes, tags = declared_tags("application", NewId("application", create.key), create.key, want)
    predicted = {
        **predict_new(create, want, device_type),
        "tags": tags,
        **cloud.shown(want),
    }
    planned = Plan(join([in_steps([create], SET_BY_SERVER), tag_changes]), result={"application": predicted})
    return Task(planned, read=partial(read_again, name=slug, want=want), result=told)


def creation(want: Want, owner: Record, device_type: Record) -> Change:
    """What creates the declared application.

    :param owner: the organization.
    """
    name = want.get("new_name") or want["name"].rpartition("/")[2]
    fields = {
        "is_for__device_type": named(device_type),
        **{column: want[option] for option, column in _COLUMNS.items() if want.get(option) is not None},
        **{column: want[option] for option, column in _AT_CREATION.items() if want.get(option) is not None},
        **{column: value for column, value in cloud.fields(want).items() if value is not None},
    }
    identity = {"app_name": name, "organization": owner["id"]}
    return Change("create", "application", (f"{owner['handle']}/{name}".lower(),), None, fields, identity)


def predict_new(create: Change, want: Want, device_type: Record) -> dict[str, Any]:
    """An application as tasks return it, before it is created."""
    (slug,) = create.key
    return {
        "id": None,
        "name": create.identity["app_name"],
        "slug": slug,
        "uuid": want.get("uuid"),
        "organization": slug.partition("/")[0],
        "device_type": device_type["slug"],
        "class": want.get("class") or "fleet",
        "device_count": 0,
        "tags": {},
        "track_latest_release": want.get("track_latest_release") is not False,
        "public": bool(want.get("public")),
        "archived": bool(want.get("archived")),
    }


#: A new application tracks the latest release, whatever is asked (open-balena-api; recording 02 shows the answer).
SET_BY_SERVER = {"should_track_latest_release": True}
_AT_CREATION = {"class": "is_of__class", "uuid": "uuid"}


def differences(want: Want, found: Record, device_type: Record | None) -> list[Change]:
    """What changes the columns of an application that exists.

    :param found: the row with what L(READING) reads, and the columns of C(cloud.py).
    :raises DeclarationError: the declaration wants what cannot be changed.
    """
    for option, column in _AT_CREATION.items():
        if want.get(option) is not None and want[option] != found[column]:
            raise DeclarationError(
                f"{option} of application '{found['slug']}' is '{found[column]}' and cannot be changed to "
                f"'{want[option]}' after its creation"
            )
    key = (found["slug"],)
    fields = {column: want[option] for option, column in _COLUMNS.items() if want.get(option) is not None}
    if want.get("device_type") and device_type:
        fields["is_for__device_type"] = named(device_type)
    if want.get("new_name"):
        fields["app_name"] = want["new_name"]
    actual_fields = {name: found.get(name) for name in fields}
    fields.update(cloud.fields(want))
    actual_fields.update(cloud.actual(want, found))
    if "is_for__device_type" in fields:
        present = related_or_none(found, "is_for__device_type")
        actual_fields["is_for__device_type"] = named(present) if present else None
    return compare("application", [Row(key, fields)], [Row(key, actual_fields, {}, found["id"])])


def predict(want: Want, found: Record, device_type: Record | None) -> dict[str, Any]:
    """An application that exists as tasks return it, once its columns are as declared."""
    predicted = {**describe(found), "device_type": device_type["slug"] if device_type else None}
    predicted.update({option: want[option] for option in _COLUMNS if want.get(option) is not None})
    return predicted


def _convergence(balena: Balena, want: Want, found: Record, device_type: Record | None) -> Task:
    changes = differences(want, found, device_type)
    tag_changes, tags = declared_tags("application", found["id"], (found["slug"],), want, found["application_tag"])
    predicted = {**predict(want, found, device_type), **cloud.shown(want), "tags": tags}
    if want.get("new_name"):
        slug = f"{found['slug'].partition('/')[0]}/{want['new_name']}".lower()
        predicted.update(name=want["new_name"], slug=slug)
    all_changes = join([changes, cloud.device_urls(balena, want, found), tag_changes])
    planned = Plan(all_changes, result={"application": predicted})
    return Task(planned, read=partial(read_again, name=found["id"], want=want), result=told)


def read_again(balena: Balena, outcome: Outcome, *, name: str | int, want: Want) -> dict[str, Any]:
    """The application as tasks return it, once the changes are made."""
    row = _read(balena, name, want)
    return {"application": {**describe(row), **cloud.shown(want)} if row else None}


def told(outcome: Outcome) -> dict[str, Any]:
    """What a task returns besides what was planned."""
    return {**cloud.failures(outcome), **(outcome.read or {})}


def organization(balena: Balena, want: Want) -> Record:
    """The organization that owns a new application: the one that is named, or the only one there is.

    :raises DeclarationError: the named one does not exist, or none is named and there are several.
    """
    rows: list[Record]
    handle = want.get("organization") or want["name"].rpartition("/")[0]
    if handle:
        rows = balena.pine.get("organization", options={"$select": ["id", "handle"], "$filter": {"handle": handle}})
        if not rows:
            known = meant(balena, "organization", "handle", handle)
            raise DeclarationError(f"organization '{handle}' does not exist, or the token may not see it{known}")
        return rows[0]
    rows = balena.pine.get("organization", options={"$select": ["id", "handle"], "$orderby": "handle asc"})
    if len(rows) != 1:
        handles = ", ".join(row["handle"] for row in rows) or "none"
        raise DeclarationError(f"organization is needed to create application '{want['name']}' (one of: {handles})")
    return rows[0]


def _check_names(want: Want) -> None:
    handle, slash, name = want["name"].rpartition("/")
    if slash and want.get("organization") and handle != want["organization"]:
        raise DeclarationError(f"name '{want['name']}' and organization '{want['organization']}' contradict each other")
    for option, text in (("name", name), ("new_name", want.get("new_name"))):
        if text is not None and not _NAME.fullmatch(text):
            raise DeclarationError(
                f"{option} '{text}' is no name of an application: 4 to 100 of the characters A-Z, a-z, 0-9, _ and -"
            )


def _public(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in ("name", "device_type", "class", "device_count", "tags")}
