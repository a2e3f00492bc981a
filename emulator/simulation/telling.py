# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what simulated devices are told of variables and images, of some devices at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ..store.database import listed, tables
from .containers import BOOT, Image, Told

if TYPE_CHECKING:
    from ..store.store import Store

Values = dict[str, str]


def tell(store: Store, devices: Iterable[int]) -> dict[int, Told]:
    """What devices are told, by their ids: of a variable, the device's own wins, and among them that of the service."""
    device = tables()["device"].c
    asked = sa.select(device.id, device.belongs_to__application).where(device.id.in_(listed(devices)))
    homes = {row["id"]: row["belongs_to__application"] for row in store.rows(asked)}
    fleets = set(homes.values())
    of_fleet = _variables(store, "application_environment_variable", "application", fleets)
    of_device = _variables(store, "device_environment_variable", "device", homes)
    fleet_config = _variables(store, "application_config_variable", "application", fleets)
    device_config = _variables(store, "device_config_variable", "device", homes)
    services = _services(store, fleets)
    of_service = _variables(store, "service_environment_variable", "service", services)
    of_install = _of_installs(store, homes)
    found = {}
    for id_, fleet in homes.items():
        env = {
            name: {
                **of_fleet.get(fleet, {}),
                **of_service.get(service, {}),
                **of_device.get(id_, {}),
                **of_install.get((id_, service), {}),
            }
            for service, (home, name) in services.items()
            if home == fleet
        }
        found[id_] = Told(env, _boot({**fleet_config.get(fleet, {}), **device_config.get(id_, {})}))
    return found


def images_of(store: Store, releases: Iterable[int]) -> dict[int, tuple[Image, ...]]:
    """The images of releases, by the ids of these."""
    part, image = tables()["image__is_part_of__release"].c, tables()["image"].c
    service = tables()["service"].c
    joined = tables()["image__is_part_of__release"].join(tables()["image"], part.image == image.id)
    joined = joined.join(tables()["service"], image.is_a_build_of__service == service.id)
    columns = (part.is_part_of__release, image.id, service.service_name, image.image_size, image.content_hash)
    asked = sa.select(*columns).select_from(joined).where(part.is_part_of__release.in_(listed(releases)))
    found: dict[int, list[Image]] = {}
    for row in store.rows(asked.order_by(image.id)):
        made = Image(row["id"], row["service_name"], int(row["image_size"] or 0), row["content_hash"])
        found.setdefault(row["is_part_of__release"], []).append(made)
    return {release: tuple(made) for release, made in found.items()}


def _variables(store: Store, resource: str, parent: str, ids: Iterable[int]) -> dict[int, Values]:
    table = tables()[resource].c
    asked = sa.select(table[parent].label("of"), table.name, table.value).where(table[parent].in_(listed(ids)))
    found: dict[int, Values] = {}
    for row in store.rows(asked):
        found.setdefault(row["of"], {})[row["name"]] = row["value"]
    return found


def _services(store: Store, fleets: Iterable[int]) -> dict[int, tuple[int, str]]:
    """The services of fleets, by id: whose they are, and their names."""
    table = tables()["service"].c
    asked = sa.select(table.id, table.application, table.service_name).where(table.application.in_(listed(fleets)))
    return {row["id"]: (row["application"], row["service_name"]) for row in store.rows(asked)}


def _of_installs(store: Store, devices: Iterable[int]) -> dict[tuple[int, int], Values]:
    """The variables of services on devices, by the ids of both."""
    install, variable = tables()["service_install"].c, tables()["device_service_environment_variable"].c
    joined = tables()["service_install"].join(
        tables()["device_service_environment_variable"], variable.service_install == install.id
    )
    columns = (install.device, install.installs__service, variable.name, variable.value)
    asked = sa.select(*columns).select_from(joined).where(install.device.in_(listed(devices)))
    found: dict[tuple[int, int], Values] = {}
    for row in store.rows(asked):
        found.setdefault((row["device"], row["installs__service"]), {})[row["name"]] = row["value"]
    return found


def _boot(config: Values) -> Values:
    plain = {name.partition("_")[2]: value for name, value in config.items()}
    return {name: value for name, value in plain.items() if name.startswith(BOOT)}
