# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices: registered, moved, described, deactivated and removed, any number of them in one plan.

A device is registered as a row: one request, which leaves nothing behind and can be looked up by its uuid when the
answer is lost. (The registration service of the API would first want a provisioning key for each.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.fields import columns_of
from ...engine.plan import Change, DeclarationError, NamedId, Plan, Row, compare, in_steps, join, reference
from ...engine.task import Task
from ...engine.wording import listed
from ...sdk._chunks import NAMES, chunks
from ...sdk._related import related
from ..accounts.whom import accounting
from ..cloud import cloud_only, cloud_only_failures
from ..device_names import devices_of
from ..query import PAGE, Record
from ..selector import find_application, need_application
from ..tags.compare import Tagged, compare_tags, resulting_tags
from .fields import DEVICE, PUBLIC_URL
from .subjects import Declared, Reading, Stated, Subject, Want, find
from .switches import LOCAL_MODE_COLUMNS, VARIABLES, compare_switches
from .types import WITH_ARCHITECTURE, architecture, find_all, named, runs_containers_for

if TYPE_CHECKING:
    from ...sdk import Balena

_APPLICATION = {
    "select": ("is_of__class",),
    "expand": {"is_for__device_type": WITH_ARCHITECTURE},
}


@accounting
def plan(balena: Balena, want: Want) -> Plan | Task:
    """What has to change for all devices of a declaration to be as declared.

    :param want: the options of the module balena_device.
    :raises DeclarationError: an option that cannot be; a device that does not exist and cannot be registered; an
        application whose containers a device cannot run.
    """
    stated: Stated = {**want, "active": False if want["state"] == "deactivated" else None}
    absent = want["state"] == "absent"
    application = None
    if want["application"]:
        application = (find_application if absent else find_home)(balena, want["application"])
    if absent and application is None and want["application"]:
        return Plan(result={"devices": [], "removed": []})
    if absent and want["tags"] is not None and not (want["uuid"] or want["name"]):
        raise DeclarationError(
            "tags says which tags devices get, and state: absent removes them. with_tags selects by tags"
        )
    subjects = _read(balena, stated, application)
    if absent:
        return _removal(subjects)
    types = find_all(balena, declared_types(subjects))
    check_types(subjects, types)
    if application:
        check_architecture(subjects, application, types)
    return _convergence(balena, want, subjects, application, types)


def find_home(balena: Balena, name: str) -> Record:
    """The application where devices should be, with its device type.

    :raises DeclarationError: there is none, or it is of a class that has no devices.
    """
    application = need_application(balena, name, **_APPLICATION)
    if application["is_of__class"] != "fleet":
        raise DeclarationError(
            f"application '{application['slug']}' is of the class {application['is_of__class']}; "
            "only a fleet can have devices"
        )
    return application


def _read(balena: Balena, want: Stated, application: Record | None) -> list[Subject]:
    """The devices, with all that the declared options need to be compared."""
    if want["state"] == "absent":
        return find(balena, want, application, _reading([], tagged=False))
    wants: list[Declared] = [want, *(want["each"] or ())]
    fields = [field for field in DEVICE.fields if any(one.get(field.option) is not None for one in wants)]
    for_cloud = [field.option for field in fields if field.cloud_only]
    columns = [*columns_of(fields), *(LOCAL_MODE_COLUMNS if want["local_mode"] else ())]
    tagged = any(one.get("tags") is not None for one in wants)
    with cloud_only(["state: deactivated" if name == "active" else name for name in for_cloud]):
        return find(balena, want, application, _reading(columns, tagged=tagged))


def _reading(columns: Sequence[str], *, tagged: bool) -> Reading:
    expand: dict[str, Any] = {
        "belongs_to__application": {"$select": ["id", "slug"]},
        "is_of__device_type": WITH_ARCHITECTURE,
    }
    if tagged:
        expand["device_tag"] = {"$select": ["id", "tag_key", "value"]}
    return Reading(columns, expand)


def _removal(subjects: Sequence[Subject]) -> Task:
    changes = []
    for subject in subjects:
        row = subject.found or {}
        before = {"device_name": row["device_name"], "belongs_to__application": _home(row)}
        changes.append(DEVICE.removal(subject.key, row, before))
    planned = Plan(tuple(changes), len(subjects), {"devices": [], "removed": devices_of(changes)})
    return Task(planned, result=lambda outcome: {"removed": devices_of(outcome.done)})


def declared_types(subjects: Sequence[Subject]) -> set[str]:
    """The names of the device types that are declared."""
    return {subject.wanted["device_type"] for subject in subjects if subject.wanted.get("device_type")}


def check_types(subjects: Sequence[Subject], types: Mapping[str, Record]) -> None:
    """Refuse to make another device type of a device: it says what hardware it is.

    :param types: the declared device types by the names that were declared.
    :raises DeclarationError: a device is of another type.
    """
    for subject in subjects:
        name = subject.wanted.get("device_type")
        if name and subject.found and related(subject.found, "is_of__device_type")["id"] != types[name]["id"]:
            slug = related(subject.found, "is_of__device_type")["slug"]
            raise DeclarationError(
                f"device {subject.label} is of the device type {slug}, which cannot be changed to '{name}'"
            )


def type_of(subject: Subject, application: Record, types: Mapping[str, Record]) -> Record:
    """The device type of a device: what it is, what is declared, or that of its application.

    :param types: the declared device types by the names that were declared.
    """
    if subject.found:
        return related(subject.found, "is_of__device_type")
    name = subject.wanted.get("device_type")
    return types[name] if name else related(application, "is_for__device_type")


def check_architecture(subjects: Sequence[Subject], application: Record, types: Mapping[str, Record]) -> None:
    """Refuse what the API lets through (recording 05): devices that cannot run the application's containers.

    :raises DeclarationError: names them.
    """
    coming = [one for one in subjects if not one.found or _home(one.found) != application["slug"]]
    if not coming:
        return
    built_for = related(application, "is_for__device_type")
    unfit = []
    for subject in coming:
        own = type_of(subject, application, types)
        if not runs_containers_for(own, built_for):
            unfit.append(f"{subject.label}, which has {architecture(own)}")
    if unfit:
        raise DeclarationError(
            f"application '{application['slug']}' is for the CPU architecture {architecture(built_for)}, "
            f"and its containers cannot run on device {listed(unfit, 5)}. Nothing was written"
        )


def _convergence(
    balena: Balena,
    want: Want,
    subjects: Sequence[Subject],
    application: Record | None,
    types: Mapping[str, Record],
) -> Task:
    desired = [desired_row(subject, application, types) for subject in subjects]
    changes = compare_rows(desired, subjects)
    switched = compare_switches(balena, subjects, application["id"] if application else None)
    tagged = [
        Tagged(subject.id, subject.key, subject.wanted["tags"], (subject.found or {}).get("device_tag", ()))
        for subject in subjects
        if subject.wanted.get("tags") is not None
    ]
    retagged = compare_tags("device", tagged, purge=want["purge_tags"])
    tags_after = resulting_tags(tagged, retagged)

    def show(registered: Mapping[str, Record]) -> dict[str, Any]:
        return {"devices": [_shown(one, application, types, tags_after, registered) for one in subjects]}

    def result(outcome: Outcome) -> dict[str, Any]:
        failures = cloud_only_failures(outcome, PUBLIC_URL)
        return failures if outcome.read is None else {**failures, **show(outcome.read)}

    new = [subject.uuid for subject in subjects if not subject.found]
    planned = Plan(join([changes, switched, retagged]), len(subjects), show({}))
    return Task(planned, read=partial(_registered, uuids=new) if new else None, result=result)


def desired_row(subject: Subject, application: Record | None, types: Mapping[str, Record]) -> Row:
    """A device as it should be, as far as it is columns of it.

    :param application: where it should be; its id may be a L(NewId).
    """
    fields = DEVICE.wanted(subject.wanted)
    if application and not subject.found:
        # What is empty or off need not be said to the API: a new device is so.
        usual = DEVICE.usual()
        fields = {column: value for column, value in fields.items() if value != usual[column]}
        fields["is_of__device_type"] = named(type_of(subject, application, types))
    if application:
        fields["belongs_to__application"] = reference(application["id"], application["slug"])
    return Row(subject.key, fields, {"uuid": subject.uuid})


def compare_rows(desired: Sequence[Row], subjects: Sequence[Subject]) -> list[Change]:
    """What makes the devices as they should be, as far as it is columns of them.

    :param desired: what L(desired_row) makes of the subjects.
    """
    changes = compare("device", desired, [actual_row(subject) for subject in subjects if subject.found])
    return in_steps(changes, DEVICE.set_by_server)


def actual_row(subject: Subject) -> Row:
    """A device that exists, with the columns of what is declared."""
    row = subject.found or {}
    home = related(row, "belongs_to__application")
    fields = DEVICE.actual(row, subject.wanted)
    fields["belongs_to__application"] = NamedId(home["id"], home["slug"])
    return Row(subject.key, fields, {}, row["id"])


def _shown(
    subject: Subject,
    application: Record | None,
    types: Mapping[str, Record],
    tags_after: Mapping[tuple[str, ...], dict[str, str]],
    registered: Mapping[str, Record],
) -> dict[str, Any]:
    """A device as tasks return it: who it is, and the options that were declared."""
    row = subject.found or registered.get(subject.uuid) or {}
    shown: dict[str, Any] = {
        "id": row.get("id"),
        # A generated uuid is only known when it is registered.
        "uuid": row.get("uuid") or (subject.uuid if subject.key == (subject.uuid,) else None),
        "name": row.get("device_name"),
        "application": application["slug"] if application else _home(row),
        "device_type": type_of(subject, application or {}, types)["slug"],
        **DEVICE.predicted(subject.wanted),
        **{switch: subject.wanted[switch] for switch in VARIABLES if subject.wanted.get(switch) is not None},
    }
    if subject.key in tags_after:
        shown["tags"] = tags_after[subject.key]
    return shown


def _home(row: Record) -> str:
    slug: str = related(row, "belongs_to__application")["slug"]
    return slug


def _registered(balena: Balena, outcome: Outcome, *, uuids: Sequence[str]) -> dict[str, Record]:
    """The ids and the names that the server gave to the devices that were registered, by uuid."""
    found: dict[str, Record] = {}
    for piece in chunks(uuids, NAMES):
        query = {"$select": ["id", "uuid", "device_name"], "$filter": {"uuid": {"$in": list(piece)}}}
        found.update({row["uuid"]: row for row in balena.pine.get_all("device", options=query, page_size=PAGE)})
    return found
