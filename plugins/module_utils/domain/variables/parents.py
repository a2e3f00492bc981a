# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the variables of a scope belong to: found once for all subjects, in one or two requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.near import near
from ...engine.plan import DeclarationError
from ...engine.wording import listed
from ..device_names import named_uuid
from ..options import needed
from ..query import Record
from ..rows import children, homes_of
from ..selector import need_application, refuse_selection, select_devices
from .compare import Parent
from .options import Holders

if TYPE_CHECKING:
    from ...sdk import Balena

#: Relations to the device type, which config variables are checked with.
_OF_APPLICATION: dict[str, Any] = {"is_for__device_type": {"$select": ["slug"]}}
_OF_DEVICE: dict[str, Any] = {"is_of__device_type": {"$select": ["slug"]}}


@dataclass(frozen=True)
class Found:
    """What variables belong to.

    :param homes: the ids of the applications of all of these, where they are devices or of devices.
    :param through: a condition that holds for the variables of all of them (see L(children)).
    """

    parents: list[Parent]
    homes: tuple[int, ...] = ()
    through: Mapping[str, Any] | None = None


def find(balena: Balena, want: Holders) -> Found:
    """The parents that the options C(scope), C(application), C(service) and the device selector mean.

    :raises DeclarationError: options that do not fit the scope, or something that does not exist.
    """
    scope, config = want["scope"], want["kind"] == "config"
    _check(want)
    if scope in ("application", "build"):
        application = need_application(balena, needed(want["application"]), expand=_OF_APPLICATION if config else None)
        return Found([Parent(application["id"], (application["slug"],), _device_type(application, _OF_APPLICATION))])
    if scope == "service":
        return Found([find_service(balena, needed(want["application"]), needed(want["service"]))])
    devices = select_devices(balena, want, expand=_OF_DEVICE if config else None)
    homes = homes_of(devices)
    within = {"belongs_to__application": {"$in": list(homes)}}
    if scope == "device":
        parents = [Parent(row["id"], (named_uuid(row),), _device_type(row, _OF_DEVICE)) for row in devices]
        return Found(parents, homes, {"device": within})
    installs = _installs(balena, needed(want["service"]), devices, within)
    return Found(installs, homes, {"service_install": {"device": within}})


def _device_type(row: Record, relation: Mapping[str, Any]) -> str | None:
    """The slug of the device type, where it was read."""
    found = [row[name] for name in relation if name in row]
    slug: str | None = found[0][0]["slug"] if found and found[0] else None
    return slug


def _check(want: Holders) -> None:
    scope = want["scope"]
    of_devices = scope in ("device", "device_service")
    if not of_devices:
        refuse_selection(want, scope)
        if not want["application"]:
            raise DeclarationError(f"application is needed with scope '{scope}'")
    elif want["devices"] is None and not want["application"]:
        raise DeclarationError(f"devices or application is needed with scope '{scope}'")
    if ("service" in scope) != bool(want["service"]):
        need = "is needed" if "service" in scope else "cannot be used"
        raise DeclarationError(f"service {need} with scope '{scope}'")


def find_service(balena: Balena, application: str, service: str) -> Parent:
    """The service of a name.

    :raises DeclarationError: the application or the service does not exist.
    """
    home = need_application(
        balena,
        application,
        expand={"service": {"$select": ["id", "service_name"], "$orderby": "service_name asc"}},
    )
    for row in home["service"]:
        if row["service_name"] == service:
            return Parent(row["id"], (home["slug"], service))
    names = [row["service_name"] for row in home["service"]]
    raise DeclarationError(
        f"application '{home['slug']}' has no service '{service}' (it has: {', '.join(names) or 'none'})"
        + near(service, names)
    )


def _installs(balena: Balena, service: str, devices: list[Record], within: Mapping[str, Any]) -> list[Parent]:
    """The installation of a service on each device: what a device's service variables belong to."""
    named = {"installs__service": {"$any": {"$alias": "s", "$expr": {"s": {"service_name": service}}}}}
    uuids = {device["id"]: named_uuid(device) for device in devices}
    rows = children(
        balena, "service_install", "device", list(uuids), select=(), where=named, through={"device": within}
    )
    parents = [Parent(row["id"], (uuids[row["device"]["__id"]], service)) for row in rows]
    missing = sorted(set(uuids) - {row["device"]["__id"] for row in rows}, key=lambda id_: uuids[id_])
    if missing:
        names = listed([uuids[id_].label for id_ in missing], 5)
        raise DeclarationError(f"service '{service}' is not installed on {len(missing)} of the devices: {names}")
    return sorted(parents, key=lambda parent: parent.key)
