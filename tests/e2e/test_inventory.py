# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory as users meet it: what it selects, how hosts are called, the cache, and what it says when it fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.ansible_runs import TARGETS
from tests.support.inventory_runs import FLEET

TARGET = TARGETS / "inventory_fleet"
PLUGIN = "community.balena.balena"


@pytest.fixture
def fleet(emulator):
    """Fleets acme/sensors (sensor-01..06 with sites, two offline gateways) and admin/screens (three screens)."""
    emulator.seed(FLEET)
    emulator.clear_requests()
    return emulator


@pytest.fixture
def listed(ansible, fleet):
    """Hosts and their variables for some options."""

    def run(**options):
        done = ansible.inventory({"plugin": PLUGIN, **options})
        assert "Traceback" not in done.text
        assert "WARN" not in done.errors, done.errors
        return done.json["_meta"]["hostvars"]

    return run


@pytest.fixture
def refused(ansible, fleet):
    """The message with which the inventory is refused."""

    def run(**options):
        done = ansible.inventory({"plugin": PLUGIN, **options})
        assert done.json["_meta"]["hostvars"] == {}
        assert "Traceback" not in done.text
        return " ".join(done.errors.split())

    return run


def reads(emulator):
    return [request.path for request in emulator.requests()]


def test_a_playbook_sees_the_fleet(ansible, fleet, tmp_path):
    shutil.copy(TARGET / "fleet.balena.yml", tmp_path)
    ansible.playbook(TARGET / "verify.yml", "-i", str(tmp_path / "fleet.balena.yml"))
    assert fleet.writes() == []
    assert len(fleet.requests()) == 2


def test_all_ways_to_list_agree(ansible, fleet, tmp_path):
    source = Path(shutil.copy(TARGET / "fleet.balena.yml", tmp_path))
    hosts = ansible.inventory(source).json["_meta"]["hostvars"]
    exported = tmp_path / "exported.json"
    ansible.inventory(source, "--list", "--export", "--output", str(exported))
    assert json.loads(exported.read_text(encoding="utf-8"))["_meta"]["hostvars"] == hosts
    assert ansible.inventory(source, "--host", "sensor-01").json == hosts["sensor-01"]
    graph = ansible.inventory(source, "--graph").output
    assert all(name in graph for name in hosts)
    assert ansible.inventory(source).output == ansible.inventory(source).output


def test_through_ansible_runner(ansible, fleet, tmp_path, monkeypatch):
    import ansible_runner

    source = Path(shutil.copy(TARGET / "fleet.balena.yml", tmp_path))
    monkeypatch.setenv("PATH", ansible.environment["PATH"])
    data, _errors = ansible_runner.get_inventory(
        "list", [str(source)], response_format="json", quiet=True, envvars=ansible.environment
    )
    assert data["_meta"]["hostvars"] == ansible.inventory(source).json["_meta"]["hostvars"]


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        ({"applications": ["acme/sensors", "admin/screens"]}, 11),
        ({"applications": ["screens"]}, 3),
        ({"fleets": ["ADMIN/Screens"]}, 3),
        ({"organizations": ["acme"]}, 8),
        ({"organizations": ["admin"], "applications": ["acme/sensors"]}, 0),
        ({}, 11),
        ({"online": False}, 2),
        ({"online": "{{ 1 == 1 }}"}, 9),
        ({"with_tags": {"site": "oslo"}}, 3),
        ({"has_tags": ["site"]}, 6),
        ({"with_tags": {"site": "oslo"}, "has_tags": ["role"]}, 0),
        ({"with_tags": {"spare": True}}, 2),
        ({"filter": "startswith(device_name,'gateway')"}, 2),
        ({"filter": "device_name eq 'sensor-01' or device_name eq 'sensor-02'", "with_tags": {"site": "oslo"}}, 1),
        ({"query": "[?tags.site == 'bergen']"}, 3),
        ({"query": "[?starts_with(device_name, 'screen')] | [:2]"}, 2),
        ({"devices": ["sensor-01", "screen-02"]}, 2),
        ({"devices": ["sensor-01", "gateway-01"], "online": True}, 1),
        ({"devices": ["sensor-01"], "with_tags": {"site": "oslo"}}, 1),
    ],
    ids=str,
)
def test_selection(listed, fleet, options, hosts):
    assert len(listed(**options)) == hosts
    assert fleet.writes() == []


