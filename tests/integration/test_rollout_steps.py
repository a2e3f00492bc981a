# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a rollout, each on its own: who is waited for, what fails a wave, what is remembered and refused."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from emulator import Emulator
from tests.support.rollouts import FLEET, WAVES, observed, reset, served, step, take_offline
from tests.support.tasks import run_task

shops, emulator, fleet = served(20), reset, observed


def look(emulator: Emulator, **options: Any) -> dict[str, Any]:
    return run_task(
        emulator, "balena_rollout_info", **{"application": FLEET, "release": "1.2.0", "waves": WAVES, **options}
    )


@pytest.fixture
def health() -> Iterator[Any]:
    """A server that answers for devices: by uuid, which status."""
    answers: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert "Authorization" not in self.headers
            self.send_response(answers.get(self.path.split("/")[1], 200))
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield answers, f"http://127.0.0.1:{server.server_address[1]}/{{uuid}}/health"
    server.shutdown()
    server.server_close()


def test_offline_devices_are_left_aside_or_waited_for_or_failures(fleet, emulator):
    away = fleet.rows()[1]["uuid"]
    take_offline(emulator, away)
    skipped = step(emulator, wave=1)
    assert skipped["passed"]
    assert skipped["waited"]["pending"] == [
        {"uuid": away, "name": fleet.rows()[1]["device_name"], "reason": "offline, not waited for"}
    ]
    assert skipped["line"].endswith("1 of 1 done, 0 failed, 0 pending, 1 offline, not waited for")
    assert fleet.pins()[away] == "1.2.0"
    failed = step(emulator, wave=1, offline="fail")
    assert (failed["failed"], failed["passed"]) == (True, False)
    assert [item["reason"] for item in failed["waited"]["failed"]] == ["offline"]
    waiting = step(emulator, wave=1, offline="wait", wait_timeout=0.3)
    assert not waiting["passed"]
    assert [item["reason"] for item in waiting["waited"]["failed"]] == ["offline after 0.3 seconds"]
    assert "too many devices failed: 1 of 2 devices is done, 2 are needed" in waiting["msg"]


def test_a_device_that_is_lost_while_a_wave_is_held_fails_it(fleet, emulator):
    lost = fleet.rows()[3]["uuid"]

    def lose(line: str) -> None:
        if "holding" in line:
            take_offline(emulator, lost)

    held = step(emulator, wave=2, soak=30, progress=lose)
    assert not held["passed"]
    assert "6 devices ran it, and 1 of them did not keep it for 30 seconds (soak)" in held["msg"]
    assert held["line"].startswith("Wave 2 (6) [################....] 5 of 6 done, 1 failed")


def test_what_may_fail_counts_over_all_waves_and_from_some_devices_on(fleet, emulator):
    emulator.simulate(fail_names=fleet.rows()[0]["device_name"])
    few = step(emulator, wave=1, success_percentage=0, max_failure_percentage=0, min_devices=5)
    assert few["passed"], "two devices are too few to judge"
    for uuid in list(fleet.pins())[2:5]:
        take_offline(emulator, uuid)
    many = step(
        emulator,
        wave=2,
        success_percentage=50,
        max_failure_percentage=20,
        min_devices=5,
        offline="fail",
        wait_timeout=20,
    )
    assert not many["passed"]
    assert "too many devices failed" in many["msg"]


def test_probes_decide_with_patience(fleet, emulator, health):
    answers, url = health
    ill = fleet.rows()[0]["uuid"]
    answers[ill] = 500
    probe = {"url": url, "retries": 2}
    asked = step(emulator, wave=1, probe=probe)
    assert not asked["passed"]
    assert asked["waited"]["failed"] == [
        {"uuid": ill, "name": fleet.rows()[0]["device_name"], "reason": "its probe answers 500"}
    ]
    assert step(emulator, wave=1, probe={**probe, "status": [200, 500]})["passed"]
    nobody = step(emulator, wave=1, probe={"url": "http://127.0.0.1:9/{uuid}", "retries": 0})
    assert nobody["waited"]["failed"][0]["reason"] == "its probe gets no answer"
    assert "an address with {uuid} in it" in step(emulator, wave=1, probe={"url": "http://x/"})["msg"]


