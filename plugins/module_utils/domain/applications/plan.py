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
from ...engine.fields import columns_of
from ...engine.plan import Change, DeclarationError, NewId, Plan, Row, compare, in_steps, join
from ...engine.task import Task
from ...engine.wording import counted
from ...sdk._related import related_or_none
from ..accounts.whom import accounting
from ..cloud import cloud_only, cloud_only_failures
from ..device_names import named_uuid
from ..devices.types import find
from ..options import Tags
from ..query import Record, meant
from ..rows import read_rows
from ..selector import find_application
from ..tags.compare import declared_tags, shown_tags
from .fields import APPLICATION, DEVICE_URLS

if TYPE_CHECKING:
    from ...sdk import Balena

#: What is declared of an application's own columns, by option, with the row of the device type; and C(device_urls).
Settings = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z0-9_-]{4,100}")

_EXPAND: dict[str, Any] = {
    "organization": {"$select": ["id", "handle"]},
    "is_for__device_type": {"$select": ["id", "slug"]},
    "application_tag": {"$select": ["id", "tag_key", "value"]},
    "owns__device": {"$count": {}},
}


class Want(Tags):
    """The options of the module balena_application, besides its settings."""

    name: str
    new_name: str | None
    organization: str | None
    device_type: str | None
    state: str
    force: bool


@accounting
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
    settings = {**want, "device_type": find(balena, want["device_type"]) if want["device_type"] else None}
    return _creation(balena, want, settings) if found is None else _convergence(balena, want, settings, found)


def describe(row: Record, settings: Settings | None = None) -> dict[str, Any]:
    """An application as tasks return it.

    :param settings: the declaration that the result is about.
    """
    # The token need not be allowed to see the organization that owns a public application.
    owner = related_or_none(row, "organization")
    return {
        "id": row["id"],
        "name": row["app_name"],
        "slug": row["slug"],
        "organization": owner["handle"] if owner else None,
        "device_count": row["owns__device"],
        "tags": shown_tags(row["application_tag"]),
        **APPLICATION.shown(row, settings),
        **_shown_urls(settings or {}),
    }


def _shown_urls(settings: Settings) -> dict[str, Any]:
    """The option C(device_urls), which is not a column of the application, where it is declared."""
    option = DEVICE_URLS.option
    return {} if settings.get(option) is None else {option: settings[option]}


def reading(settings: Settings | None = None) -> dict[str, Any]:
    """What L(describe) needs of an application: columns and relations."""
    told = columns_of(APPLICATION.told(settings or {}))
    return {"select": [column for column in told if column not in _EXPAND], "expand": _EXPAND}


def _find(balena: Balena, want: Want) -> Record | None:
    """The declared application, under its name or (after a rename) its new one."""
    for name in filter(None, (want["name"], want["new_name"])):
        qualified = f"{want['organization']}/{name}" if want["organization"] and "/" not in name else name
        row = _read(balena, qualified, want)
        if row is not None:
            return row
    return None


def _read(balena: Balena, name: str | int, settings: Settings) -> Record | None:
    """An application with all that is compared and returned."""
    with cloud_only([field.option for field in APPLICATION.given(settings) if field.cloud_only]):
        return find_application(balena, name, **reading(settings))


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
    change = APPLICATION.removal((found["slug"],), found, _public(shown))
    return Plan(changes=(change,), result={"application": None})


def _creation(balena: Balena, want: Want, settings: Settings) -> Task:
    if not want["device_type"]:
        raise DeclarationError(f"application '{want['name']}' does not exist; device_type is needed to create it")
    owner = organization(balena, want["name"], want["organization"])
    create = creation(settings, owner, want["new_name"] or want["name"])
    (slug,) = create.key
    tag_changes, tags = declared_tags("application", NewId("application", create.key), create.key, want)
    predicted = {**predict_new(create, settings), "tags": tags}
    planned = Plan(
        join([in_steps([create], APPLICATION.set_by_server), tag_changes]), result={"application": predicted}
    )
    return Task(planned, read=partial(read_again, name=slug, settings=settings), result=told)


def creation(settings: Settings, owner: Record, name: str) -> Change:
    """What creates the declared application.

    :param owner: the organization.
    :param name: its name, with or without that of the organization.
    """
    name = name.rpartition("/")[2]
    fields = {column: value for column, value in APPLICATION.wanted(settings).items() if value is not None}
    identity = {"app_name": name, "organization": owner["id"]}
    return Change("create", "application", (f"{owner['handle']}/{name}".lower(),), None, fields, identity)


