# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relation that comes empty costs an inventory no host: the token may not see the other row, or there is none."""

from __future__ import annotations

import json

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.plugin_utils.inventory.grouping import GROUPINGS
from ansible_collections.community.balena.plugins.plugin_utils.inventory.reading import read_devices
from emulator import Emulator
from tests.support.between import Between, emptied
from tests.support.examples import SEED


@pytest.fixture(scope="module")
def kiosks():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.mark.parametrize("relation", ["belongs_to__application", "organization"])
def test_the_inventory_shows_the_rest(kiosks, monkeypatch, ansible, relation):
    kiosks.reset()
    between = Between(monkeypatch)
    between.start()
    with Balena(api_url=kiosks.url, token=kiosks.token) as balena:
        hosts = {row["device_name"] for row in read_devices(balena, {})}
    rows = json.loads(between.answers[-1].content)
    kiosks.fault(path="/v7/device$", query="is_of__device_type", status=200, json=emptied(rows, relation))
    options = {"plugin": "community.balena.balena", "api_url": kiosks.url, "api_token": kiosks.token}
    shown = ansible.inventory({**options, "group_by": list(GROUPINGS)}).json["_meta"]["hostvars"]
    assert set(shown) == hosts
    assert {host["balena_organization"] for host in shown.values()} == {None}
