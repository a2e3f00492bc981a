# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is planned for devices, from rows as the API sends them; nothing is written before all is checked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.domain.devices import plan as devices
from ansible_collections.community.balena.plugins.module_utils.domain.devices import support_access
from ansible_collections.community.balena.plugins.module_utils.engine.plan import DeclarationError
from ansible_collections.community.balena.plugins.module_utils.engine.report import count
from ansible_collections.community.balena.plugins.module_utils.engine.task import Task
from tests.support.modules import complete

UUID, OTHER = "a" * 32, "b" * 32


def device_type(id_, slug, architecture, *aliases):
    named = [{"is_referenced_by__alias": alias} for alias in (slug, *aliases)]
    return {"id": id_, "slug": slug, "is_of__cpu_architecture": [{"slug": architecture}], "device_type_alias": named}


PI4 = device_type(1, "pi4", "aarch64", "raspberrypi4")
PI3, NUC = device_type(2, "pi3", "armv7hf"), device_type(3, "nuc", "amd64")


def fleet(id_, slug, kind, class_="fleet"):
    return {"id": id_, "slug": slug, "is_of__class": class_, "is_for__device_type": [kind]}


KIOSK, OLD, PC = fleet(7, "acme/kiosk", PI4), fleet(8, "acme/old", PI3), fleet(9, "acme/pc", NUC)


def device(number, uuid, name, home=None, kind=None, **columns):
    home, kind = home or KIOSK, kind or PI4
    return {
        "id": number,
        "uuid": uuid,
        "device_name": name,
        "belongs_to__application": [{"id": home["id"], "slug": home["slug"]}],
        "is_of__device_type": [kind],
        "device_tag": [],
        "note": None,
        **columns,
    }


class Pine:
    """Answers with the rows of a resource, and remembers the reads."""

    def __init__(self, *devices, application=None, **others):
        self.rows = {"device": list(devices), "application": [application or KIOSK], "device_type": [PI4], **others}
        self.reads = []

    def get(self, resource, id=None, options=None):
        self.reads.append((resource, options))
        return self.rows.get(resource, [])

    def get_all(self, resource, options, page_size):
        return list(self.get(resource, options=options))


def plan(pine, **want):
    balena: Any = SimpleNamespace(pine=pine)
    return Task.of(devices.plan(balena, complete("balena_device", **want))).plan


def only_change(pine, **want):
    (change,) = plan(pine, **want).changes
    return change


def test_a_device_that_does_not_exist_is_registered_with_all_that_is_declared_in_one_row():
    change = only_change(Pine(), uuid=UUID, application="acme/kiosk", name="door", note="back")
    assert (change.action, change.resource, change.key) == ("create", "device", (UUID,))
    assert change.body == {
        "uuid": UUID,
        "device_name": "door",
        "note": "back",
        "belongs_to__application": 7,
        "is_of__device_type": 1,
    }


def test_a_registration_is_predicted():
    (shown,) = plan(Pine(), uuid=UUID, application="acme/kiosk", tags={"site": "b"}).result["devices"]
    assert shown == {
        "id": None,
        "uuid": UUID,
        "name": None,
        "application": "acme/kiosk",
        "device_type": "pi4",
        "tags": {"site": "b"},
    }


def test_a_generated_uuid_goes_with_a_name_and_is_not_predicted():
    planned = plan(Pine(), name="door", application="acme/kiosk")
    assert planned.changes[0].key == ("acme/kiosk", "door")
    assert len(planned.changes[0].identity["uuid"]) == 32
    assert planned.result["devices"][0]["uuid"] is None


def test_a_registered_name_is_not_registered_again():
    assert plan(Pine(device(5, UUID, "door")), name="door", application="acme/kiosk").changes == ()


def test_a_name_that_two_devices_of_the_application_have_is_refused():
    with pytest.raises(DeclarationError, match=f"'door' is ambiguous: {UUID}, {OTHER}"):
        plan(Pine(device(5, UUID, "door"), device(6, OTHER, "door")), name="door", application="acme/kiosk")


