# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts, OS updates and builds with devices that live: on a clock that moves on with every look at them."""

from __future__ import annotations

import pytest

from emulator import Emulator
from emulator.simulation.builds import host_releases
from tests.support.tasks import run_task
from tests.support.watched_devices import watched

QUICK = {"poll_seconds": 20, "download_seconds": 60, "install_seconds": 10, "os_seconds": 120, "step_seconds": 5}
WAIT = {"wait": True, "poll_interval": 0.01, "wait_timeout": 20}


def fleet(name, device_type, *devices):
    releases = [{"version": "1.0.0"}, {"version": "1.1.0"}]
    return {
        "name": name, "organization": "acme", "device_type": device_type, "services": ["main"], "releases": releases,
        "devices": list(devices),
    }  # fmt: skip


OLD = {"release": "1.0.0", "os_version": "5.3.27", "supervisor_version": "16.7.4", "pin": "1.0.0"}
SEED = {
    "applications": [
        fleet(
            "kiosk",
            "raspberrypi4-64",
            {"name": "on-{n}", "count": 8, **OLD},
            {"name": "off", "online": False, **OLD},
        ),
        fleet("gateway", "intel-nuc", {"name": "nuc", "release": "1.0.0", "os_version": "2.112.12", "pin": "1.0.0"}),
    ],
    "simulation": QUICK,
}
ONLINE = {"application": "acme/kiosk", "filter": "is_online eq true"}


@pytest.fixture(scope="module")
def server():
    with watched(SEED) as running:
        yield running


@pytest.fixture
def cloud(server):
    server.reset()
    # The devices come to life, and know what they run.
    server.advance(10)
    server.clear_requests()
    return server


def pin(emulator, **options):
    return run_task(emulator, "balena_release_pin", **{"scope": "device", "release": "1.1.0", **options})


def update(emulator, **options):
    return run_task(emulator, "balena_os_update", **{"version": "6.0.41", **options})


def looks(emulator):
    return [
        one for one in emulator.requests("GET", "/v7/device") if "should_be_running__release" in one.params["$select"]
    ]


def test_waiting_for_a_release_looks_at_all_devices_at_once(cloud):
    done = pin(cloud, **ONLINE, **WAIT)
    assert done["changed"] and not done.get("failed")
    assert len(done["waited"]["done"]) == 8
    assert done["waited"]["pending"] == done["waited"]["failed"] == []
    # One more than the looks: the devices are read once to be pinned.
    assert len(looks(cloud)) < 12
    again = pin(cloud, **ONLINE, **WAIT)
    assert not again["changed"]
    assert len(again["waited"]["done"]) == 8


def test_devices_that_are_stuck_are_named_and_others_are_not_lost(cloud):
    cloud.simulate(fail_names="on-[12]")
    late = pin(cloud, **ONLINE, **{**WAIT, "wait_timeout": 3})
    assert late["failed"] and late["changed"]
    assert len(late["waited"]["done"]) == 6
    assert [row["reason"] for row in late["waited"]["pending"]] == ["Downloading", "Downloading"]
    assert "6 of 8 devices are done, 8 are needed" in late["msg"]
    enough = pin(cloud, **ONLINE, **WAIT, success_percentage=75)
    assert not enough.get("failed")


def test_what_offline_means_is_a_choice(cloud):
    everyone = {"application": "acme/kiosk"}
    skipped = pin(cloud, **everyone, **WAIT, offline="skip")
    assert not skipped.get("failed")
    assert [row["reason"] for row in skipped["waited"]["pending"]] == ["offline, not waited for"]
    cloud.reset()
    cloud.advance(10)
    failed = pin(cloud, **everyone, **WAIT, offline="fail")
    assert failed["failed"]
    assert [row["reason"] for row in failed["waited"]["failed"]] == ["offline"]
    assert len(failed["waited"]["done"]) == 8
    late = pin(cloud, **everyone, **{**WAIT, "wait_timeout": 0.2})
    assert [row["reason"] for row in late["waited"]["pending"]] == ["offline"]


def test_a_whole_application_is_waited_for(cloud):
    pin(cloud, application="acme/kiosk", release="track")
    done = pin(cloud, scope="application", application="acme/kiosk", release="1.1.0", **WAIT, success_percentage=80)
    assert not done.get("failed")
    assert len(done["waited"]["done"]) == 8


