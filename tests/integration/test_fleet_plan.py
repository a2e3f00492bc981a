# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a fleet is converged: in how many requests, in which order, and what becomes of it when something is amiss."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from emulator import Emulator
from tests.support.converging import Converge
from tests.support.tasks import run_task

FEW, MANY = 5, 200
PI: dict[str, Any] = {"organization": "acme", "device_type": "raspberrypi4-64"}
RELEASES = [{"version": "1.0.0"}, {"version": "1.1.0"}, {"version": "2.0.0", "status": "failed"}]


def fleet(name, count, **more):
    devices = {
        "name": f"{name}-{{n}}",
        "count": count,
        "tags": {"site": ["a", "b"]},
        "env": {"B": "2", "D": "4"},
        "service_env": {"web": {"C": "3"}},
        "os_version": "5.3.27",
    }
    return {**PI, "name": name, "services": ["web"], "releases": RELEASES, "devices": [devices], **more}


SEED = {"applications": [fleet("few-signs", FEW), fleet("others", 2)]}


@pytest.fixture(scope="module")
def servers():
    with Emulator(seed=SEED) as openbalena, Emulator(seed=SEED, flavor="cloud") as cloud:
        yield {"openbalena": openbalena, "cloud": cloud}


@pytest.fixture
def emulator(servers, no_waiting):
    servers["openbalena"].reset()
    return servers["openbalena"]


@pytest.fixture
def cloud(servers):
    servers["cloud"].reset()
    return servers["cloud"]


def converge(emulator, document, **options):
    """Run the task; the result, and what it wrote: method and path of each request."""
    emulator.clear_requests()
    result = run_task(emulator, "balena_fleet", document=document, **options)
    return result, [(request.method, request.path.partition("/v7/")[2]) for request in emulator.writes()]


def made(emulator, document, **options):
    result, writes = converge(emulator, document, **options)
    assert not result.get("failed"), result["msg"]
    assert not converge(emulator, document, **options)[0]["changed"]
    return result, writes


def refused(emulator, document, **options):
    result, writes = converge(emulator, document, **options)
    assert result["failed"] and not result["changed"] and writes == []
    return result["msg"]


def document_of(name, devices=()):
    """A document that says something of everything."""
    return {
        "fleet": f"acme/{name}",
        "device_type": "raspberrypi4-64",
        "tags": {"team": "retail"},
        "release": "1.1.0",
        "variables": {"env": {"A": 1}, "config": {"BALENA_HOST_CONFIG_gpu_mem": "64"}},
        "services": {"web": {"env": {"PORT": 80}}},
        "device_defaults": {"env": {"B": 2}, "services": {"web": {"env": {"C": 3}}}, "note": "n"},
        "groups": [{"name": "a", "match": {"site": "a"}, "env": {"B": 3}, "release": "1.0.0"}],
        "devices": [{"name": f"{name}-{number}", "env": {"D": 4}} for number in devices],
        "supervisor": {"version": "recommended"},
        "os": {"version": "latest", "apply": "target"},
    }


def test_the_number_of_requests_does_not_depend_on_the_number_of_devices(emulator):
    emulator.seed({"applications": [fleet("many-signs", MANY)]})
    seen = {}
    for name, count in (("few-signs", FEW), ("many-signs", MANY)):
        document = document_of(name, range(1, count))
        made(emulator, document, purge=["tags", "variables", "services"])
        unchanged = [request.method for request in emulator.requests()]
        predicted, writes = converge(emulator, {**document, "tags": {"team": "x"}}, check_mode=True)
        assert predicted["changed"] and writes == []
        seen[name] = (unchanged, [request.method for request in emulator.requests()])
    assert seen["few-signs"] == seen["many-signs"]
    assert set(seen["few-signs"][0]) == {"GET"} and len(seen["few-signs"][0]) <= 7


def test_what_others_rely_on_is_written_first_and_deletions_are_last(emulator):
    made(emulator, {"fleet": "acme/few-signs", "tags": {"old": 1}, "variables": {"env": {"OLD": 1}}})
    document = document_of("few-signs") | {"devices": [{"name": "few-signs-9", "tags": {"site": "a"}}]}
    writes = made(emulator, document, purge=["tags", "variables"])[1]
    order = list(dict.fromkeys((method, path.partition("(")[0]) for method, path in writes))
    kinds = [
        *[("POST", path) for path in ("device", "application_tag", "device_tag", "application_environment_variable")],
        ("POST", "device_environment_variable"),
        ("PATCH", "application"),
        ("DELETE", "application_tag"),
        ("DELETE", "application_environment_variable"),
    ]
    assert [step for step in order if step in kinds] == kinds
    methods = [method for method, _path in writes]
    assert methods.index("DELETE") == len(methods) - methods.count("DELETE")