def test_tags_of_a_new_device_wait_for_its_id():
    create, tag = plan(Pine(), name="door", application="acme/kiosk", tags={"site": 1}).changes
    assert tag.resource == "device_tag" and tag.after == {"value": "1"}
    assert (tag.identity["device"].resource, tag.identity["device"].key) == ("device", create.key)


def test_many_devices_with_values_of_their_own():
    pine = Pine(device(5, UUID, "old name", device_tag=[{"id": 50, "tag_key": "site", "value": "x"}]))
    each = [{"uuid": UUID, "name": "a", "tags": {"role": "r"}}, {"uuid": OTHER, "name": "b"}]
    planned = plan(pine, each=each, application="acme/kiosk", tags={"site": "s"}, note="n")
    assert count(planned.steps) == {"create": 3, "update": 2, "delete": 0}
    assert [(change.resource, change.action) for change in planned.changes] == [
        ("device", "create"),
        ("device", "update"),
        ("device_tag", "create"),
        ("device_tag", "create"),
        ("device_tag", "update"),
    ]
    assert [shown["tags"] for shown in planned.result["devices"]] == [{"role": "r", "site": "s"}, {"site": "s"}]
    assert [shown["name"] for shown in planned.result["devices"]] == ["a", "b"]


def test_a_move_is_one_column_and_says_the_slugs():
    change = only_change(Pine(device(5, UUID, "door", OLD)), devices=[UUID], application="acme/kiosk")
    assert change.body == {"belongs_to__application": 7}
    assert change.before["belongs_to__application"].label == "acme/old"


def test_a_device_that_cannot_run_the_application_stops_everything():
    pine = Pine(device(5, UUID, "door", PC, NUC), device(6, OTHER, "gate", PC, PI4))
    with pytest.raises(DeclarationError, match=r"aarch64.*door \(a{7}\), which has amd64\. Nothing was written"):
        plan(pine, devices=["door", "gate"], application="acme/kiosk")


def test_an_architecture_that_runs_older_containers_may_move():
    pine = Pine(device(5, UUID, "door", KIOSK, PI4), application=OLD)
    assert only_change(pine, devices=["door"], application="acme/old").body == {"belongs_to__application": 8}


def test_a_device_type_of_another_architecture_is_not_registered():
    with pytest.raises(DeclarationError, match="has amd64"):
        plan(Pine(device_type=[NUC]), uuid=UUID, application="acme/kiosk", device_type="nuc")


def test_only_a_fleet_has_devices():
    with pytest.raises(DeclarationError, match="of the class block; only a fleet can have devices"):
        plan(Pine(application=fleet(7, "acme/b", PI4, "block")), uuid=UUID, application="acme/b")


def test_the_device_type_of_a_device_is_compared_and_not_changed():
    pine = Pine(device(5, UUID, "door"), device_type=[PI3])
    with pytest.raises(DeclarationError, match="is of the device type pi4, which cannot be changed to 'pi3'"):
        plan(pine, uuid=UUID, device_type="pi3")
    assert plan(Pine(device(5, UUID, "door")), uuid=UUID, device_type="raspberrypi4").changes == ()