def test_a_rollout_keeps_its_release_and_its_devices(fleet, emulator):
    assert step(emulator, wave=1, release="^1.0", wait=False)["release"]["version"] == "1.3.0"
    newer = look(emulator, release="1.3.0")
    assert newer["rollout"]["wave"] == 1
    # The highest of the range is another one now.
    row = emulator.store.query("release", id=next(key for key, name in fleet.versions.items() if name == "1.3.0"))[0]
    emulator.store.update("release", row["id"], is_invalidated=True)
    going_on = run_task(
        emulator, "balena_rollout_info", application=FLEET, release="^1.0", waves=WAVES, allow_invalidated=True
    )
    assert going_on["release"]["version"] == "1.3.0"
    assert "'^1.0' means 1.2.0 by now" in going_on["warnings"][0]
    assert "is invalidated" in step(emulator, wave=1, release="^1.0")["msg"]
    assert (
        "begun with other values of devices"
        in step(emulator, wave=1, release="1.3.0", limit="3", allow_invalidated=True)["msg"]
    )
    assert len(step(emulator, state="rolled_back", release="1.3.0")["devices"]) == 2


def test_other_waves_begin_with_the_first_and_change_nothing_back(fleet, emulator):
    assert step(emulator, wave=2, wait=False)["wave"]["pinned"] == 6
    assert look(emulator)["next_wave"] == 2
    assert look(emulator, waves=["5%", "50%", "100%"])["next_wave"] == 1
    again = step(emulator, waves=["5%", "50%", "100%"], wave=1, wait=False)
    assert again["wave"]["pinned"] == 0
    assert sum(pin == "1.2.0" for pin in fleet.pins().values()) == 6


def test_a_rollback_that_was_interrupted_is_completed_first(fleet, emulator):
    before = fleet.pins()
    step(emulator, wave=2, wait=False)
    emulator.fault(method="PATCH", path="/v7/device($|\\()", nth=1, status=400)
    assert step(emulator, state="rolled_back")["failed"]
    assert look(emulator)["rollout"]["rolling_back"]
    assert "complete that with state 'rolled_back'" in step(emulator, wave=2)["msg"]
    assert not step(emulator, state="rolled_back").get("failed")
    assert fleet.pins() == before
    assert fleet.notes() == []


def test_notes_that_somebody_else_wrote_are_not_trusted(fleet, emulator):
    run_task(emulator, "balena_tag", scope="application", application=FLEET, name="ansible_rollout", value="mine")
    assert "cannot be understood" in step(emulator, wave=1)["msg"]
    run_task(emulator, "balena_tag", scope="application", application=FLEET, name="ansible_rollout", state="absent")
    # Left over from a run that was killed before it had changed anything.
    stale = fleet.rows()[0]["uuid"]
    before = fleet.pins()
    run_task(emulator, "balena_tag", scope="device", devices=[stale], name="ansible_rollout_former", value="1")
    step(emulator, wave=1, wait=False)
    step(emulator, state="rolled_back")
    assert fleet.pins() == before