@pytest.mark.parametrize(
    "options",
    [
        {"tags": {"site": "oslo"}},
        {"with_tags": {"site": None}},
        {"with_tags": {}},
        {"applications": []},
        {"devices": None},
        {"organizations": [""]},
        {"has_tags": []},
        {"filter": " "},
        {"filter": "1 eq 2)) or ((1 eq 1"},
        {"filter": "is_online eq true&$filter=1 eq 1"},
        {"expand": {"device_tag)&$filter=(1 eq 1": {}}},
        {"expand": {"service_install": {"$filter": "id eq 1)&$top=(1"}}},
    ],
    ids=str,
)
def test_no_option_lets_in_more_than_it_says(refused, options):
    assert next(iter(options)) in refused(**options)


def test_devices_by_id_and_uuid(listed, fleet):
    first, second, third = fleet.store.query("device")[:3]
    found = listed(devices=[first["id"], second["uuid"], third["uuid"][:8]], hostnames=["uuid"])
    assert set(found) == {first["uuid"], second["uuid"], third["uuid"]}


def test_hostnames_and_duplicates(ansible, listed, fleet):
    assert "oslo_" in min(listed(hostnames=["tags.site"], with_tags={"site": "oslo"}))
    assert set(listed(hostnames=["balena_device_name ~ '.example'"], devices=["sensor-01"])) == {"sensor-01.example"}
    found = listed(hostnames=["tags.site", "device_name"], applications=["sensors"], on_duplicate="uuid")
    assert len(found) == 8
    assert {"gateway-01", "gateway-02"} < set(found)
    warned = ansible.inventory({"plugin": PLUGIN, "hostnames": ["tags.site"], "on_duplicate": "warn"})
    assert "share 2 names" in " ".join(warned.errors.split())


def test_more_data_on_request(listed):
    found = listed(
        devices=["sensor-01"], fields=["cpu_temp", "is_web_accessible"], services=True, variables="values",
        expand={"device_tag": None, "service_install": {"$select": ["id"]}}, hostvars_prefix="b_",
    )["sensor-01"]  # fmt: skip
    assert found["b_is_web_accessible"] is False
    assert set(found["b_services"]) == {"main", "log"}
    assert found["b_services"]["main"]["release_version"] == "1.0.0"
    assert found["b_variables"] == {"LOG_LEVEL": "debug"}
    assert len(found["b_service_install"]) == 2
    assert not any("secret" in name for name in found)


def test_a_relation_comes_as_it_was_asked_for(listed):
    host = listed(expand={"device_environment_variable": {"$select": ["id"]}})["sensor-01"]
    (found,) = host["balena_device_environment_variable"]
    assert set(found) == {"id"}
    assert "balena_variables" not in host


def test_values_of_variables_are_not_read_by_default(listed):
    assert "balena_variables" not in listed(devices=["sensor-01"])["sensor-01"]
    assert listed(devices=["sensor-01"], variables="names")["sensor-01"]["balena_variables"] == ["LOG_LEVEL"]


def test_token_from_a_template_and_a_vault(ansible, fleet, tmp_path):
    ansible.environment.pop("BALENA_TOKEN")
    (tmp_path / "token").write_text(fleet.token, encoding="utf-8")
    (tmp_path / "password").write_text("open", encoding="utf-8")
    options = {"plugin": PLUGIN, "api_token": "{{ lookup('ansible.builtin.file', 'token') }}", "devices": ["sensor-01"]}
    assert "sensor-01" in ansible.inventory(options).output
    vault = ("ansible-vault", "encrypt_string", "--vault-password-file", "password", "--name", "api_token", fleet.token)
    encrypted = ansible.run(*vault).output
    source = tmp_path / "vault.balena.yml"
    source.write_text(f"plugin: {PLUGIN}\ndevices: [sensor-01]\n{encrypted}", encoding="utf-8")
    done = ansible.run("ansible-inventory", "-i", str(source), "--list", "--vault-password-file", "password")
    assert "sensor-01" in done.output
    assert fleet.token not in done.text