@pytest.mark.parametrize(
    ("columns", "want", "body"),
    [
        ({"note": None}, {"note": ""}, None),
        ({"note": "x"}, {"note": ""}, {"note": ""}),
        ({"note": "x"}, {"note": "y"}, {"note": "y"}),
        (
            {"custom_latitude": "10.50", "custom_longitude": "-20"},
            {"location": {"latitude": 10.5, "longitude": -20.0}},
            None,
        ),
        (
            {"custom_latitude": "", "custom_longitude": None},
            {"location": {"latitude": 0.0, "longitude": 180.0}},
            {"custom_latitude": "0", "custom_longitude": "180"},
        ),
        (
            {"custom_latitude": "1", "custom_longitude": "2"},
            {"location": {"latitude": None, "longitude": None}},
            {"custom_latitude": "", "custom_longitude": ""},
        ),
        ({"is_web_accessible": None}, {"public_url": False}, None),
        ({"is_web_accessible": False}, {"public_url": True}, {"is_web_accessible": True}),
        ({"is_active": True}, {"state": "deactivated"}, {"is_active": False}),
        ({"is_active": False}, {"state": "deactivated"}, None),
        (
            {support_access.COLUMN: None},
            {"support_access_until": "2099-01-01"},
            {support_access.COLUMN: "2099-01-01T00:00:00.000Z"},
        ),
        (
            {support_access.COLUMN: "2099-01-01T00:00:00.000Z"},
            {"support_access_until": "2099-01-01 01:00:00+01:00"},
            None,
        ),
        (
            {support_access.COLUMN: "2099-01-01T00:00:00.000Z"},
            {"support_access_until": ""},
            {support_access.COLUMN: None},
        ),
    ],
)
def test_what_is_written_of_one_option(columns, want, body):
    changes = plan(Pine(device(5, UUID, "door", **columns)), uuid=UUID, **want).changes
    assert [change.body for change in changes] == ([] if body is None else [body])


@pytest.mark.parametrize(
    ("want", "why"),
    [
        ({"name": "a\nb"}, "without line breaks"),
        ({"name": " "}, "1 to 255 characters"),
        ({"name": "n" * 256}, "1 to 255 characters"),
        ({"location": {"latitude": 91.0, "longitude": 0.0}}, "latitude must be a number of degrees from -90 to 90"),
        ({"location": {"latitude": 1.0, "longitude": None}}, "longitude must be a number of degrees"),
        ({"location": {"latitude": float("nan"), "longitude": 0.0}}, "latitude must be"),
        ({"support_access_until": "2001-01-01"}, "has passed"),
        ({"support_access_until": "soon"}, "not a date and time"),
        ({"with_tags": {"a": "b"}}, "with_tags narrow down devices or in_application"),
    ],
)
def test_what_is_refused(want, why):
    pine = Pine(device(5, UUID, "door", custom_latitude=None, custom_longitude=None, **{support_access.COLUMN: None}))
    with pytest.raises(DeclarationError, match=why):
        plan(pine, uuid=UUID, **want)


@pytest.mark.parametrize("uuid", ["short", "A" * 32, "a" * 33, "g" * 32])
def test_a_uuid_that_the_api_would_refuse(uuid):
    with pytest.raises(DeclarationError, match="32 or 62 hexadecimal digits"):
        plan(Pine(), uuid=uuid, application="acme/kiosk")


def test_what_is_not_found_and_cannot_be_registered():
    with pytest.raises(DeclarationError, match="application is needed to register it"):
        plan(Pine(), uuid=UUID)
    with pytest.raises(DeclarationError, match="application is needed to find or register device 'door'"):
        plan(Pine(), name="door")
    with pytest.raises(DeclarationError, match="does not exist, and cannot be deactivated"):
        plan(Pine(), uuid=UUID, application="acme/kiosk", state="deactivated")
    with pytest.raises(DeclarationError, match="device 'nosuch' does not exist"):
        plan(Pine(), devices=["nosuch"], application="acme/kiosk")


def test_whole_uuids_of_a_list_are_registered():
    planned = plan(Pine(device(5, UUID, "door")), devices=[UUID, OTHER], application="acme/kiosk")
    assert [(change.action, change.key) for change in planned.changes] == [("create", (OTHER,))]


def test_a_uuid_that_the_selector_leaves_out_is_not_registered():
    with pytest.raises(DeclarationError, match="does not exist among the devices that the other options select"):
        plan(Pine(), devices=[UUID], application="acme/kiosk", with_tags={"site": "x"})


def test_one_name_is_not_given_to_several_devices():
    pine = Pine(device(5, UUID, "a"), device(6, OTHER, "b"))
    with pytest.raises(DeclarationError, match="name 'c' is for one device, and the options select 2"):
        plan(pine, in_application="acme/kiosk", name="c")


