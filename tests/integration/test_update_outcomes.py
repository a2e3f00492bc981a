# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes of updates of balenaOS and of the supervisor, and devices that are lost while they are held."""

from __future__ import annotations

import pytest

from tests.support.tasks import run_task
from tests.support.watched_devices import watched

OLD = {"os_version": "5.3.27", "supervisor_version": "16.7.4"}
NEW = {"os_version": "6.0.41", "supervisor_version": "17.0.3"}
SEED = {
    "applications": [
        {
            "name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["main"],
            "releases": [{"version": "1.0.0"}],
            "devices": [
                {"name": "old-{n}", "count": 6, **OLD},
                {"name": "new-{n}", "count": 4, **NEW},
                {"name": "off", "online": False, **NEW},
            ],
        }
    ],
    "simulation": {"poll_seconds": 20, "os_seconds": 120, "supervisor_seconds": 30, "step_seconds": 5},
}  # fmt: skip
WAIT = {"wait": True, "poll_interval": 0.01, "wait_timeout": 20}
MODULES = {"balena_os_update": "6.0.41", "balena_supervisor_update": "17.0.3"}


@pytest.fixture(scope="module")
def server():
    with watched(SEED) as running:
        yield running


@pytest.fixture
def cloud(server):
    server.reset()
    server.advance(10)
    server.clear_requests()
    return server


@pytest.fixture(params=MODULES)
def update(cloud, request):
    def run(**options):
        given = {"application": "acme/kiosk", "version": MODULES[request.param], **options}
        return run_task(cloud, request.param, **given)

    return run


@pytest.fixture
def lose(cloud):
    """Take devices offline once the others are held."""

    def losing(*names):
        def progress(line):
            for name in names if "holding" in line else ():
                cloud.simulation.take_offline(cloud.store.query("device", device_name=name)[0]["uuid"], 10**6)

        return progress

    return losing


def judged(done):
    outcome = done["outcome"]
    assert outcome["next_wave"] is None
    assert outcome["sentence"] == done.get("msg", outcome["sentence"])
    return outcome["state"], outcome["verdict"]


@pytest.mark.parametrize("lost", ["old-2", "new-1"])
def test_a_device_that_goes_offline_while_the_others_are_held_fails_the_update(cloud, update, lose, lost):
    done = update(**WAIT, soak=0.2, progress=lose(lost))
    assert judged(done) == ("failed", "give_up")
    # The device that was offline all the time is not one of those that were held.
    assert "10 devices ran it, and 1 of them did not keep it for 0.2 seconds (soak)" in done["msg"]
    names = {row["uuid"]: row["name"] for row in done["devices"]}
    assert [(names[one["uuid"]], one["reason"]) for one in done["waited"]["failed"]] == [(lost, "offline")]
    assert not done["passed"] and not done["unseen"]


def test_a_loss_that_the_thresholds_allow_does_no_harm(update, lose):
    assert judged(update(**WAIT)) == ("passed", "end")
    done = update(**WAIT, soak=0.1, success_percentage=80, progress=lose("old-2"))
    assert judged(done) == ("passed", "end")
    assert [one["reason"] for one in done["waited"]["failed"]] == ["offline"]
    again = update(**WAIT, soak=0.1, max_failures=0, success_percentage=50, progress=lose("new-3"))
    assert judged(again) == ("failed", "give_up")


def test_a_soak_that_nobody_saw_is_no_verdict_on_the_devices(cloud, update):
    def go_down(line):
        if "holding" in line:
            cloud.fault(method="GET", path="/v7/device*", status=503, times=10**6)

    done = update(**WAIT, soak=0.1, progress=go_down)
    assert judged(done) == ("unseen", "try_again")
    assert "was not seen, since the server could not be asked" in done["msg"]


def test_what_was_foreseen_or_only_begun_says_how_many_are_updated(update):
    for options in ({}, WAIT):
        foreseen = update(**options, check_mode=True)
        fates = [row["action"] for row in foreseen["devices"]]
        number, queued = fates.count("update"), fates.count("queue")
        assert judged(foreseen) == ("foreseen", "end")
        assert foreseen["outcome"]["sentence"] == f"{number} of 11 devices would be updated, {queued} queued"
    begun = update()
    assert number >= 6 and judged(begun) == ("begun", "end")
    assert begun["outcome"]["sentence"] == f"{number} of 11 devices are being updated, {queued} queued"


def test_what_could_not_be_planned_is_incomplete(cloud, update):
    assert judged(update(version="99.0.0")) == ("incomplete", "try_again")
    cloud.fault(path="/v7/device*", status=500)
    assert judged(update()) == ("incomplete", "try_again")
    assert cloud.writes() == []