def test_the_number_of_requests_does_not_grow_with_the_fleet(fleet, emulator):
    emulator.clear_requests()
    assert step(emulator, wave=3, wait=False)["wave"]["pinned"] == 20
    # One read each for the application, the devices, the notes and those without part in it; one write for the tag of
    # the application and all pins, and one for the tag of each device with a former target of its own.
    kinds = [(request.method, request.path) for request in emulator.requests()]
    assert len([kind for kind in kinds if kind[0] == "GET"]) == 4
    assert kinds.count(("POST", "/v7/device_tag")) == 3
    assert len(kinds) == 4 + 3 + 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"probe": {"url": "ftp://{uuid}.example.com"}}, "probe: url must be an address"),
        ({"probe": {"url": "{uuid}.example.com"}}, "probe: url must be an address"),
        ({"probe": {"url": "http:///{uuid}"}}, "probe: url must be an address"),
        ({"probe": {"url": "http://example.com/health"}}, "with {uuid} in it"),
        ({"probe": {"url": "http://{uuid}:0/"}}, "probe: url must be an address"),
        ({"probe": {"url": "http://{uuid}:port/"}}, "probe: url must be an address"),
        ({"probe": {"url": "http://[{uuid}/"}}, "probe: url must be an address"),
        ({"probe": {"url": "http://{uuid}.example.com/a b"}}, "probe: url must be an address"),
        ({"probe": {"url": ""}}, "probe: url must be an address"),
        ({"probe": {"path": "/health"}}, "probe: this server has no public URLs of devices"),
        ({"probe": {"url": "http://{uuid}/", "status": []}}, "probe: status must be a list of HTTP status codes"),
        ({"probe": {"url": "http://{uuid}/", "status": [200, 2000]}}, "probe: status must be a list"),
        ({"probe": {"url": "http://{uuid}/", "status": [0]}}, "probe: status must be a list"),
        ({"probe": {"url": "http://{uuid}/", "retries": -1}}, "probe.retries must be 0 or more, not -1"),
        (
            {"probe": {"url": "http://{uuid}/", "timeout": 0}},
            "probe.timeout must be a number of seconds greater than 0",
        ),
        ({"probe": {"url": "http://{uuid}/", "timeout": float("inf")}}, "timeout must be a number"),
        ({"soak": float("nan")}, "soak must be a number"),
        ({"soak": float("inf")}, "soak must be a number"),
        ({"soak": -1}, "soak must be a number of seconds from 0"),
        ({"wait_timeout": float("nan")}, "wait_timeout must be a number"),
        ({"poll_interval": float("inf")}, "poll_interval must be a number"),
        ({"success_percentage": float("nan")}, "success_percentage must be a number"),
        ({"max_failure_percentage": float("nan")}, "max_failure_percentage must be a number"),
        ({"max_failure_percentage": 100.5}, "max_failure_percentage must be a number from 0 to 100"),
        ({"max_failures": -1}, "max_failures must be 0 or more"),
        ({"min_devices": 0}, "min_devices must be 1 or more"),
        ({"patience": float("nan")}, "patience must be a number"),
        ({"wave": 0}, "wave 0 does not exist: the waves are numbered 1 to 3"),
        ({"wave": 9}, "wave 9 does not exist: the waves are numbered 1 to 3"),
    ],
)
@pytest.mark.parametrize("wait", [True, False])
def test_what_cannot_work_is_refused_before_anything_is_changed(fleet, emulator, options, message, wait):
    emulator.clear_requests()
    refused = step(emulator, **{"wave": 1, **options}, wait=wait)
    assert refused["failed"]
    assert message in refused["msg"]
    assert emulator.writes() == []


def test_a_rollout_that_is_forgotten_at_its_end_cannot_be_rolled_back(fleet, emulator):
    for number in (1, 2, 3):
        step(emulator, wave=number, wait=False)
    assert not step(emulator, state="finished", wait=False, undo_within=0, finish="keep_pins").get("failed")
    pinned = fleet.pins()
    emulator.clear_requests()
    for check_mode in (True, False):
        refused = step(emulator, state="rolled_back", check_mode=check_mode)
        assert refused["failed"]
        assert "no rollout of release 1.2.0 is under way" in refused["msg"]
        assert "20 devices are pinned on it" in refused["msg"]
        assert "roll that one out" in refused["msg"]
    assert emulator.writes() == []
    assert fleet.pins() == pinned


def test_a_fleet_that_follows_a_finished_rollout_cannot_be_rolled_back(fleet, emulator):
    everybody = [row["uuid"] for row in fleet.rows() if row["is_pinned_on__release"] is None]
    some = {"devices": everybody, "waves": ["100%"], "finish": "pin_fleet"}
    step(emulator, wave=1, wait=False, **some)
    assert not step(emulator, state="finished", wait=False, undo_within=0, **some).get("failed")
    refused = step(emulator, state="rolled_back")
    assert "acme/shop itself has it as its target" in refused["msg"]


def outcome_of_auto(emulator: Emulator, **options: Any) -> str:
    """What becomes of the targets when waves have been finished; the steps before the last one agree."""
    foreseen = step(emulator, wave=1, wait=False, **options)["finish"]
    assert step(emulator, wave=3, wait=False, **options)["finish"] == foreseen
    ended = step(emulator, state="finished", wait=False, **options)
    assert ended["finish"] == foreseen
    assert not step(emulator, state="finished", wait=False, **options)["changed"]
    return ended["finish"]