def test_cache(ansible, fleet, tmp_path):
    cache = tmp_path / "cache"
    options = {
        "plugin": PLUGIN, "applications": ["sensors"], "cache": True, "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(cache), "group_by": ["tags"],
    }  # fmt: skip
    first = ansible.inventory(options)
    assert len(fleet.requests()) == 2
    assert ansible.inventory(options).output == first.output
    assert len(fleet.requests()) == 2, "a hit makes no request"
    assert fleet.token not in "".join(path.read_text(encoding="utf-8") + path.name for path in cache.iterdir())
    source = tmp_path / "fleet.balena.yml"
    play: dict[str, Any] = {"hosts": "all", "gather_facts": False, "tasks": []}
    ansible.playbook([play], "-i", str(source), "--flush-cache")
    assert len(fleet.requests()) == 4
    ansible.inventory({**options, "online": True})
    assert len(fleet.requests()) == 6, "other options have an entry of their own"
    ansible.inventory({**options, "has_tags": ["role"]})
    assert len(fleet.requests()) == 8, "so have those that look at tags"
    for wrong in ('{"version": 0, "devices": []}', "no json", "[]", '{"version": 1, "devices": [1]}'):
        for path in cache.iterdir():
            path.write_text(wrong, encoding="utf-8")
        before = len(fleet.requests())
        assert ansible.inventory(options).output == first.output
        assert len(fleet.requests()) == before + 2, wrong


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_the_cache_of_values_is_private(ansible, fleet, tmp_path, mode):
    cache = tmp_path / "cache"
    options = {
        "plugin": PLUGIN, "applications": ["sensors"], "variables": "values", "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(cache),
    }  # fmt: skip
    if mode == 0o755:
        cache.mkdir(mode=mode)
        (cache / "of_another_tool").write_text("{}", encoding="utf-8")
        done = ansible.inventory(options)
        assert done.json["_meta"]["hostvars"] == {}
        assert "chmod 700" in " ".join(done.errors.split())  # warnings are wrapped
        assert [path.name for path in cache.iterdir()] == ["of_another_tool"]
    else:
        assert ansible.inventory(options).json["_meta"]["hostvars"]
        assert cache.stat().st_mode & 0o777 == mode
        assert list(cache.iterdir())


def test_waits_while_there_are_too_many_requests(listed, fleet):
    fleet.fault(path="/v7/device", first=2, status=429, retry_after=1)
    assert len(listed(applications=["sensors"])) == 8


@pytest.mark.parametrize(
    "fault",
    [
        {"path": r"/v7/device/\$count", "json": {"d": 12}, "status": 200},
        {"path": r"/v7/device$", "status": 400},
        {"path": r"/v7/device$", "truncate": 700},
    ],
    ids=["count", "status", "cut"],
)
def test_complete_or_an_error(refused, fleet, fault):
    fleet.fault(**fault)
    message = refused(applications=["sensors"], group_by=["tags"])
    assert (
        "counts 12 devices but sent 8" if "json" in fault else "ead the devices"
    ) in message or "/v7/device" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"api_token": "wrong"}, "The API refused the token"),
        ({"applications": ["acme/nothing"]}, "application 'acme/nothing' does not exist"),
        ({"organizations": ["nobody"]}, "organization 'nobody' does not exist"),
        ({"devices": ["nothing-like-it"]}, "device 'nothing-like-it' does not exist"),
        ({"devices": ["sensor-02"], "with_tags": {"site": "oslo"}}, "device 'sensor-02' does not exist among"),
        ({"api_url": "http://127.0.0.1:9/", "timeout": 5}, "no connection"),
        ({"api_url": "nonsense"}, "api_url must start with"),
        ({"filter": "no_such_field eq 1"}, "The options filter or expand"),
        ({"query": "[?"}, "option query"),
        ({"query": "[].device_name"}, "must be a list of devices"),
        ({"fields": ["no_such_field"]}, "no field 'no_such_field'"),
        ({"fields": ["api_secret"]}, "is a secret of the device"),
        ({"hostnames": ["tags.site"], "on_duplicate": "error"}, "'oslo'"),
        ({"compose": {"x": "no_such"}, "strict": True}, "Could not set x for host sensor-01"),
        ({"groups": {"x": "balena_id +"}, "strict": True}, "sensor-01"),
        ({"keyed_groups": [{"key": "no_such"}], "strict": True}, "sensor-01"),
        ({"hostnames": ["no_such ~ 'x'"], "strict": True}, "hostnames"),
        ({"timeout": "{{ no_such }}"}, "option timeout"),
        ({"connect": ["host"]}, "tunnel_address"),
        ({"group_by": ["colour"]}, "group_by"),
        ({"hostname": ["uuid"], "with-tags": {}}, "no such option: 'hostname'; did you mean 'hostnames'?"),
    ],
    ids=str,
)
def test_errors_say_what_is_wrong(refused, options, message):
    assert message in refused(**options)


