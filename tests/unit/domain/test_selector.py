# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices are meant: never more than the options say, and none by mistake."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.options import DeviceSelection
from ansible_collections.community.balena.plugins.module_utils.domain.rows import ForeignRowError
from ansible_collections.community.balena.plugins.module_utils.domain.selector import is_device_uuid, select_devices
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError

KITCHEN = {"id": 1, "uuid": "a" * 32, "device_name": "kitchen", "belongs_to__application": {"__id": 7}}
BAR = {"id": 2, "uuid": "b" * 32, "device_name": "bar", "belongs_to__application": {"__id": 7}}
OTHER_BAR = {"id": 3, "uuid": "c" * 32, "device_name": "bar", "belongs_to__application": {"__id": 8}}
FLEET = {"id": 7, "slug": "acme/kiosk", "app_name": "kiosk", "uuid": "f" * 32}


class Pine:
    """Answers every read of devices with the same rows, and remembers the conditions."""

    def __init__(self, *devices, fleets=(FLEET,)):
        self.devices, self.fleets = list(devices), list(fleets)
        self.conditions, self.options, self.looked_up = [], [], 0

    def get(self, resource, id=None, options=None):
        self.looked_up += 1
        return self.fleets

    def get_all(self, resource, options, page_size):
        self.conditions.append(options.get("$filter"))
        self.options.append(options)
        homes = {fleet["id"]: fleet["slug"] for fleet in self.fleets}
        if "belongs_to__application" not in options.get("$expand", {}):
            return [dict(row) for row in self.devices]
        ids = [row["belongs_to__application"]["__id"] for row in self.devices]
        expanded = [[{"id": id_, "slug": homes.get(id_, "acme/other")}] for id_ in ids]
        return [{**row, "belongs_to__application": home} for row, home in zip(self.devices, expanded, strict=True)]


NOTHING = DeviceSelection(
    devices=None, application=None, with_tags=None, has_tags=None, filter=None, limit=None, allow_empty=False
)


def select(pine, *, everywhere=False, may_be_missing=None, expand=None, **want):
    balena: Any = SimpleNamespace(pine=pine)
    selection: Any = {**NOTHING, **want}
    rows = select_devices(balena, selection, everywhere=everywhere, may_be_missing=may_be_missing, expand=expand)
    return [row["id"] for row in rows]


def test_without_devices_or_application_nothing_is_asked():
    pine = Pine(KITCHEN, BAR)
    for want in ({}, {"with_tags": {"site": "a"}}, {"filter": "is_online eq true"}, {"limit": 1}):
        with pytest.raises(DeclarationError, match="devices or application is needed"):
            select(pine, **want)
    assert pine.conditions == []


def test_everywhere_has_to_be_said():
    assert select(Pine(BAR, KITCHEN), everywhere=True) == [1, 2]


def test_an_empty_list_of_devices_is_none_of_them_and_not_the_whole_application():
    pine = Pine(KITCHEN, BAR)
    with pytest.raises(DeclarationError, match="select no device; say allow_empty: true"):
        select(pine, devices=[], application="acme/kiosk")
    assert select(pine, devices=[], application="acme/kiosk", allow_empty=True) == []
    assert pine.conditions == []


def test_a_selection_of_nothing_is_an_error_unless_that_is_fine():
    with pytest.raises(DeclarationError, match="select no device"):
        select(Pine(), application="acme/kiosk")
    assert select(Pine(), application="acme/kiosk", allow_empty=True) == []


@pytest.mark.parametrize(("application", "looked_up"), [("acme/kiosk", 0), (7, 0), ("kiosk", 1), ("f" * 32, 1)])
def test_an_application_is_looked_up_only_where_its_name_could_mean_another(application, looked_up):
    pine = Pine(KITCHEN, BAR)
    assert select(pine, application=application) == [1, 2]
    assert pine.looked_up == looked_up
    assert "belongs_to__application" in pine.conditions[0]


@pytest.mark.parametrize("more", [{}, {"devices": ["kitchen"]}, {"devices": []}, {"allow_empty": True}])
def test_an_application_that_does_not_exist_is_said_to_be_the_reason(more):
    with pytest.raises(DeclarationError, match="application 'acme/nosuch' does not exist"):
        select(Pine(fleets=()), application="acme/nosuch", **more)


def test_an_ambiguous_name_names_the_devices():
    with pytest.raises(DeclarationError, match=r"device 'bar' is ambiguous: bar \(b{32}\), bar \(c{32}\)"):
        select(Pine(BAR, OTHER_BAR), devices=["bar"])


def test_a_device_that_does_not_exist_is_an_error_unless_it_may_be_missing():
    with pytest.raises(DeclarationError, match="device 'nosuch' does not exist"):
        select(Pine(KITCHEN), devices=["kitchen", "nosuch"])
    assert select(Pine(KITCHEN), devices=["kitchen", "d" * 32], may_be_missing=is_device_uuid) == [1]
    assert select(Pine(), devices=["d" * 32], may_be_missing=is_device_uuid) == []
    with pytest.raises(DeclarationError, match="device 'nosuch' does not exist"):
        select(Pine(), devices=["nosuch"], may_be_missing=is_device_uuid)


def test_a_name_that_is_given_twice_is_one_device():
    assert select(Pine(KITCHEN), devices=["kitchen", "a" * 32, 1]) == [1]


def test_what_is_expanded_is_not_selected_too():
    pine = Pine(KITCHEN)
    select(pine, devices=["kitchen"], expand={"belongs_to__application": {"$select": ["slug"]}})
    assert pine.options[0]["$select"] == ["id", "uuid", "device_name"]


def test_a_percentage_is_of_the_selected_devices_in_a_stable_order():
    pine = Pine({**OTHER_BAR, "belongs_to__application": {"__id": 7}}, KITCHEN, BAR)
    assert select(pine, application="acme/kiosk", limit="34%") == [1, 2]
    assert select(pine, application="acme/kiosk", limit="100%") == [1, 2, 3]


@pytest.mark.parametrize("more", [{}, {"devices": ["bar"]}, {"filter": "ip_address eq mac_address"}])
@pytest.mark.parametrize("application", ["acme/kiosk", 7, "kiosk"])
def test_a_device_that_was_not_asked_for_is_never_taken(application, more):
    with pytest.raises(ForeignRowError, match=f"device bar {OTHER_BAR['uuid']}.*Nothing was written"):
        select(Pine(BAR, OTHER_BAR), application=application, **more)


def test_what_is_read_to_judge_devices_by_is_not_part_of_what_was_asked_for():
    balena: Any = SimpleNamespace(pine=Pine(KITCHEN, BAR))
    assert select_devices(balena, {**NOTHING, "application": "acme/kiosk"}) == [KITCHEN, BAR]