def test_a_rollout_to_all_leaves_a_clean_fleet(fleet, emulator):
    followed = [row["uuid"] for row in fleet.rows() if row["is_pinned_on__release"] is None]
    assert outcome_of_auto(emulator) == "pin_fleet"
    assert [row["uuid"] for row in fleet.rows() if row["is_pinned_on__release"] is None] == followed
    assert fleet.versions[fleet.application()["should_be_running__release"]] == "1.2.0"


def test_a_rollout_to_some_reaches_nobody_else(fleet, emulator):
    some = [row["uuid"] for row in fleet.rows()][:10]
    before = fleet.pins()
    assert outcome_of_auto(emulator, devices=some) == "keep_pins"
    assert fleet.pins() == {**before, **dict.fromkeys(some, "1.2.0")}


def test_a_fleet_that_tracks_its_latest_release_goes_on_doing_so(fleet, emulator):
    run_task(emulator, "balena_release_pin", scope="application", application=FLEET, release="track")
    assert outcome_of_auto(emulator) == "keep_pins"
    assert fleet.application()["should_track_latest_release"]


def test_there_is_nothing_to_undo_twice(fleet, emulator):
    step(emulator, wave=1, wait=False)
    assert step(emulator, state="rolled_back")["changed"]
    again = step(emulator, state="rolled_back")
    assert (again.get("failed"), again["changed"]) == (None, False)


def test_waves_that_add_nobody_are_told_with_their_reason(emulator):
    seen = look(emulator, waves=["1%", "2%", "100%"], approval=["2", "100%"])
    assert [wave["number"] for wave in seen["waves"]] == [1, 3]
    assert seen["empty_waves"] == [
        {
            "number": 2,
            "name": "2%",
            "total": 1,
            "reason": "it reaches 1 of 20 devices, no more than the waves before it",
        }
    ]
    assert seen["approval"] == [2, 3]
    refused = look(emulator, waves=["1%", "2%", "100%"], approval=["50%"])
    assert "The waves are 1 (1%), 2 (2%), 3 (100%)" in refused["msg"]


@pytest.mark.parametrize("where", [{"method": "GET"}, {"method": "PATCH"}, {"method": "POST", "path": "_tag"}])
def test_a_server_that_restarts_during_a_step_is_waited_for(fleet, emulator, where):
    # More failures than the client itself puts up with.
    emulator.fault(status=503, times=6, **where)
    assert step(emulator, wave=2, wait=False)["failed"]
    emulator.clear_faults()
    emulator.reset()
    emulator.fault(status=503, times=6, **where)
    done = step(emulator, wave=2, wait=False, patience=60)
    assert not done.get("failed"), done["msg"]
    assert list(fleet.pins().values()).count("1.2.0") == 6
    assert done["changes"]["update"] >= 6


def test_each_step_says_what_came_of_it_and_what_is_next(fleet, emulator):
    def came(**options: Any) -> tuple[Any, ...]:
        result = step(emulator, **options)
        outcome = result["outcome"]
        assert outcome["sentence"] == result.get("msg", outcome["sentence"])
        return outcome["state"], outcome["verdict"], outcome["next_wave"]

    assert came(wave=1, check_mode=True) == ("foreseen", "go_on", 2)
    assert came(wave=1, check_mode=True, wait=False) == ("foreseen", "go_on", 2)
    assert came(state="rolled_back") == ("unchanged", "end", None)
    assert came(wave=1) == ("passed", "go_on", 2)
    assert came(wave=9) == ("incomplete", "try_again", 9)
    assert came(state="finished") == ("incomplete", "try_again", None)
    assert came(wave=2, wait=False) == ("begun", "go_on", 3)
    assert came(wave=3) == ("passed", "finish", None)
    assert came(state="finished") == ("finished", "end", None)
    emulator.simulate(fail_names="*")
    assert came(wave=3, release="1.3.0", wait_timeout=0.3) == ("failed", "give_up", 3)
    assert came(state="rolled_back", release="1.3.0", wait=False) == ("rolled_back", "end", None)
