# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live fleet as a fleet document: what balena_fleet would declare to get the same fleet.

Only what differs from the API's defaults is in it. The same fleet always gives the same document.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from ...engine.fields import Field
from ...engine.report import SENSITIVE
from ...sdk._related import related, related_or_none
from ..applications.fields import APPLICATION
from ..devices.fields import COMMON, DEVICE, NAME
from ..keys.fields import API_KEY
from ..query import Record
from ..releases.names import TRACK, exact_name
from ..selector import no_application
from ..tags.compare import is_owned
from . import snapshot
from .compact import compact
from .document import SECTIONS
from .references import ALL, Place, References
from .snapshot import LiveFleet, named

if TYPE_CHECKING:
    from ...sdk import Balena

Document = dict[str, Any]


class Want(TypedDict):
    """The options of the module balena_fleet_info."""

    application: str
    sections: list[str] | None
    secret_names: list[str] | None
    secrets: str
    show_secrets: bool
    compact: bool


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The document of a fleet, as the module balena_fleet_info returns it.

    :raises DeclarationError: there is no such fleet.
    """
    sections = want["sections"] if want["sections"] is not None else SECTIONS
    fleet = snapshot.read(
        balena,
        want["application"],
        keys="provisioning_keys" in sections,
        build="variables" in sections,
        access=() if "access" in sections else None,
    )
    if fleet is None:
        raise no_application(balena, want["application"])
    references = References(_patterns(want), _variables(fleet))
    document = export(fleet, references, sections)
    if want["compact"]:
        document = compact(document)
    shown = {SENSITIVE: True} if want["show_secrets"] else {}
    return {"document": document, "secrets": references.names, "warnings": _losses(fleet, sections), **shown}


def _patterns(want: Want) -> Sequence[str] | None:
    if want["show_secrets"]:
        return []
    given: Sequence[str] | None = want["secret_names"]
    return ALL if want["secrets"] == "all" else given


def export(fleet: LiveFleet, references: References, sections: Collection[str] = SECTIONS) -> Document:
    """The document of a fleet.

    :param references: which values are references.
    :param sections: the parts that it should have; the others are left out.
    """
    parts = {
        "application": _exported(APPLICATION.fields, fleet.application),
        "tags": {"tags": _tags(fleet.application["application_tag"])},
        "release": _release(fleet),
        "variables": {"variables": _fleet_variables(fleet, references)},
        # Those without variables too, so that variables of devices for them find them elsewhere.
        "services": {"services": _services((), _service_variables(fleet), references, keep_empty=True)},
        "devices": {"devices": [_device(fleet, row, references, sections) for row in _in_order(fleet.devices)]},
        "supervisor": _supervisor(fleet.devices),
        "provisioning_keys": {"provisioning_keys": _keys(fleet.keys or ())},
        "access": {"access": _access(fleet)},
    }
    document: Document = {"fleet": fleet.slug}
    for section, part in parts.items():
        if section in sections or section == "devices":
            document.update({name: value for name, value in part.items() if value not in ({}, [])})
    if "devices" not in sections and "devices" in document:
        # Other sections may have something to say of some devices, which are then named.
        told = [device for device in document.pop("devices") if set(device) - {"name", "uuid"}]
        document.update({"devices": told} if told else {})
    return document


def _tags(rows: Sequence[Record]) -> dict[str, str]:
    """Tags as people write them, without those that are not theirs."""
    return {key: value for key, value in named(rows, "tag_key").items() if not is_owned(key)}


def _exported(fields: Iterable[Field], row: Record) -> Document:
    """The fields in which a row differs from a new one, as far as its server has them."""
    there = [field for field in fields if field.document and all(column in row for column in field.columns)]
    return {field.option: value for field in there if (value := field.exported(field.value(row))) != field.usual}


def _release(fleet: LiveFleet) -> Document:
    if fleet.application["should_track_latest_release"]:
        return {"release": TRACK}
    return _pin(fleet, fleet.application["should_be_running__release"])


def _pin(fleet: LiveFleet, expanded: Sequence[Record]) -> Document:
    return {"release": exact_name(expanded[0], fleet.application["owns__release"])} if expanded else {}


def _variables(fleet: LiveFleet) -> Iterator[tuple[Place, Sequence[Record]]]:
    """All variables of a fleet, by what they belong to."""
    row = fleet.application
    yield (), [*row["application_environment_variable"], *row["application_config_variable"]]
    yield ("build",), fleet.build or ()
    for service in row["service"]:
        yield ("services", service["service_name"]), service["service_environment_variable"]
    for device in fleet.devices:
        place = ("devices", device["uuid"])
        yield place, [*device["device_environment_variable"], *device["device_config_variable"]]
        for name, install in fleet.installs(device).items():
            yield (*place, "services", name), install["device_service_environment_variable"]


def _fleet_variables(fleet: LiveFleet, references: References) -> Document:
    row = fleet.application
    return _filled(
        {
            "env": references.shown((), row["application_environment_variable"]),
            "config": references.shown((), row["application_config_variable"]),
            "build": references.shown(("build",), fleet.build or ()),
        }
    )


def _service_variables(fleet: LiveFleet) -> dict[str, Sequence[Record]]:
    return {row["service_name"]: row["service_environment_variable"] for row in fleet.application["service"]}


def _services(
    place: Place, variables: Mapping[str, Sequence[Record]], references: References, *, keep_empty: bool
) -> Document:
    """Services with their variables; C(variables) are the rows by the names of the services."""
    found = {
        name: _filled({"env": references.shown((*place, "services", name), rows)})
        for name, rows in sorted(variables.items())
    }
    return found if keep_empty else _filled(found)


def _in_order(devices: Sequence[Record]) -> list[Record]:
    return sorted(devices, key=lambda row: (row["device_name"], row["uuid"]))


def _device(fleet: LiveFleet, row: Record, references: References, sections: Collection[str]) -> Document:
    place = ("devices", row["uuid"])
    own = {name: one["device_service_environment_variable"] for name, one in fleet.installs(row).items()}
    parts = {
        "devices": _device_settings(fleet, row),
        "tags": {"tags": _tags(row["device_tag"])},
        "release": _pin(fleet, row["is_pinned_on__release"]),
        "variables": {
            "env": references.shown(place, row["device_environment_variable"]),
            "config": references.shown(place, row["device_config_variable"]),
        },
        "services": {"services": _services(place, own, references, keep_empty=False)},
    }
    found: Document = {**({"name": row["device_name"]} if _has_name(row) else {}), "uuid": row["uuid"]}
    for section in sections:
        found.update(_filled(parts.get(section, {})))
    return {name: found[name] for name in _DEVICE_ORDER if name in found}


def _has_name(row: Record) -> bool:
    """Whether a document can say what a device is called: the API also takes names of nothing but blanks."""
    return bool(row["device_name"].strip())


_DEVICE_ORDER = (
    "name", "uuid", "device_type", *(field.option for field in COMMON),
    "tags", "release", "env", "config", "services",
)  # fmt: skip


def _device_settings(fleet: LiveFleet, row: Record) -> Document:
    """What a device is besides a new device of its fleet."""
    found: Document = {}
    own, usual = related(row, "is_of__device_type"), related_or_none(fleet.application, "is_for__device_type")
    if usual is None or own["id"] != usual["id"]:
        found["device_type"] = own["slug"]
    return {**found, **_exported([field for field in DEVICE.fields if field is not NAME], row)}


def _supervisor(devices: Sequence[Record]) -> Document:
    """The supervisor that all devices should have; none is said where it is not one for all."""
    versions = _supervisor_targets(devices)
    return {"supervisor": {"version": versions.pop()}} if len(versions) == 1 and None not in versions else {}


def _supervisor_targets(devices: Sequence[Record]) -> set[str | None]:
    return {
        row["should_be_managed_by__release"][0]["raw_version"] if row["should_be_managed_by__release"] else None
        for row in devices
    }


def _keys(keys: Sequence[Record]) -> list[Document]:
    """The provisioning keys with a name; of several of one name the newest, which is the one that counts."""
    newest: dict[str, Document] = {}
    for row in keys:
        if row["name"]:
            newest.setdefault(row["name"], {"name": row["name"], **_exported(API_KEY.fields, row)})
    return [newest[name] for name in sorted(newest)]


def _access(fleet: LiveFleet) -> dict[str, str]:
    """The roles of collaborators, also of those who are invited."""
    people = fleet.access
    found = [*people.members.values(), *people.invited.values()] if people else []
    return {person.name: person.role.label for person in sorted(found, key=lambda person: person.name)}


def _losses(fleet: LiveFleet, sections: Collection[str]) -> list[str]:
    """What a document cannot say of this fleet."""
    found = []
    if "provisioning_keys" in sections and any(not row["name"] for row in fleet.keys or ()):
        found.append("Provisioning keys without a name are not in the document")
    if "supervisor" in sections and len(_supervisor_targets(fleet.devices)) > 1:
        found.append("The devices should have different supervisors, so the document says nothing of supervisors")
    if "devices" in sections and not all(map(_has_name, fleet.devices)):
        found.append("Devices whose names are blank are in the document without a name")
    return found


def _filled(parts: Mapping[str, Any]) -> Document:
    """Without the parts that are empty."""
    return {name: value for name, value in parts.items() if value not in ({}, [], None)}
