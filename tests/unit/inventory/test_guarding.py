# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups made of text from the API concern the source's own hosts alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.inventory.data import InventoryData

from ansible_collections.community.balena.plugins.plugin_utils.inventory.guarding import Guard, rename_like_groups

UUID, OTHER = "1" * 32, "2" * 32


@pytest.fixture
def inventory():
    """What another source has made: the host web in the groups www and all."""
    made = InventoryData()
    made.add_group("www")
    made.add_host("web", "www")
    made.set_variable("web", "ansible_host", "192.0.2.1")
    return made


def test_a_name_is_free_if_it_is_no_groups_and_no_other_hosts(inventory):
    inventory.add_host("mine")
    inventory.set_variable("mine", "balena_uuid", UUID)
    is_free = Guard(inventory, "balena_").is_free(["balena_online"])
    device = {"uuid": UUID}
    assert is_free("sensor", device)
    assert is_free("mine", device)
    assert not is_free("mine", {"uuid": OTHER})
    assert not any(is_free(name, device) for name in ("web", "www", "all", "ungrouped", "balena_online"))


def test_no_group_is_made_that_is_called_like_another_sources_host(inventory):
    guard = Guard(inventory, "balena_")
    inventory.add_host("sensor")
    guard.add_host("sensor", guard.add_group("web"))
    guard.add_child("web", "www")
    assert "web" not in inventory.groups
    assert "web" in guard.refused


def test_a_group_with_hosts_of_another_source_is_put_below_none(inventory):
    guard = Guard(inventory, "balena_")
    inventory.add_host("sensor")
    for group in ("sites", "www", "all"):
        guard.add_group(group)
    guard.add_host("sensor", "www")
    for child in ("www", "all", "sites"):
        guard.add_child("sites", child)
    assert inventory.groups["sites"].get_hosts() == []
    assert set(guard.refused) == {"www", "all", "sites"}


def test_a_circle_of_groups_costs_that_place_alone(inventory):
    guard = Guard(inventory, "balena_")
    for group in ("a", "b"):
        guard.add_group(group)
    assert guard.add_child("a", "b")
    assert not guard.add_child("b", "a")
    assert "circle" in guard.refused["a"]


def test_a_host_that_is_called_like_a_group_gives_up_its_name(inventory):
    inventory.add_group("members")
    inventory.add_host("oslo", "members")
    inventory.set_variable("oslo", "balena_uuid", UUID)
    inventory.add_group("oslo")
    host = SimpleNamespace(name="oslo", existed=False)
    assert rename_like_groups(inventory, [host], lambda _host: UUID) == ["oslo"]
    assert [found.name for found in inventory.groups["members"].get_hosts()] == [UUID]
    assert inventory.hosts[UUID].vars["balena_uuid"] == UUID
    assert inventory.groups["oslo"].vars == {}
    assert "oslo" not in inventory.hosts
