# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan costs each device, worked out from the situation alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.forecast.forecast import costs
from ansible_collections.community.balena.plugins.module_utils.domain.forecast.situation import (
    Device,
    Fleet,
    Image,
    Scope,
    Situation,
)
from ansible_collections.community.balena.plugins.module_utils.engine.plan import Act, Change, Plan

UUID = "a" * 32
WEB, DB = Image(1, "web", 100, "c1"), Image(2, "db", 50, "c2")
SAME, NEW_WEB = Image(3, "web", 100, "c1"), Image(4, "web", 70, "c4")
RELEASES = {1: (WEB, DB), 2: (NEW_WEB, DB), 3: (SAME, DB), 4: (Image(5, "web", None, None),)}
KIOSK = Fleet(7, "acme/kiosk", 1, Scope({"A": "1"}, {}, {"web": {"B": "2"}}))
DEVICE = Device(UUID, "one", 7, running=1)


def situation(**device):
    return Situation({UUID: replace(DEVICE, **device)}, {7: KIOSK}, RELEASES)


def variable(resource, *key, value="new", action="create"):
    return Change(action, resource, key, None, None if action == "delete" else {"value": value})


def target(release):
    return Change(
        "update",
        "application",
        ("acme/kiosk",),
        {"should_be_running__release": 1},
        {"should_be_running__release": release},
    )


def pin(release, before=None):
    column = "is_pinned_on__release"
    return Change("update", "device", (UUID,), {column: before}, {column: release})


BOTH = {"web": 1, "db": 1}
OF_FLEET, OF_DEVICE = ("application_environment_variable", "acme/kiosk"), ("device_environment_variable", UUID)


@pytest.mark.parametrize(
    ("changes", "restarts", "reboots", "download"),
    [
        ([variable(*OF_FLEET, "A")], BOTH, 0, 0),
        ([variable(*OF_FLEET, "A", value="1")], {}, 0, 0),
        ([variable(*OF_FLEET, "A", action="delete")], BOTH, 0, 0),
        ([variable(*OF_FLEET, "B")], {"db": 1}, 0, 0),  # web has one of its own
        ([variable(*OF_FLEET, "A"), variable(*OF_DEVICE, "A", value="1")], {}, 0, 0),
        ([variable("service_environment_variable", "acme/kiosk", "web", "N")], {"web": 1}, 0, 0),
        ([variable("service_environment_variable", "acme/kiosk", "other", "N")], {}, 0, 0),
        ([variable("device_service_environment_variable", UUID, "db", "N")], {"db": 1}, 0, 0),
        ([variable("device_environment_variable", "acme/kiosk", "one", "N")], BOTH, 0, 0),  # by its name
        ([variable(*OF_FLEET, "N"), variable(*OF_DEVICE, "N")], BOTH, 0, 0),
        ([variable("build_environment_variable", "acme/kiosk", "N")], {}, 0, 0),
        ([variable("device_config_variable", UUID, "BALENA_HOST_CONFIG_gpu_mem")], BOTH, 1, 0),
        ([variable("application_config_variable", "acme/kiosk", "RESIN_HOST_SPLASH_IMAGE")], BOTH, 1, 0),
        ([variable("application_config_variable", "acme/kiosk", "BALENA_SUPERVISOR_LOCAL_MODE")], {}, 0, 0),
        ([target(2)], {"web": 1}, 0, 70),
        ([target(2), variable(*OF_FLEET, "A")], BOTH, 0, 70),
        ([target(2), variable("device_config_variable", UUID, "BALENA_HOST_CONFIG_x")], {"web": 2, "db": 1}, 1, 70),
        ([target(3)], {"web": 1}, 0, 0),  # another image of the same content
        ([target(4)], {"web": 1}, 0, 0),  # of unknown size
        ([pin(2)], {"web": 1}, 0, 70),
        ([pin(2), target(3)], {"web": 1}, 0, 70),
        ([pin(1)], {}, 0, 0),  # what it runs already
    ],
)  # fmt: skip
def test_a_device_pays_for_what_differs_for_it(changes, restarts, reboots, download):
    found = costs(situation(), Plan(tuple(changes))).get(UUID)
    assert (
        (dict(found.restarts), found.reboots, found.download) == (restarts, reboots, download)
        if found
        else not restarts
    )


def test_a_pinned_device_does_not_follow_its_fleet():
    assert costs(situation(pinned=1), Plan((target(2),))) == {}
    assert costs(situation(pinned=1), Plan((pin(None, before=1), target(2))))[UUID].download == 70


def test_a_target_that_is_taken_back_costs_nothing():
    assert costs(situation(pinned=2), Plan((pin(None, before=2),))) == {}, "it still runs what it is sent back to"


def test_sizes_that_are_not_known_are_said_to_be_so():
    assert costs(situation(), Plan((target(4),)))[UUID].unknown
    update = Act("os_update", (UUID,), {"os_version": "6.1.0"})
    cost = costs(situation(), Plan(acts=(update,)))[UUID]
    assert (dict(cost.restarts), cost.reboots, cost.unknown) == (BOTH, 1, True)


def test_what_is_created_runs_nothing_yet():
    new = "b" * 32
    made = Change("create", "device", (new,), None, {}, {"uuid": new})
    assert costs(situation(), Plan((made, variable("device_environment_variable", new, "A")))) == {}
