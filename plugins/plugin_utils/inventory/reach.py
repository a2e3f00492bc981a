# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a device becomes, and the variables that tell the connection plugins how to reach them."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..reach.address import HOST_OS_PORT, tunnel_address
from ..reach.loading import load_connections
from .naming import SHORT_UUID, IsFree, is_usable

Variables = Mapping[str, Any]
HOST, CONTAINER = "host", "container"


@dataclass(frozen=True)
class Target:
    """A host to be: a device, its host OS, or a container on it.

    :param fallback: the name that nobody else can have.
    :param number: of its device, in the order of devices.
    """

    name: str
    variables: Variables
    fallback: str
    number: int
    groups: Sequence[str] = ()


class Way:
    """How devices are reached: the options C(reach), C(tunnel_address) and those of the API's server.

    :raises AddressError: the address of the tunnel is wrong, or cannot be found out.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        # The workers of the play that uses these hosts are forked from this process.
        load_connections()
        self._is_local = options["reach"] == "local"
        self._common = {"balena_reach": options["reach"], "balena_api_url": options["api_url"]}
        if not self._is_local:
            given = options.get("tunnel_address")
            self._common["balena_tunnel_address"] = tunnel_address(options["api_url"], given)
        if options.get("ca_path"):
            self._common["balena_ca_path"] = options["ca_path"]
        if not options["validate_certs"]:
            self._common["balena_validate_certs"] = False

    def variables(self, device: Variables, service: str | None = None) -> dict[str, Any]:
        """The connection variables of a device or of a service's container on it."""
        place = {
            "balena_uuid": device["uuid"],
            "ansible_host": self._address(device),
            "ansible_port": HOST_OS_PORT,
            **self._common,
        }
        if service is None:
            return {"ansible_connection": "community.balena.host", "ansible_user": "root", **place}
        return {"ansible_connection": "community.balena.container", "balena_service": service, **place}

    def _address(self, device: Variables) -> str:
        """The device's first IPv4 address, else its first one; without any, what the plugin takes for none."""
        found = [address for address in device["ip_addresses"] if _is_elsewhere(address)] if self._is_local else []
        nowhere = f"{device['uuid']}.balena"
        return str(next((address for address in found if ":" not in address), [*found, nowhere][0]))


def _is_elsewhere(address: str) -> bool:
    """Whether it is not an address at which the controller finds itself, or many at once. A device says it itself."""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return not any(it.is_loopback or it.is_unspecified or it.is_multicast for it in (found, mapped) if it is not None)


@dataclass(frozen=True)
class Wanted:
    """What devices become: the options C(connect) and C(services).

    :param kinds: C(host), C(container) or both; none for hosts without connection.
    :param services: whose containers; None for those of all services.
    :param shows_services: the variable with the services is wanted too.
    """

    kinds: Collection[str]
    services: Collection[str] | None
    shows_services: bool

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Wanted:
        """What the options say."""
        services = options.get("services") or False
        named = services if isinstance(services, list) else None
        return cls(options.get("connect") or (), named, bool(services))

    @property
    def reads_services(self) -> bool:
        """Whether the services of devices have to be read."""
        return self.shows_services or CONTAINER in self.kinds

    def chosen(self, device: Variables) -> list[str]:
        """The services of a device whose containers are wanted."""
        found = device["services"] if CONTAINER in self.kinds else {}
        return [name for name in found if self.services is None or name in self.services]


def targets(
    devices: Sequence[Variables], names: Sequence[str], wanted: Wanted, way: Way | None, is_free: IsFree,
    refused: list[str],
) -> list[Target]:  # fmt: skip
    """The hosts to be.

    :param names: of the devices.
    :param refused: gets the names of containers that no host may have.
    """
    found = []
    called = _container_names(devices, names, wanted, is_free, refused)
    for number, (device, name) in enumerate(zip(devices, names, strict=True)):
        uuid = str(device["uuid"])
        shown = device
        if "services" in device and not wanted.shows_services:
            shown = {key: value for key, value in device.items() if key != "services"}
        if way is None:
            found.append(Target(name, shown, uuid, number))
            continue
        if HOST in wanted.kinds:
            found.append(Target(name, {**shown, **way.variables(device)}, uuid, number))
        for service in wanted.chosen(device):
            its_name, fallback = called[number, service]
            found.append(Target(its_name, {**shown, **way.variables(device, service)}, fallback, number, (service,)))
    return found


def _container_names(
    devices: Sequence[Variables], names: Sequence[str], wanted: Wanted, is_free: IsFree, refused: list[str]
) -> dict[tuple[int, str], tuple[str, str]]:
    """The name and the fallback of each container. Two that would be called alike both get their fallback."""
    keys = [(number, service) for number, device in enumerate(devices) for service in wanted.chosen(device)]
    candidates = {(number, service): f"{names[number]}.{service}" for number, service in keys}
    taken = Counter(candidates.values())
    taken.update(names if HOST in wanted.kinds else ())
    found = {}
    for key, candidate in candidates.items():
        device = devices[key[0]]
        fallback = f"{device['uuid']}.{key[1]}"
        if not is_usable(fallback):
            fallback = f"{device['uuid']}.service-{device['services'][key[1]]['image_id']}"
        usable = is_usable(candidate) and is_free(candidate, device)
        if not usable:
            refused.append(candidate)
        found[key] = (candidate if usable and taken[candidate] == 1 else fallback, fallback)
    return found


def group_targets(
    found: Sequence[Target], names: Sequence[str], devices: Sequence[Variables], kinds: Collection[str], prefix: str,
    sanitize: Callable[[str], str],
) -> list[list[str]]:  # fmt: skip
    """The groups of each target: of its service; if a device is several hosts, also of its device and of its kind."""
    own = [sanitize(f"{prefix}device_{name}") for name in names] if len(set(kinds)) > 1 else []
    shared = Counter(own)
    valid: dict[str, str] = {}
    result = []
    for target in found:
        groups = []
        for service in target.groups:
            if service not in valid:
                valid[service] = sanitize(f"{prefix}service_{service}")
            groups.append(valid[service])
        if own:
            group, uuid = own[target.number], str(devices[target.number]["uuid"])
            groups.append(group if shared[group] == 1 else f"{group}_{uuid[:SHORT_UUID]}")
            groups.append(sanitize(prefix + ("containers" if target.groups else "hosts")))
        result.append(groups)
    return result
