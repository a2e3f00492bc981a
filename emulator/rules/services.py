# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services a device is to have: a row of service_install for each service of the releases that it should run."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ..http.responses import Unauthorized
from ..odata.computed import should_be_running
from ..store.database import listed, tables
from ..store.store import Store
from .write import Write, after, before

TARGETS = ("is_pinned_on__release", "should_be_managed_by__release", "should_be_operated_by__release")


def install(store: Store, devices: Sequence[int]) -> None:
    """Add the installs that devices lack."""
    if not devices:
        return
    t = tables()
    device, linked, image, have = t["device"], t["image__is_part_of__release"], t["image"], t["service_install"]
    wanted = sa.or_(
        linked.c.is_part_of__release == should_be_running(device.c),
        linked.c.is_part_of__release == device.c.should_be_managed_by__release,
        linked.c.is_part_of__release == device.c.should_be_operated_by__release,
    )
    there = sa.exists().where(have.c.device == device.c.id, have.c.installs__service == image.c.is_a_build_of__service)
    columns = device.c.id.label("device"), image.c.is_a_build_of__service.label("installs__service")
    pairs = sa.select(*columns).distinct()
    pairs = pairs.select_from(device.join(linked, wanted).join(image, image.c.id == linked.c.image))
    pairs = pairs.where(device.c.id.in_(listed(devices)), ~there)
    store.insert_many("service_install", store.rows(pairs))


def target_changed(store: Store, fleets: Sequence[int]) -> None:
    """After a fleet's target release has changed: its devices that follow it need the release's services."""
    install(store, store.ids("device", belongs_to__application=list(fleets), is_pinned_on__release=None))


@after("create", "device")
def install_first(write: Write) -> None:
    """A new device gets the installs of what it should run."""
    install(write.store, write.ids)


@before("update", "device")
def forget_left_services(write: Write) -> None:
    """A device that moves loses the installs of the fleet that it leaves."""
    fleet = write.values.get("belongs_to__application")
    for row in write.rows if fleet is not None else ():
        if row["belongs_to__application"] != fleet:
            left = write.store.ids("service", application=row["belongs_to__application"])
            installs = write.store.ids("service_install", device=row["id"], installs__service=left)
            write.store.delete("service_install", installs)


@after("update", "device")
def install_more(write: Write) -> None:
    """A device that moves, or gets another target, gets the installs for it."""
    if any(name in write.values for name in (*TARGETS, "belongs_to__application")):
        install(write.store, write.ids)


@after("update", "application")
def install_on_fleet(write: Write) -> None:
    """So do the devices that follow their fleet's target."""
    if write.values.get("should_be_running__release") is not None:
        target_changed(write.store, write.ids)


@before("create update", "device_service_environment_variable")
def name_owners(write: Write) -> None:
    """The variable is of the device and the service of its install."""
    wanted = write.values.get("service_install")
    if wanted is None:
        return
    row = write.store.get("service_install", wanted)
    if row is None:
        raise Unauthorized
    write.values.update(device=row["device"], service=row["installs__service"])
