# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device templates of a seed: one description becomes any number of devices, written in bulk."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..simulation.builds import host_releases
from ..simulation.clock import iso_time
from ..simulation.writing import connectivity
from ..store.model import base_model

if TYPE_CHECKING:
    from ..simulation.clock import Clock
    from ..store.store import Store

DEVICE_KEYS = frozenset(
    "count name tags env config service_env online os_version os_variant supervisor_version release pin location "
    "ip_address public_address mac_prefix note last_seen_days provisioned metrics".split()
)
# Resource, field of the name, key of the template.
PAIRS = (
    ("device_tag", "tag_key", "tags"),
    ("device_environment_variable", "name", "env"),
    ("device_config_variable", "name", "config"),
)
# What a value of a template may be besides plain: a list is dealt out in turn, these pick or count.
PICKERS = frozenset({"random", "weighted", "cycle", "each"})


@dataclass(frozen=True)
class Fleet:
    """The fleet that a template's devices belong to: ids; services and releases by name and version."""

    application: int
    device_type: int
    services: Mapping[str, int]
    releases: Mapping[str, int]
    target: int | None


class DeviceTemplate:
    """Makes the devices of one template of a fleet; what is left to chance follows from `key`."""

    def __init__(self, store: Store, clock: Clock, fleet: Fleet, key: str) -> None:
        self._store = store
        self._clock = clock
        self._fleet = fleet
        self._key = key
        self._made: dict[str, int] = {}
        self._hosts = host_releases(store, fleet.device_type)

    def make(self, template: Mapping[str, Any], count: int | None = None) -> dict[str, int]:
        """Make the devices with tags, variables and installed images: number of rows by resource."""
        unknown = set(template) - DEVICE_KEYS
        if unknown:
            raise ValueError(f"devices: unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(DEVICE_KEYS))}")
        number = int(template.get("count", 1)) if count is None else count
        # Each device has a chance of its own: more devices do not change the first ones.
        chances = [random.Random(f"{self._key}/{index}") for index in range(number)]
        rows = [self._device(template, index, chance) for index, chance in enumerate(chances)]
        # In bulk: the store would make the actors one by one.
        for row, actor in zip(rows, self._store.insert_many("actor", [{} for _row in rows]), strict=True):
            row["actor"] = actor
        ids = self._bulk("device", rows)
        self._service_installs(ids)
        for resource, name, key in PAIRS:
            self._bulk(
                resource,
                [
                    {"device": device, name: pair, "value": str(value)}
                    for index, (device, chance) in enumerate(zip(ids, chances, strict=True))
                    for pair, spec in (template.get(key) or {}).items()
                    if (value := pick(spec, index, chance)) is not None
                ],
            )
        self._service_variables(template, ids, chances)
        self._installs(rows, ids)
        return self._made

    def _device(self, template: Mapping[str, Any], index: int, chance: random.Random) -> dict[str, Any]:
        def value(name: str, default: Any = None) -> Any:
            return pick(template.get(name, default), index, chance)

        digest = hashlib.sha256(f"{self._key}/{index}".encode()).hexdigest()
        provisioned = bool(template.get("provisioned", True))
        row: dict[str, Any] = {
            "device_name": str(value("name", "device-{n:05d}")).format(n=index + 1, i=index),
            "uuid": digest[:32],
            "belongs_to__application": self._fleet.application,
            "is_of__device_type": self._fleet.device_type,
            "note": value("note"),
            "is_pinned_on__release": self._release(value("pin")),
        }
        if not provisioned:
            return {**row, "is_active": False}
        latitude, longitude = place(template.get("location"), chance)
        target = row["is_pinned_on__release"] or self._fleet.target
        os_version = str(value("os_version", "6.0.41"))
        prefix = str(value("mac_prefix", "DC:A6:32"))
        row |= {
            "os_version": f"balenaOS {os_version}",
            "os_variant": value("os_variant", "prod"),
            "supervisor_version": value("supervisor_version", "17.0.3"),
            "ip_address": str(value("ip_address", "10.{a}.{b}.{c}")).format(**octets(index)),
            "public_address": str(value("public_address", "203.0.113.{c}")).format(**octets(index)),
            "mac_address": f"{prefix}:{digest[32:34]}:{digest[34:36]}:{digest[36:38]}".upper(),
            "latitude": latitude,
            "longitude": longitude,
            "is_running__release": self._release(value("release")) or target,
            "should_be_operated_by__release": self._hosts.get(os_version),
            "status": "Idle",
        }
        if template.get("metrics", True):
            row |= metrics(chance)
        row |= self._connectivity(template, chance)
        # Locations and the like are known to the `cloud` flavor alone.
        known = base_model()["device"].fields
        return {name: value for name, value in row.items() if name in known}

    def _connectivity(self, template: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
        online = chance.random() < float(template.get("online", True))
        seen = self._clock.timestamp() - (0.0 if online else float(template.get("last_seen_days", 3)) * 86400)
        return connectivity(online, iso_time(seen))

    def _release(self, version: Any) -> int | None:
        if version is None:
            return None
        if str(version) not in self._fleet.releases:
            raise ValueError(f"no release {version} in this fleet; there are {', '.join(self._fleet.releases)}")
        return self._fleet.releases[str(version)]

    def _service_installs(self, ids: list[int]) -> None:
        # The API makes them when a device is registered one by one.
        self._bulk(
            "service_install",
            [
                {"device": device, "installs__service": service}
                for device in ids
                for service in self._fleet.services.values()
            ],
        )

    def _service_variables(self, template: Mapping[str, Any], ids: list[int], chances: list[random.Random]) -> None:
        for service, pairs in (template.get("service_env") or {}).items():
            service_id = self._fleet.services[service]
            found = self._store.query("service_install", installs__service=service_id)
            installs = {row["device"]: row["id"] for row in found}
            made = [
                {
                    "device": device,
                    "service": service_id,
                    "service_install": installs[device],
                    "name": key,
                    "value": str(pick(spec, index, chance)),
                }
                for index, (device, chance) in enumerate(zip(ids, chances, strict=True))
                for key, spec in pairs.items()
            ]
            self._bulk("device_service_environment_variable", made)

    def _installs(self, rows: list[dict[str, Any]], ids: list[int]) -> None:
        images: dict[int, list[int]] = {
            release: [
                row["image"] for row in self._store.query("image__is_part_of__release", is_part_of__release=release)
            ]
            for release in {row["is_running__release"] for row in rows if row.get("is_running__release")}
        }
        now = self._clock.iso()
        made = [
            {
                "device": device,
                "installs__image": image,
                "is_provided_by__release": row["is_running__release"],
                "status": "Running",
                "download_progress": None,
                "install_date": now,
            }
            for device, row in zip(ids, rows, strict=True)
            for image in images.get(row.get("is_running__release") or 0, [])
        ]
        self._bulk("image_install", made)

    def _bulk(self, resource: str, rows: list[dict[str, Any]]) -> list[int]:
        if not rows:
            return []
        self._made[resource] = self._made.get(resource, 0) + len(rows)
        return list(self._store.insert_many(resource, rows))


def pick(spec: Any, index: int, chance: random.Random) -> Any:
    """A template's value for the device number `index` (from 0).

    Plain: for all; a list: in turn; {cycle: [...], each: 5}: in turn, five devices each; {random: [...]}: by chance;
    {weighted: {a: 9, b: 1}}: by chance with weights. A text may hold {n} (from 1) and {i} (from 0).
    """
    if isinstance(spec, list):
        return spec[index % len(spec)]
    if not isinstance(spec, dict):
        return spec
    if not set(spec) <= PICKERS:
        raise ValueError(f"not a value of a template: {spec}; known are {', '.join(sorted(PICKERS))}")
    if "weighted" in spec:
        return chance.choices(list(spec["weighted"]), weights=list(spec["weighted"].values()))[0]
    if "random" in spec:
        return chance.choice(spec["random"])
    return spec["cycle"][index // int(spec.get("each", 1)) % len(spec["cycle"])]


def place(location: Mapping[str, Any] | None, chance: random.Random) -> tuple[str | None, str | None]:
    """Latitude and longitude, at most `spread` degrees from the template's."""
    if not location:
        return None, None
    spread = float(location.get("spread", 0.0))
    return (
        f"{float(location['latitude']) + chance.uniform(-spread, spread):.5f}",
        f"{float(location['longitude']) + chance.uniform(-spread, spread):.5f}",
    )


def octets(index: int) -> dict[str, int]:
    """Parts of an address that differ from device to device: {a}.{b}.{c}, and {n} from 1."""
    number = index + 1
    return {"a": number >> 16 & 255, "b": number >> 8 & 255, "c": number & 255, "n": number, "i": index}


def metrics(chance: random.Random) -> dict[str, Any]:
    """What a supervisor reports of its device: megabytes, percent, degrees Celsius."""
    return {
        "cpu_usage": chance.randint(1, 80),
        "cpu_temp": chance.randint(38, 72),
        "memory_usage": chance.randint(300, 1500),
        "memory_total": 3888,
        "storage_usage": chance.randint(1000, 9000),
        "storage_total": 28600,
        "storage_block_device": "/dev/mmcblk0p6",
        "is_undervolted": chance.random() < 0.02,
    }