def test_an_os_update_ends_when_the_devices_are_back(cloud):
    done = update(cloud, **ONLINE, **WAIT)
    assert not done.get("failed"), done["msg"]
    assert {row["action"] for row in done["devices"]} == {"update"}
    assert len(done["waited"]["done"]) == 8
    assert len(cloud.requests("POST")) == 8
    again = update(cloud, **ONLINE)
    assert not again["changed"]
    assert {row["action"] for row in again["devices"]} == {"up_to_date"}


def test_an_update_that_is_under_way_is_joined_and_not_started_again(cloud):
    update(cloud, **ONLINE)
    cloud.clear_requests()
    joined = update(cloud, **ONLINE, **WAIT)
    assert not joined["changed"]
    assert {row["action"] for row in joined["devices"]} == {"updating"}
    assert len(joined["waited"]["done"]) == 8
    assert cloud.writes() == []


def test_updates_that_fail_are_named(cloud):
    cloud.simulate(fail_os_percent=100)
    failed = update(cloud, application="acme/gateway", version="latest", **WAIT)
    assert failed["failed"] and failed["changed"]
    assert [row["reason"] for row in failed["waited"]["failed"]] == ["failed"]
    cloud.simulate(fail_os_percent=0)
    assert not update(cloud, application="acme/gateway", version="latest", **WAIT).get("failed")


def test_nothing_is_started_if_one_device_cannot(cloud):
    refused = update(cloud, application="acme/kiosk")
    assert "1 of 9 devices cannot get balenaOS 6.0.41, and nothing was changed: off" in refused["msg"]
    assert cloud.writes() == []


def test_an_offline_device_is_queued_and_gets_it_when_it_is_back(cloud):
    queued = update(cloud, application="acme/kiosk", offline="queue", **WAIT)
    assert queued["changes"]["update"] == 9
    assert [row["reason"] for row in queued["waited"]["pending"]] == ["queued until it is back"]
    again = update(cloud, application="acme/kiosk", offline="queue")
    assert not again["changed"]


def test_check_mode_starts_nothing_and_promises_the_same(cloud):
    options = {"application": "acme/kiosk", "offline": "queue", **WAIT}
    predicted = update(cloud, check_mode=True, **options)
    assert cloud.writes() == []
    real = update(cloud, **options)
    assert {name: real[name] for name in ("changes", "diff", "devices")} == {
        name: predicted[name] for name in ("changes", "diff", "devices")
    }


def test_devices_follow_a_target_where_there_is_no_service(cloud):
    done = update(cloud, **ONLINE, method="target", **WAIT)
    assert not done.get("failed")
    assert len(done["waited"]["done"]) == 8
    assert cloud.requests("POST") == []


def test_an_openbalena_server_has_no_service():
    with Emulator(seed=SEED, rate=0) as server:
        assert "no device actions service" in update(server, **ONLINE)["msg"]
        assert update(server, **ONLINE, method="target")["changed"]
        built = run_task(server, "balena_release", application="acme/kiosk", source_url="https://example.com/a.zip")
        assert "a feature of balenaCloud that this server lacks" in built["msg"]


def build(emulator, **options):
    given = {"application": "acme/kiosk", "source_url": "https://me:secret@example.com/a.zip?key=secret", **options}
    return run_task(emulator, "balena_release", **given)


def test_a_release_is_built_with_all_that_is_said_of_it(cloud):
    predicted = build(cloud, note="new", tags={"from": "ci"}, check_mode=True)
    assert cloud.writes() == []
    built = build(cloud, note="new", tags={"from": "ci"}, **WAIT)
    assert built["built"]["status"] == "success"
    assert built["release"]["note"] == "new" and built["release"]["tags"] == {"from": "ci"}
    assert built["diff"] == predicted["diff"]
    assert "secret" not in str(built)


def test_a_release_that_is_there_is_not_built(cloud):
    assert not build(cloud, release="1.1.0")["changed"]
    assert cloud.writes() == []


def test_a_source_that_makes_another_version_is_an_error_once_it_is_built(cloud):
    assert "The source made release 0.0.0, not 9.9.9" in build(cloud, release="9.9.9", **WAIT)["msg"]