def test_no_device_runs_a_third_release_on_the_way(emulator):
    pinned = {
        "fleet": "acme/few-signs",
        "release": "1.0.0",
        "groups": [{"name": "a", "match": {"site": "a"}, "release": "1.1.0"}],
    }
    made(emulator, pinned)
    swapped = {
        "fleet": "acme/few-signs",
        "release": "1.1.0",
        "groups": [
            {"name": "a", "match": {"site": "a"}, "release": "track"},
            {"name": "b", "match": {"site": "b"}, "release": "1.0.0"},
        ],
    }
    writes = [path.partition("(")[0] for _method, path in made(emulator, swapped)[1]]
    assert writes == ["device", "application", "device"]


def test_nothing_follows_what_failed_and_the_next_run_finishes_it(emulator):
    emulator.fault(method="POST", path="/v7/application_environment_variable", status=400)
    result, writes = converge(emulator, document_of("few-signs"))
    emulator.clear_faults()
    assert result["failed"] and "Running the task again finishes what is left" in result["msg"]
    assert not any(method == "PATCH" and path.startswith("application") for method, path in writes)
    failed = {item["resource"]: item["error"] for item in result["failed_items"]}
    assert failed["application"] == "not tried after the failures above"
    made(emulator, document_of("few-signs"))


def state_of(emulator):
    """All that a document declares, in the emulator; a row that is there twice would be there twice."""
    found: list[tuple[Any, ...]] = []
    uuids = {row["id"]: row["uuid"] for row in emulator.store.query("device")}
    for resource in (
        "application_tag",
        "device_tag",
        "application_environment_variable",
        "service_environment_variable",
    ):
        found += [
            (resource, uuids.get(row.get("device")), row.get("name") or row.get("tag_key"), row["value"])
            for row in emulator.store.query(resource)
        ]
    for resource in ("device_environment_variable", "device_service_environment_variable"):
        found += [(resource, uuids[row["device"]], row["name"], row["value"]) for row in emulator.store.query(resource)]
    columns = ("device_name", "note", "is_pinned_on__release", "should_be_managed_by__release")
    found += [("device", *(row[column] for column in columns)) for row in emulator.store.query("device")]
    return sorted(found, key=str)


def test_a_run_after_one_that_failed_ends_as_if_nothing_had(emulator, tell):
    document = {**document_of("few-signs"), "devices": [{"name": "new", "uuid": "a" * 32, "tags": {"site": "a"}}]}
    converging = Converge(emulator, [("balena_fleet", {"document": document})], state_of)
    steps = range(2, converging.number + 1, 8)
    tell(
        f"a fleet document: {converging.in_turn(('500 although it was done', 'dropped after', 'gone for good'), steps)}"
    )


def test_a_secret_is_not_shown_and_not_needed_again(emulator):
    document = {
        "fleet": "acme/few-signs",
        "variables": {"env": {"KEY": {"secret": "key"}}},
        "device_defaults": {"services": {"web": {"env": {"KEY": {"secret": "key"}, "PLAIN": "x"}}}},
    }
    message = refused(emulator, document)
    assert "do not exist yet: key (for variables.env.KEY, device few-signs-1 (" in message
    first = made(emulator, document, secrets={"key": "hunter2"})[0]
    assert first["changes"]["create"] == 1 + 2 * FEW
    assert not converge(emulator, document)[0]["changed"]
    second = made(emulator, document, secrets={"key": "hunter3"})[0]
    assert second["changes"]["update"] == 1 + FEW
    plain = made(emulator, {**document, "variables": {"env": {"KEY": "known"}}})[0]
    empty = {"fleet": "acme/few-signs", "variables": {}, "services": {}}
    purged = made(emulator, empty, purge=["variables", "services"])[0]
    emulator.fault(method="POST", path="/v7/application_environment", status=400, body_text="hunter2 is not a value")
    failed = converge(emulator, document, secrets={"key": "hunter2"})[0]
    emulator.clear_faults()
    assert failed["failed"]
    for result in (message, first, second, plain, purged, failed):
        assert "hunter" not in str(result)
    assert "known" not in str(purged)
    assert list(second["diff"]["after"]["application_environment_variable"]) == ["acme/few-signs KEY"]
    assert purged["diff"]["before"]["device_service_environment_variable"]