def predict_new(create: Change, settings: Settings) -> dict[str, Any]:
    """An application as tasks return it, before it is created."""
    (slug,) = create.key
    return {
        "id": None,
        "name": create.identity["app_name"],
        "slug": slug,
        "organization": slug.partition("/")[0],
        "device_count": 0,
        "tags": {},
        **APPLICATION.predicted(settings, new=True),
        **_shown_urls(settings),
    }


def differences(settings: Settings, found: Record, new_name: str | None = None) -> list[Change]:
    """What changes the columns of an application that exists.

    :param found: the row with what L(reading) names, and the columns of what is declared.
    :raises DeclarationError: the declaration wants what cannot be changed.
    """
    renamed: dict[str, Any] = {"app_name": new_name} if new_name else {}
    return APPLICATION.changes(settings, found, **renamed)


def predict(settings: Settings, found: Record) -> dict[str, Any]:
    """An application that exists as tasks return it, once its columns are as declared."""
    return {**describe(found), **APPLICATION.predicted(settings), **_shown_urls(settings)}


def _convergence(balena: Balena, want: Want, settings: Settings, found: Record) -> Task:
    changes = differences(settings, found, want["new_name"])
    tag_changes, tags = declared_tags("application", found["id"], (found["slug"],), want, found["application_tag"])
    predicted = {**predict(settings, found), "tags": tags}
    if want["new_name"]:
        slug = f"{found['slug'].partition('/')[0]}/{want['new_name']}".lower()
        predicted.update(name=want["new_name"], slug=slug)
    all_changes = join([changes, _device_urls(balena, settings, found), tag_changes])
    planned = Plan(all_changes, result={"application": predicted})
    return Task(planned, read=partial(read_again, name=found["id"], settings=settings), result=told)


def _device_urls(balena: Balena, settings: Settings, found: Record) -> list[Change]:
    """Compare the public URLs of all devices of the application, in one read."""
    if settings.get(DEVICE_URLS.option) is None:
        return []
    wanted = DEVICE_URLS.wanted(settings[DEVICE_URLS.option])
    within = {"belongs_to__application": found["id"]}
    devices = read_rows(balena, "device", within, select=["id", "uuid", "device_name", *DEVICE_URLS.columns])
    return compare(
        "device",
        [Row((named_uuid(device),), wanted) for device in devices],
        [Row((named_uuid(device),), DEVICE_URLS.actual(device), {}, device["id"]) for device in devices],
    )


def read_again(balena: Balena, outcome: Outcome, *, name: str | int, settings: Settings) -> dict[str, Any]:
    """The application as tasks return it, once the changes are made."""
    row = _read(balena, name, settings)
    return {"application": describe(row, settings) if row else None}


def told(outcome: Outcome) -> dict[str, Any]:
    """What a task returns besides what was planned."""
    return {**cloud_only_failures(outcome, DEVICE_URLS), **(outcome.read or {})}


def organization(balena: Balena, name: str, handle: str | None = None) -> Record:
    """The organization that owns a new application: the one that is named, or the only one there is.

    :raises DeclarationError: the named one does not exist, or none is named and there are several.
    """
    rows: list[Record]
    handle = handle or name.rpartition("/")[0]
    if handle:
        rows = balena.pine.get("organization", options={"$select": ["id", "handle"], "$filter": {"handle": handle}})
        if not rows:
            known = meant(balena, "organization", "handle", handle)
            raise DeclarationError(f"organization '{handle}' does not exist, or the token may not see it{known}")
        return rows[0]
    rows = balena.pine.get("organization", options={"$select": ["id", "handle"], "$orderby": "handle asc"})
    if len(rows) != 1:
        handles = ", ".join(row["handle"] for row in rows) or "none"
        raise DeclarationError(f"organization is needed to create application '{name}' (one of: {handles})")
    return rows[0]


def _check_names(want: Want) -> None:
    handle, slash, name = want["name"].rpartition("/")
    if slash and want["organization"] and handle != want["organization"]:
        raise DeclarationError(f"name '{want['name']}' and organization '{want['organization']}' contradict each other")
    for option, text in (("name", name), ("new_name", want["new_name"])):
        if text is not None and not _NAME.fullmatch(text):
            raise DeclarationError(
                f"{option} '{text}' is not a valid application name: 4 to 100 of the characters A-Z, a-z, 0-9, _ and -"
            )


def _public(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in ("name", "device_type", "class", "device_count", "tags")}