@pytest.mark.parametrize("count", [1000])
def test_a_thousand_devices_are_pinned_in_eight_requests(count):
    with Emulator(seed={"applications": [fleet("huge", "intel-nuc", {"name": "n-{n}", "count": count})]}) as server:
        pinned = pin(server, application="acme/huge", release="1.0.0")
        assert pinned["changes"]["update"] == count
        assert len(server.requests()) <= 8
        server.clear_requests()
        assert not pin(server, application="acme/huge", release="1.0.0")["changed"]
        assert len(server.requests()) <= 3


def test_a_device_that_went_offline_in_its_update_is_joined_too(cloud):
    one = {"devices": ["on-1"], "application": "acme/kiosk"}
    uuid = update(cloud, **one)["devices"][0]["uuid"]
    cloud.simulation.take_offline(uuid, 60)
    joined = update(cloud, **one, **WAIT)
    assert not joined["changed"] and not joined.get("failed")
    assert joined["devices"][0]["action"] == "updating"
    assert joined["waited"]["done"] == [uuid]
    assert "is being updated to 6.0.41" in update_to_other(cloud)["msg"]


def update_to_other(cloud):
    """Another version for a device whose update has just begun."""
    update(cloud, application="acme/gateway")
    return update(cloud, application="acme/gateway", version="5.3.27")


def supervise(emulator, **options):
    return run_task(
        emulator, "balena_supervisor_update", **{"application": "acme/kiosk", "version": "17.0.3", **options}
    )


def test_a_supervisor_is_waited_for_until_the_devices_report_it(cloud):
    predicted = supervise(cloud, **WAIT, check_mode=True)
    assert cloud.writes() == []
    done = supervise(cloud, **WAIT)
    assert not done.get("failed"), done["msg"]
    assert done["diff"] == predicted["diff"]
    assert done["changes"]["update"] == 9
    assert {row["name"][:2]: row["action"] for row in done["devices"]} == {"on": "update", "of": "queue"}
    assert len(done["waited"]["done"]) == 8
    assert [row["reason"] for row in done["waited"]["pending"]] == ["queued until it is back"]
    again = supervise(cloud, **WAIT)
    assert not again["changed"]
    assert {row["action"] for row in again["devices"]} == {"up_to_date", "queued"}


def test_what_offline_means_for_a_supervisor_is_a_choice(cloud):
    assert (
        "1 of 9 devices cannot get supervisor 17.0.3, and nothing was changed"
        in supervise(cloud, offline="fail")["msg"]
    )
    assert cloud.writes() == []
    skipped = supervise(cloud, offline="skip")
    assert skipped["changes"]["update"] == 8
    assert [row["name"] for row in skipped["devices"] if row["action"] == "skipped"] == ["off"]


def test_a_supervisor_that_is_newer_than_a_word_means_stays(cloud):
    cloud.store.update("device", cloud.store.ids("device", device_name="on-1")[0], supervisor_version="99.0.0")
    assert "supervisors are not downgraded" in supervise(cloud)["msg"]
    kept = supervise(cloud, version="recommended")
    assert {row["action"] for row in kept["devices"] if row["name"] == "on-1"} == {"up_to_date"}
    assert kept["changes"]["update"] == 8


def queue_another(emulator, name, version):
    """Somebody has given a device another target of its OS."""
    kind = emulator.store.query("device_type", slug="raspberrypi4-64")[0]["id"]
    device = emulator.store.query("device", device_name=name)[0]
    release = host_releases(emulator.store, kind)[version]
    emulator.store.update("device", device["id"], should_be_operated_by__release=release)
    return device["uuid"], release


def meant(emulator, name):
    return emulator.store.query("device", device_name=name)[0]["should_be_operated_by__release"]


@pytest.mark.parametrize("name", ["on-1", "off"])
@pytest.mark.parametrize("method", ["action", "target"])
@pytest.mark.parametrize("offline", ["fail", "queue"])
def test_a_device_that_has_another_version_to_come_keeps_the_declared_one(cloud, name, method, offline):
    uuid, other = queue_another(cloud, name, "6.0.41")
    one = {"devices": [uuid], "version": "5.3.27", "method": method, "offline": offline}
    foreseen = update(cloud, **one, check_mode=True)
    kept = update(cloud, **one, **WAIT)
    assert foreseen["diff"] == kept["diff"]
    assert kept["changed"] and not kept.get("failed")
    assert kept["devices"][0]["action"] == "queue"
    assert meant(cloud, name) != other
    again = update(cloud, **one)
    assert (again["changed"], again["devices"][0]["action"]) == (False, "up_to_date")
    cloud.advance(600)
    assert "5.3.27" in cloud.store.get("device", uuid=uuid)["os_version"]