def test_limits_count_the_devices_and_the_fleet(emulator):
    document = {"fleet": "acme/few-signs", "device_defaults": {"env": {"A": 1}}, "tags": {"a": 1, "b": 2}}
    everything = f"{FEW + 2} changes ({FEW + 2} to create) and touches {FEW + 1} of {FEW + 1} subjects"
    assert everything in refused(emulator, document, max_changes="50%")
    assert everything in refused(emulator, document, max_changes=str(FEW + 1))
    made(emulator, document, max_changes="100%")


def test_releases_do_not_count_where_their_section_is_left_out(emulator):
    document = {
        "fleet": "acme/few-signs",
        "release": "track",
        "device_defaults": {"release": "track"},
        "tags": {"a": 1},
    }
    result, _writes = converge(emulator, document, sections=["tags"])
    assert not result.get("failed"), result
    assert result["changes"] == {"create": 1, "update": 0, "delete": 0}


def test_switches_of_devices_are_no_undeclared_variables(emulator):
    fleet = {"fleet": "acme/few-signs", "variables": {}}
    switched = {**fleet, "devices": [{"name": "few-signs-1", "lock_override": True}]}
    made(emulator, switched, purge=["variables"])
    off = {**fleet, "device_defaults": {"lock_override": False}}
    assert made(emulator, off, purge=["variables"])[0]["changes"] == {"create": 0, "update": 1, "delete": 0}
    locked = {**off, "variables": {"config": {"RESIN_OVERRIDE_LOCK": "1"}}}
    assert made(emulator, locked)[0]["changes"] == {"create": FEW, "update": 0, "delete": 0}
    message = refused(emulator, {"fleet": "acme/few-signs", "devices": [{"name": "few-signs-1", "local_mode": True}]})
    assert "device few-signs-1 (" in message and "cannot be put into local mode" in message


def test_host_software_is_targeted_where_it_can_be_and_nothing_is_started(emulator):
    ids = emulator.store.ids("device", device_name="few-signs-1")
    emulator.store.update("device", ids, supervisor_version="6.0.0", os_version="9.0.0")
    policy = {"version": "6.0.41"}
    reported = {"fleet": "acme/few-signs", "os": policy}
    result, writes = converge(emulator, reported)
    assert not result["changed"] and writes == [] and result["drift"]["counts"]["os"] == FEW
    applied = {**reported, "os": {**policy, "apply": "target"}, "supervisor": {"version": "17.0.3"}}
    result, writes = made(emulator, applied)
    assert writes == [("PATCH", "device"), ("PATCH", "device")]
    assert result["changes"]["update"] == 2 * (FEW - 1)
    assert [warning.partition(" cannot")[0] for warning in result["warnings"]] == ["1 device", "1 device"]
    assert not [request for request in emulator.requests() if "/actions/" in request.path]


def test_devices_are_registered_moved_and_renamed(emulator):
    (other,) = emulator.store.query("device", device_name="others-1")
    entries = [
        {"uuid": other["uuid"], "name": "moved", "env": {"A": 1}, "release": "1.0.0"},
        {"uuid": "e" * 32, "tags": {"site": "x"}, "services": {"web": {"env": {"B": 1}}, "new": {"env": {"C": 1}}}},
        {"name": "by-name", "release": "1.1.0"},
    ]
    document = {"fleet": "acme/few-signs", "devices": entries}
    result = made(emulator, document)[0]
    assert result["registered"][0]["uuid"] == "e" * 32
    assert all(one["uuid"] for one in result["registered"])
    assert result["fleet"]["device_count"] == FEW + 3
    pins = {row["device_name"]: row["is_pinned_on__release"] for row in emulator.store.query("device")}
    assert pins["moved"] and pins["by-name"] and pins["moved"] != pins["by-name"]
    made(emulator, {**document, "devices": entries[:1]}, purge=["devices"])
    assert [row["device_name"] for row in emulator.store.query("device")] == ["moved", "others-2"]


