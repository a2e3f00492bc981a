# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices run and are meant to run, as far as a plan can change it; and the same once the plan is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...engine.plan import Change, Key

#: Variables by name.
Values = Mapping[str, str]

#: The columns whose change makes a device get another OS, or another supervisor.
OS_COLUMN, SUPERVISOR_COLUMN = "should_be_operated_by__release", "should_be_managed_by__release"
#: The columns of applications and devices that say what devices are meant to run.
TARGETS = frozenset({"should_be_running__release", "is_pinned_on__release", OS_COLUMN, SUPERVISOR_COLUMN})
#: The variables that devices get.
VARIABLES = frozenset({
    "application_environment_variable", "application_config_variable", "service_environment_variable",
    "device_environment_variable", "device_config_variable", "device_service_environment_variable",
})  # fmt: skip


@dataclass(frozen=True)
class Image:
    """The image of a service in a release.

    :param size: bytes to download, if nothing of it is there yet; C(None): the API does not say.
    :param content: equal for images of equal content; C(None): unknown.
    """

    id: int
    service: str
    size: int | None = None
    content: str | None = None


@dataclass(frozen=True)
class Scope:
    """The variables of an application or of a device.

    :param services: those of each service, by its name.
    """

    env: Values = field(default_factory=dict)
    config: Values = field(default_factory=dict)
    services: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True)
class Fleet:
    """An application.

    :param target: the release that its devices follow.
    """

    id: int
    slug: str
    target: int | None = None
    variables: Scope = field(default_factory=Scope)


@dataclass(frozen=True)
class Device:
    """A device.

    :param fleet: the id of its application.
    :param running: the release that it runs.
    :param pinned: the release that it is pinned on; C(None): it follows its application.
    :param os: the release of the OS that it is meant to get; C(supervisor) likewise.
    """

    uuid: str
    name: str
    fleet: int
    online: bool = True
    running: int | None = None
    pinned: int | None = None
    os: int | None = None
    supervisor: int | None = None
    variables: Scope = field(default_factory=Scope)


@dataclass(frozen=True)
class Situation:
    """Devices by uuid, with their applications by id, and the images of all releases that matter."""

    devices: Mapping[str, Device] = field(default_factory=dict)
    fleets: Mapping[int, Fleet] = field(default_factory=dict)
    releases: Mapping[int, tuple[Image, ...]] = field(default_factory=dict)

    def target_of(self, device: Device) -> int | None:
        """The release that a device is meant to run."""
        if device.pinned is not None:
            return device.pinned
        fleet = self.fleets.get(device.fleet)
        return fleet.target if fleet else None

    def environment(self, device: Device, service: str) -> dict[str, str]:
        """The variables in the container of a service: those of a device win, and among them those of the service."""
        scopes = self._scopes(device)
        found: dict[str, str] = {}
        for scope in scopes:
            found.update(scope.env)
            found.update(scope.services.get(service, {}))
        return found

    def config(self, device: Device) -> dict[str, str]:
        """The configuration variables of a device: its own win."""
        return {name: value for scope in self._scopes(device) for name, value in scope.config.items()}

    def _scopes(self, device: Device) -> tuple[Scope, ...]:
        fleet = self.fleets.get(device.fleet)
        return (fleet.variables, device.variables) if fleet else (device.variables,)


def after(situation: Situation, changes: Iterable[Change]) -> Situation:
    """The situation once changes are made. What they create (devices, applications) runs nothing, and is left out."""
    devices, fleets = dict(situation.devices), dict(situation.fleets)
    names = {(fleets[one.fleet].slug, one.name): one.uuid for one in devices.values() if one.fleet in fleets}
    slugs = {fleet.slug: fleet.id for fleet in fleets.values()}
    for change in changes:
        uuid, of_device = _device_of(change.key, names)
        if uuid in devices:
            devices[uuid] = _changed_device(devices[uuid], change, of_device)
        elif change.key and change.key[0] in slugs:
            id_ = slugs[change.key[0]]
            fleets[id_] = _changed_fleet(fleets[id_], change)
    return replace(situation, devices=devices, fleets=fleets)


def _device_of(key: Key, names: Mapping[tuple[str, str], str]) -> tuple[str, Key]:
    """The uuid at the beginning of a key, and the rest; a device can also be called by its application and name."""
    by_name = names.get(key[:2]) if len(key) > 1 else None  # type: ignore[arg-type]
    return (by_name, key[2:]) if by_name else (key[0] if key else "", key[1:])


def _changed_device(device: Device, change: Change, rest: Key) -> Device:
    if change.resource == "device" and change.action == "update":
        body = change.body
        return replace(
            device,
            pinned=_id(body.get("is_pinned_on__release", device.pinned)),
            os=_id(body.get(OS_COLUMN, device.os)),
            supervisor=_id(body.get(SUPERVISOR_COLUMN, device.supervisor)),
        )
    if change.resource in VARIABLES:
        return replace(device, variables=_changed_scope(device.variables, change, rest))
    return device


def _changed_fleet(fleet: Fleet, change: Change) -> Fleet:
    if change.resource == "application" and change.action == "update":
        return replace(fleet, target=_id(change.body.get("should_be_running__release", fleet.target)))
    if change.resource in VARIABLES:
        return replace(fleet, variables=_changed_scope(fleet.variables, change, change.key[1:]))
    return fleet


def _changed_scope(scope: Scope, change: Change, rest: Key) -> Scope:
    """The variables of a scope once one of them is written.

    :param rest: its key behind what it belongs to: the name, with the service before it if it is one of a service.
    """
    if change.resource.endswith("config_variable"):
        return replace(scope, config=_with(scope.config, rest[-1], change))
    if change.resource.endswith("service_environment_variable"):
        own = scope.services.get(rest[0], {})
        return replace(scope, services={**scope.services, rest[0]: _with(own, rest[-1], change)})
    return replace(scope, env=_with(scope.env, rest[-1], change))


def _with(values: Values, name: str, change: Change) -> Values:
    if change.action == "delete":
        return {key: value for key, value in values.items() if key != name}
    return {**values, name: (change.after or {})["value"]}


def _id(value: Any) -> int | None:
    return int(value) if isinstance(value, int) else None