def test_removal_deletes_what_there_is_and_is_content_with_what_there_is_not():
    planned = plan(Pine(device(5, UUID, "door")), devices=[UUID, "nosuch"], state="absent")
    (change,) = planned.changes
    assert (change.action, change.id, planned.result) == (
        "delete",
        5,
        {"devices": [], "removed": [{"uuid": "a" * 32, "name": "door"}]},
    )
    assert change.before == {"device_name": "door", "belongs_to__application": "acme/kiosk"}
    assert plan(Pine(), uuid=UUID, state="absent").changes == ()
    assert plan(Pine(), in_application="acme/kiosk", state="absent").changes == ()


def test_purged_tags_are_deletions_of_the_devices_that_tags_are_declared_for():
    tagged = [{"id": 50, "tag_key": "site", "value": "x"}]
    change = only_change(Pine(device(5, UUID, "door", device_tag=tagged)), uuid=UUID, tags={}, purge_tags=True)
    assert (change.action, change.resource, change.key, change.id) == ("delete", "device_tag", (UUID, "site"), 50)
    assert plan(Pine(device(5, UUID, "door", device_tag=tagged)), uuid=UUID, purge_tags=True).changes == ()


READY = {
    "os_version": "balenaOS 2.113.0",
    "os_variant": "dev",
    "supervisor_version": "14.0.0",
    "last_connectivity_event": "2024-01-01T00:00:00.000Z",
}


def variable(value, name="RESIN_OVERRIDE_LOCK"):
    return [{"id": 60, "device": {"__id": 5}, "application": {"__id": 7}, "name": name, "value": value}]


LOCAL = "RESIN_SUPERVISOR_LOCAL_MODE"


@pytest.mark.parametrize(
    ("own", "of_application", "want", "made"),
    [
        ([], [], {"local_mode": True}, ("create", LOCAL, "1")),
        (variable("0", LOCAL), [], {"local_mode": True}, ("update", LOCAL, "1")),
        (variable("1", LOCAL), [], {"local_mode": True}, None),
        (variable("1", LOCAL), [], {"local_mode": False}, ("update", LOCAL, "0")),
        ([], [], {"local_mode": False}, None),
        ([], variable("1"), {"local_mode": False}, None),
        ([], [], {"lock_override": True}, ("create", "RESIN_OVERRIDE_LOCK", "1")),
        ([], variable("1"), {"lock_override": True}, None),
        ([], variable("1"), {"lock_override": False}, ("create", "RESIN_OVERRIDE_LOCK", "0")),
        (variable("0"), variable("1"), {"lock_override": True}, ("update", "RESIN_OVERRIDE_LOCK", "1")),
    ],
)
def test_switches_are_config_variables(own, of_application, want, made):
    pine = Pine(
        device(5, UUID, "door", **READY), device_config_variable=own, application_config_variable=of_application
    )
    planned = plan(pine, uuid=UUID, **want)
    changes = [(change.action, change.key[-1], change.after["value"]) for change in planned.changes]
    assert changes == ([made] if made else [])
    assert next(iter(want.items())) in planned.result["devices"][0].items()


def test_local_mode_needs_a_development_variant():
    pine = Pine(device(5, UUID, "door", **{**READY, "os_variant": "prod"}))
    with pytest.raises(DeclarationError, match=r"door \(a{7}\) cannot be put into local mode: Local mode is only"):
        plan(pine, uuid=UUID, local_mode=True)
    with pytest.raises(DeclarationError, match="not yet fully provisioned"):
        plan(Pine(), uuid=UUID, application="acme/kiosk", local_mode=True)


def test_the_number_of_reads_does_not_grow_with_the_devices():
    def reads(count):
        rows = [device(number, f"{number:032x}", f"d{number}") for number in range(count)]
        pine = Pine(*rows)
        plan(pine, in_application="acme/kiosk", tags={"a": "b"}, note="n", lock_override=True, local_mode=False)
        return len(pine.reads)

    assert reads(2) == reads(3000) == 3
