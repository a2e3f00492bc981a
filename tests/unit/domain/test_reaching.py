# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many devices a plan touches, and what devices are called."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.device_names import devices_of, names_of
from ansible_collections.community.balena.plugins.module_utils.domain.reaching import touched
from ansible_collections.community.balena.plugins.module_utils.engine.plan import Act, Change, Plan
from ansible_collections.community.balena.plugins.module_utils.engine.wording import NamedUuid

UUID, OTHER = "7cf02a687b74206f92cb455969cf8e98", "1" * 32


def change(resource: str, *key: str, action: str = "update", **after: object) -> Change:
    return Change(action, resource, key, {}, after, {}, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], 0),
        ([change("device_tag", UUID, "a", value="1"), change("device_tag", UUID, "b", value="1")], 1),
        ([change("device_tag", UUID, "a", value="1"), change("device", OTHER, note="x")], 2),
        # Devices that are declared by their names are told apart by both parts of their keys.
        ([change("device", "acme/a", "one", note="x"), change("device_tag", "acme/a", "two", "k", value="1")], 2),
        ([change("application_tag", "acme/a", "x", value="1"), change("application_tag", "acme/a", "y", value="1")], 1),
        ([change("application_environment_variable", "acme/a", "A", action="create", value="1")], 10),
        ([change("service_environment_variable", "acme/a", "web", "A", action="delete")], 10),
        ([change("application", "acme/a", should_be_running__release=7)], 10),
        ([change("application", "acme/a", is_archived=True)], 1),
    ],
)
def test_a_plan_touches_each_device_once_and_a_change_of_a_fleet_all_of_them(steps, expected):
    assert touched(Plan(tuple(steps), subjects=10)) == expected


def test_what_is_done_touches_its_device():
    acts = (Act("device reboot", (UUID,), {}), Act("device reboot", (OTHER,), {}), Act("device reboot", (UUID,), {}))
    assert touched(Plan(acts=acts, subjects=5)) == 2


def test_names_of_devices_are_known_by_their_uuids():
    assert names_of([{"uuid": "a", "device_name": "x"}, {"uuid": "b"}]) == {"a": "x"}


def test_devices_are_listed_once_by_name():
    one, two = NamedUuid(UUID, "b"), NamedUuid(OTHER, "a")
    steps = [
        change("device", one, note="x"),
        change("device_tag", two, "k", value="1"),
        change("device", one, note="y"),
    ]
    assert devices_of(steps) == [{"uuid": OTHER, "name": "a"}, {"uuid": UUID, "name": "b"}]
