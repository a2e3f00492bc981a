# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a row of the API to the plain facts of a device, for info modules and for the variables of inventory hosts."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from .services import SERVICE, own, service_of

Row = Mapping[str, Any]
Facts = dict[str, Any]

#: Columns of the API that become a fact of the same name.
COLUMNS = (
    "id", "uuid", "device_name", "note", "status", "overall_status", "overall_progress", "api_heartbeat_state",
    "is_online", "is_connected_to_vpn", "os_version", "os_variant", "supervisor_version", "last_connectivity_event",
    "created_at", "location",
)  # fmt: skip

_RELEASE = {"$select": ["id", "commit", "raw_version"]}
#: The relations that L(shape) needs. Whole rows are read beside them: to select an unknown column is an error on the
#: API, and which columns it knows differs between balenaCloud and the versions of openBalena.
EXPANSIONS: dict[str, Any] = {
    "belongs_to__application": {
        "$select": ["id", "app_name", "slug", "uuid"],
        "$expand": {"organization": {"$select": ["id", "handle"]}},
    },
    "is_of__device_type": {
        "$select": ["slug", "name"],
        "$expand": {"is_of__cpu_architecture": {"$select": ["slug"]}},
    },
    "is_running__release": _RELEASE,
    "should_be_running__release": _RELEASE,
    "device_tag": {"$select": ["tag_key", "value"]},
}
#: The containers of a device, read as C(image_install).
SERVICES: dict[str, Any] = {
    "$select": ["id", "status", "download_progress", "install_date"],
    "$filter": {"status": {"$ne": "deleted"}},
    "$expand": {
        "image": {
            "$select": ["id", "is_stored_at__image_location"],
            "$expand": {"is_a_build_of__service": SERVICE},
        },
        "is_provided_by__release": _RELEASE,
    },
}


def shape(row: Row, *, fields: Sequence[str] = (), expand: Sequence[str] = (), foreign: Collection[str] = ()) -> Facts:
    """The facts of one device.

    :param row: a device with the expansions of L(EXPANSIONS).
    :param fields: further columns to hand on under their own names.
    :param expand: further expanded relations to hand on under their own names.
    :param foreign: relations that were read for somebody else, who may have left out what facts are made of.
    """
    found: Facts = {name: row.get(name) for name in COLUMNS}
    found["latitude"], found["longitude"] = _position(row)
    found["ip_addresses"] = addresses(row.get("ip_address"))
    found["mac_addresses"] = (row.get("mac_address") or "").split()
    found["public_address"] = next(iter(addresses(row.get("public_address"))), None)
    found["tags"] = _named(row.get("device_tag"), "tag_key", "value")
    found["is_pinned"] = bool(row.get("is_pinned_on__release"))
    found.update(_application(row))
    found.update(_device_type(row))
    found.update(_release("release", _one(row, "is_running__release")))
    found.update(_release("target_release", _one(row, "should_be_running__release")))
    for name in fields:
        found[name] = row.get(name)
    for name in expand:
        found[name] = row.get(name)
    for relation, add in _OPTIONAL.items():
        if relation in row and relation not in foreign:
            add(found, own(row) if relation == "image_install" else row[relation])
    return found


def addresses(text: str | None) -> list[str]:
    """The IP addresses of a list separated by blanks, in its order.

    A device reports these itself, and C(ansible_host) is built of them: whatever is not an address is dropped, so that
    none can pass an option to C(ssh).
    """
    return [word for word in (text or "").split() if _is_address(word)]


def _is_address(word: str) -> bool:
    try:
        return not ipaddress.ip_address(word).is_unspecified
    except ValueError:
        return False


def _position(row: Row) -> tuple[float | None, float | None]:
    """The place that a user has set, else the one that the API found out. The API has numbers as strings."""
    for prefix in ("custom_", ""):
        try:
            return float(row.get(f"{prefix}latitude") or ""), float(row.get(f"{prefix}longitude") or "")
        except ValueError:
            continue
    return None, None


def _one(row: Row, relation: str) -> Row:
    """The single row behind an expanded relation; an empty one if there is none."""
    rows = row.get(relation) or []
    return rows[0] if rows and isinstance(rows, list) else {}


def _application(row: Row) -> Facts:
    application = _one(row, "belongs_to__application")
    return {
        "application": application.get("slug"),
        "application_id": application.get("id"),
        "application_name": application.get("app_name"),
        "organization": _one(application, "organization").get("handle"),
    }


def _device_type(row: Row) -> Facts:
    device_type = _one(row, "is_of__device_type")
    return {
        "device_type": device_type.get("slug"),
        "device_type_name": device_type.get("name"),
        "cpu_architecture": _one(device_type, "is_of__cpu_architecture").get("slug"),
    }


def _release(name: str, release: Row) -> Facts:
    return {
        f"{name}_id": release.get("id"),
        f"{name}_commit": release.get("commit"),
        f"{name}_version": release.get("raw_version"),
    }


def _named(rows: Sequence[Row] | None, key: str, value: str) -> dict[str, Any]:
    """A dict in the order of its keys, so that two runs give the same text."""
    return {row[key]: row.get(value) for row in sorted(rows or (), key=lambda row: row[key])}


def containers(rows: Sequence[Row], running: int | None) -> dict[str, Row]:
    """Per service the container that matters: the one of the running release, else the newest.

    :param rows: the device's own (L(own)).
    :param running: the id of the release that the device runs.
    """
    ranked = sorted(rows, key=lambda row: (_release_id(row) == running, row.get("install_date") or "", row["id"]))
    named = {service_of(install).get("service_name"): install for install in ranked}
    return {name: named[name] for name in sorted(name for name in named if name is not None)}


def _add_services(found: Facts, rows: Sequence[Row]) -> None:
    services: dict[str, Facts] = {}
    for name, install in containers(rows, found["release_id"]).items():
        image = _one(install, "image")
        services[name] = {
            "status": install.get("status"),
            "download_progress": install.get("download_progress"),
            "image": image.get("is_stored_at__image_location"),
            "image_id": image.get("id"),
            **_release("release", _one(install, "is_provided_by__release")),
        }
    found["services"] = services


def _release_id(install: Row) -> int | None:
    return _one(install, "is_provided_by__release").get("id")


def _variables_adder(name: str) -> Callable[[Facts, Sequence[Row]], None]:
    def add(found: Facts, rows: Sequence[Row]) -> None:
        if rows and "value" not in rows[0]:
            found[name] = sorted(row["name"] for row in rows)
        else:
            found[name] = _named(rows, "name", "value")

    return add


_OPTIONAL: dict[str, Callable[[Facts, Any], None]] = {
    "image_install": _add_services,
    "device_environment_variable": _variables_adder("variables"),
    "device_config_variable": _variables_adder("config_variables"),
}