def test_without_a_token(ansible, fleet):
    ansible.environment.pop("BALENA_TOKEN")
    done = ansible.inventory({"plugin": PLUGIN})
    assert "No API token" in " ".join(done.errors.split())
    assert "Traceback" not in done.text


def test_of_two_tokens_in_the_environment_it_takes_the_one_that_modules_take(ansible, fleet):
    ansible.environment["BALENA_API_KEY"] = "of-somebody-else"
    assert "sensor-01" in ansible.inventory({"plugin": PLUGIN, "devices": ["sensor-01"]}).output


def test_a_file_of_another_name(ansible, fleet, tmp_path):
    source = tmp_path / "fleet.yml"
    source.write_text(f"plugin: {PLUGIN}\n", encoding="utf-8")
    done = ansible.run("ansible-inventory", "-i", str(source), "--list", env={"ANSIBLE_INVENTORY_ENABLED": PLUGIN})
    assert done.json["_meta"]["hostvars"] == {}
    assert "its name has to end with balena.yml" in " ".join(done.errors.split())
    assert "Traceback" not in done.text


def test_failures_are_one_warning_unless_strict(ansible, fleet):
    done = ansible.inventory({"plugin": PLUGIN, "compose": {"x": "no_such", "y": "balena_tags.site"}})
    warning = " ".join(done.errors.split())
    assert "compose 'x' on 11 hosts, first on sensor-01" in warning
    assert "compose 'y' on 5 hosts, first on gateway-01" in warning
    assert warning.count("Some expressions failed") == 1


@pytest.mark.parametrize("strict", [False, True])
def test_a_device_without_the_tag_is_in_no_group_of_it(ansible, fleet, strict):
    options = {"applications": ["acme/sensors"], "keyed_groups": [{"key": "balena_tags.site", "prefix": "site"}]}
    done = ansible.inventory({"plugin": PLUGIN, "strict": strict, **options})
    if strict:  # then nothing may be missing; which of them lacks it is said
        assert "gateway-" in " ".join(done.errors.split()) and "site" in done.errors
        return
    assert "WARN" not in done.errors, done.errors
    sites = {name: set(group["hosts"]) for name, group in done.json.items() if name.startswith("site_")}
    assert set(sites) == {"site_oslo", "site_bergen"}
    hosts = set().union(*sites.values())
    assert hosts == {f"sensor-0{number}" for number in range(1, 7)}
    assert {"gateway-01", "gateway-02"} <= set(done.json["_meta"]["hostvars"])


def test_a_key_that_no_device_has_is_warned_of(ansible, fleet):
    options = {"applications": ["acme/sensors"], "keyed_groups": [{"key": "balena_tags.sit", "prefix": "site"}]}
    done = ansible.inventory({"plugin": PLUGIN, **options})
    said = " ".join(done.errors.split())
    assert "WARN" in said and "balena_tags.sit" in said