def test_a_device_that_has_another_version_to_come_is_not_up_to_date_when_it_is_skipped(cloud):
    uuid, other = queue_another(cloud, "off", "6.0.41")
    skipped = update(cloud, devices=[uuid], version="5.3.27", offline="skip")
    assert (skipped["changed"], skipped["devices"][0]["action"]) == (False, "skipped")
    assert meant(cloud, "off") == other


@pytest.mark.parametrize("word", ["rejected", "aborted"])
@pytest.mark.parametrize("task", [pin, update])
def test_a_device_that_gives_its_update_up_has_failed_at_once(cloud, word, task):
    uuid = cloud.store.query("device", device_name="on-1")[0]["uuid"]
    cloud.simulate(fail_names="on-1", os_seconds=10**6)

    def give_up(_line: str) -> None:
        cloud.store.update("device", cloud.store.get("device", uuid=uuid)["id"], update_status=word)

    failed = task(cloud, devices=[uuid], **{**WAIT, "wait_timeout": 600}, progress=give_up)
    assert failed["failed"]
    assert [row["reason"] for row in failed["waited"]["failed"]] == [f"update {word}"]


@pytest.mark.parametrize("word", ["rejected", "aborted"])
def test_what_a_device_said_of_an_earlier_update_is_no_failure(cloud, word):
    uuid = cloud.store.query("device", device_name="on-1")[0]["uuid"]
    cloud.store.update("device", cloud.store.get("device", uuid=uuid)["id"], update_status=word)
    assert pin(cloud, devices=[uuid], **WAIT)["waited"]["done"] == [uuid]


@pytest.mark.parametrize("offline", ["queue", "skip", "fail"])
def test_a_device_that_is_lost_in_its_update_is_waited_for_whatever_is_done_about_offline_ones(cloud, offline):
    one = {"devices": ["on-1"], "application": "acme/kiosk"}
    uuid = update(cloud, **one)["devices"][0]["uuid"]
    cloud.simulation.take_offline(uuid, 10**6)
    lost = update(cloud, **one, offline=offline, **{**WAIT, "wait_timeout": 0.3})
    assert lost["failed"]
    assert [row["reason"] for row in lost["waited"]["pending"]] == ["offline"]


def test_updates_run_detached_and_say_how_far_they_are(cloud):
    cloud.simulate(**QUICK | {"os_seconds": 10**6})
    late = update(cloud, devices=["on-1"], application="acme/kiosk", **WAIT | {"wait_timeout": 0.5})
    assert late["failed"]
    assert [row["reason"] for row in late["waited"]["pending"]] == ["preparing os update (25 %)"]
    assert [request.path.split("/")[1] for request in cloud.requests("POST") if "resinhup" in request.path] == ["v2"]


@pytest.mark.parametrize("method", ["action", "target"])
def test_the_os_and_the_supervisor_are_pinned_together(cloud, method):
    both = {**ONLINE, "version": "6.0.41", "supervisor_version": "latest", "method": method}
    foreseen = update(cloud, **both, check_mode=True)
    assert cloud.writes() == []
    done = update(cloud, **both)
    assert not done.get("failed"), done["msg"]
    assert foreseen["diff"] == done["diff"]
    assert foreseen["devices"] == done["devices"]
    (version,) = {device["supervisor"] for device in done["devices"]}
    assert {after["should_be_managed_by__release"] for after in done["diff"]["after"]["device"].values()} == {version}
    if method == "target":
        assert len(cloud.writes()) == 2
    again = update(cloud, **both)
    assert again["changed"] is False


@pytest.mark.parametrize("version", ["garbage", "99.0.0", "10.0.0"])
def test_a_supervisor_that_devices_cannot_get_keeps_the_os_from_being_updated(cloud, version):
    refused = update(cloud, **ONLINE, version="6.0.41", supervisor_version=version)
    assert refused["failed"]
    assert version in refused["msg"]
    assert cloud.writes() == []