def test_what_cannot_be_is_refused_before_anything_is_written(emulator):
    emulator.store.update("device", emulator.store.ids("device"), device_name="twin")
    twins = {"fleet": "acme/few-signs", "devices": [{"name": "twin"}]}
    assert "devices[0].name: 'twin' is the name of several devices" in refused(emulator, twins)
    uuid = emulator.store.query("device")[0]["uuid"]
    emulator.store.update("device", emulator.store.ids("device", uuid=uuid), device_name="one")
    both = {"fleet": "acme/few-signs", "devices": [{"name": "one"}, {"uuid": uuid}]}
    assert "devices[1] is the same device as devices[0]" in refused(emulator, both)
    nuc = {"fleet": "acme/few-signs", "devices": [{"name": "x", "device_type": "intel-nuc"}]}
    assert "its containers cannot run on device 'x'" in refused(emulator, nuc)
    failed = {"fleet": "acme/few-signs", "groups": [{"name": "a", "match": {"site": "a"}, "release": "2.0.0"}]}
    assert "its build has the status 'failed'" in refused(emulator, failed)
    missing = {"fleet": "acme/few-signs", "release": "3.0.0", "device_defaults": {"release": "3.0.0"}}
    assert "release, device_defaults.release: release '3.0.0'" in refused(emulator, missing)
    active = {"fleet": "acme/few-signs", "device_defaults": {"active": False}}
    assert "active: balenaCloud has that" in refused(emulator, active)
    classed = {"fleet": "acme/few-signs", "class": "block"}
    assert "cannot be changed to 'block'" in refused(emulator, classed)
    config = {"fleet": "acme/few-signs", "device_defaults": {"config": {"BALENA_HOST_CONFIG_gpu_mem": "much"}}}
    assert "config variable 'BALENA_HOST_CONFIG_gpu_mem'" in refused(emulator, config, check_config="fail")
    assert "does not exist" in refused(
        emulator, {"fleet": "acme/nothing", "device_type": "raspberrypi4-64"}, sections=["tags"]
    )


KEYS = {"fleet": "acme/few-signs", "provisioning_keys": [{"name": "factory", "expires": "2090-01-31"}]}


def test_provisioning_keys_are_made_once_and_told_once(cloud):
    (key,) = made(cloud, KEYS)[0]["provisioning_keys"]
    assert len(key["key"]) == 32 and key["expires"] == "2090-01-31T00:00:00.000Z"
    (again,) = converge(cloud, KEYS)[0]["provisioning_keys"]
    assert "key" not in again and again["id"]
    described = {**KEYS, "provisioning_keys": [{"name": "factory", "description": "d"}]}
    who = {"username": "admin", "password": "Admin-Passw0rd"}  # a key may not change keys, a session may
    session = requests.post(f"{cloud.url}/login_", json=who, timeout=10).text
    assert made(cloud, described, api_token=session)[0]["changes"] == {"create": 0, "update": 1, "delete": 0}
    none = {"fleet": "acme/few-signs", "provisioning_keys": []}
    gone = made(cloud, none, purge=["provisioning_keys"], api_token=session)[0]
    assert gone["changes"]["delete"] == 1
    unknown, _writes = converge(cloud, {**KEYS, "fleet": "acme/fresh-signs", "device_type": "raspberrypi4-64"})
    assert unknown["provisioning_keys"][0]["key"]


def test_provisioning_keys_that_a_server_does_not_list_come_with_the_fleet(emulator):
    result, writes = converge(emulator, KEYS)
    assert not result["changed"] and writes == [] and "does not list keys" in result["warnings"][0]
    fresh = {**KEYS, "fleet": "acme/fresh-signs", "device_type": "raspberrypi4-64"}
    assert made(emulator, fresh)[0]["provisioning_keys"][0]["key"]


def test_what_balenacloud_alone_has(cloud):
    document = {
        "fleet": "acme/few-signs",
        "device_urls": True,
        "support_access_until": "2090-01-01",
        "variables": {"build": {"REGISTRY": "x"}},
        "device_defaults": {"location": {"latitude": 52.5, "longitude": 13.4}},
        "devices": [{"name": "few-signs-1", "public_url": False, "active": False}, {"name": "new"}],
    }
    # only devices that are offline can be deactivated
    cloud.store.update("device", cloud.store.ids("device", device_name="few-signs-1"), is_online=False)
    result = made(cloud, document)[0]
    asked = {"application": "acme/few-signs", "fields": ["is_web_accessible"]}
    rows = run_task(cloud, "balena_device_info", **asked)["devices"]
    urls = {row["name"]: row["is_web_accessible"] for row in rows}
    assert urls["few-signs-2"] and urls["new"] and not urls["few-signs-1"]
    assert result["diff"]["after"]["build_environment_variable"] == {"acme/few-signs REGISTRY": "x"}


def test_a_fleet_with_access_for_support_is_made_as_foreseen(cloud):
    document = {"fleet": "acme/fresh", "device_type": "raspberrypi4-64", "support_access_until": "2090-01-01"}
    foreseen = run_task(cloud, "balena_fleet", document=document, check_mode=True)["fleet"]
    fleet = run_task(cloud, "balena_fleet", document=document)["fleet"]
    assert {**foreseen, "id": fleet["id"], "uuid": fleet["uuid"]} == fleet
