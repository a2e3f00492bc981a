# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connect` makes hosts of the host OS and the containers of devices, whatever these are called."""

from __future__ import annotations

import json

import pytest

from tests.support.inventory_runs import EVIL, FLEET

PLUGIN = "community.balena.balena"
TUNNEL = {"tunnel_address": "tunnel.example.com:443"}
SENSORS = {"plugin": PLUGIN, "applications": ["acme/sensors"], **TUNNEL}
HOSTILE = [
    EVIL, "{% raw %}", "-oProxyCommand=touch evil", "a b", "$(touch evil)", "`touch evil`", "../../etc", "x:y", "all",
    "!web", "a,b", "[0:3]", "ungrouped", "x; touch evil", "Zürich 雪", "it's \"q\"", "a.b",
]  # fmt: skip


@pytest.fixture
def fleet(emulator):
    emulator.seed(FLEET)
    emulator.clear_requests()
    return emulator


def groups(listing):
    """Names of groups with their hosts, as far as `connect` makes them."""
    return {name: sorted(it.get("hosts", ())) for name, it in listing.items() if name.startswith("balena_")}


def test_nothing_changes_without_connect(ansible, fleet):
    listing = ansible.inventory(SENSORS).json
    assert groups(listing) == {}
    variables = listing["_meta"]["hostvars"]["sensor-01"]
    assert not [
        name for name in variables if name.startswith("ansible_") or name in ("balena_services", "balena_reach")
    ]


def test_containers_of_chosen_services(ansible, fleet):
    listing = ansible.inventory({**SENSORS, "connect": ["container"], "services": ["main"]}).json
    hosts = listing["_meta"]["hostvars"]
    assert sorted(hosts) == sorted([f"sensor-0{n}.main" for n in range(1, 7)] + ["gateway-01.main", "gateway-02.main"])
    assert groups(listing) == {"balena_service_main": sorted(hosts)}
    one = hosts["sensor-01.main"]
    assert (one["ansible_connection"], one["balena_service"]) == ("community.balena.container", "main")
    assert (one["ansible_host"], one["ansible_port"]) == (f"{one['balena_uuid']}.balena", 22222)
    assert (one["balena_reach"], one["balena_tunnel_address"]) == ("tunnel", "tunnel.example.com:443")
    assert "ansible_user" not in one, "the user in the container is that of its image"
    assert one["balena_device_name"] == "sensor-01"
    assert fleet.token not in str(listing)
    assert len(fleet.requests()) == 2


def test_both_with_groups_for_each_device_and_kind(ansible, fleet):
    options = {**SENSORS, "online": True, "connect": ["host", "container"], "group_by": ["online"]}
    listing = ansible.inventory(options).json
    found = groups(listing)
    hosts = [f"sensor-0{n}" for n in range(1, 7)]
    containers = sorted(f"{host}.{service}" for host in hosts for service in ("log", "main"))
    assert found["balena_hosts"] == hosts
    assert found["balena_containers"] == containers
    assert found["balena_device_sensor_01"] == ["sensor-01", "sensor-01.log", "sensor-01.main"]
    assert found["balena_online"] == sorted(hosts + containers)
    assert found["balena_service_log"] == [f"{host}.log" for host in hosts]
    assert "balena_services" not in listing["_meta"]["hostvars"]["sensor-01"], "nobody asked for it"
    assert len(fleet.requests()) == 2


def test_another_prefix_still_connects(ansible, fleet):
    options = {**SENSORS, "connect": ["container"], "services": ["main"], "hostvars_prefix": "b_"}
    one = ansible.inventory(options).json["_meta"]["hostvars"]["sensor-01.main"]
    assert one["b_uuid"] == one["balena_uuid"]
    assert (one["balena_service"], one["balena_reach"]) == ("main", "tunnel")


def test_local_containers_and_devices_that_report_no_address(ansible, fleet):
    for device, address in zip(fleet.store.ids("device"), ("192.0.2.7 fe80::1", "127.0.0.1"), strict=False):
        fleet.store.update("device", device, ip_address=address)
    options = {**SENSORS, "devices": ["sensor-01", "sensor-02"], "connect": ["container"], "reach": "local"}
    hosts = ansible.inventory(options).json["_meta"]["hostvars"]
    assert hosts["sensor-01.main"]["ansible_host"] == "192.0.2.7"
    assert hosts["sensor-02.main"]["ansible_host"] == f"{hosts['sensor-02.main']['balena_uuid']}.balena"
    assert "balena_tunnel_address" not in hosts["sensor-01.main"]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"connect": "tunnel"}, "host, container"),
        ({"connect": ["hosts"]}, "host, container"),
        ({"connect": ["host"], "reach": "vpn"}, "tunnel, local"),
        ({"services": 3}, "services must be a boolean or a list of names"),
        ({"services": ["main", ""]}, "services[1]"),
        ({"services": [True]}, "services[0]"),
        ({"connect": ["host"], "tunnel_address": None}, "tunnel_address"),
    ],
)
def test_wrong_options(ansible, fleet, wrong, expected):
    done = ansible.inventory({**SENSORS, **wrong})
    assert done.json["_meta"]["hostvars"] == {}
    assert expected in " ".join(done.errors.split())
    assert "Traceback" not in done.text


def test_services_called_like_something_else(ansible, fleet, tmp_path):
    """No name of a service becomes a name of a host that could do anything, and none is lost."""
    application = fleet.store.query("application", slug="acme/sensors")[0]["id"]
    services = fleet.store.ids("service", application=application)
    uuid = fleet.store.query("device", device_name="sensor-01")[0]["uuid"]
    (tmp_path / "own.yml").write_text("all: {hosts: {sensor-01.own: {}}, children: {grouped: {}}}", encoding="utf-8")
    for name in [*HOSTILE, "own"]:
        fleet.store.update("service", services[0], service_name=name)
        options = {**SENSORS, "devices": ["sensor-01"], "connect": ["host", "container"], "strict": True}
        (tmp_path / "x.balena.yml").write_text(json.dumps(options), encoding="utf-8")
        done = ansible.run("ansible-inventory", "-i", "own.yml", "-i", "x.balena.yml", "--list")
        assert "Traceback" not in done.text
        hosts = done.json["_meta"]["hostvars"]
        of_device = [host for host, variables in hosts.items() if variables.get("balena_uuid") == uuid]
        assert len(of_device) == 3, name
        assert all(host.startswith(("sensor-01", uuid)) for host in of_device), name
        assert hosts.get("sensor-01.own", {}) == {}, "that host is somebody else's"
        shown = {"ansible.builtin.debug": {"msg": "{{ balena_service | default('') }}{{ group_names }}"}}
        play = {"hosts": "all", "gather_facts": False, "connection": "local", "tasks": [shown]}
        ansible.playbook([play], "-i", "own.yml", "-i", "x.balena.yml")
        assert not (tmp_path / "evil").exists(), name


def test_two_containers_never_share_a_name(ansible, fleet):
    for name, new in (("sensor-01", "x"), ("sensor-02", "x.main")):
        device = fleet.store.query("device", device_name=name)[0]
        fleet.store.update("device", device["id"], device_name=new)
    service = fleet.store.query("service", service_name="log")[0]
    fleet.store.update("service", service["id"], service_name="main.main")
    options = {**SENSORS, "devices": ["x", "x.main"], "connect": ["container"]}
    hosts = ansible.inventory(options).json["_meta"]["hostvars"]
    assert len(hosts) == 4
    assert len({(it["balena_uuid"], it["balena_service"]) for it in hosts.values()}) == 4
    assert "x.main.main" not in hosts, "neither of the two has the name"
