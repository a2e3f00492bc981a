# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rollout of an application at a time, whoever begins one at the same moment; the API decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import yaml

from emulator import Emulator
from tests.support.ansible_runs import Ansible
from tests.support.rollouts import RATE, begun, observed, report, roll_out, seed, step, until
from tests.support.tasks import run_task

pytestmark = pytest.mark.once

HALF = {"waves": ["50%"], "wait": False, "wave": 1}


@pytest.fixture(scope="module")
def meeting() -> dict[str, Any]:
    """Where requests wait for each other, if a test says so."""
    return {}


@pytest.fixture(scope="module")
def shops(meeting) -> Iterator[Emulator]:
    """The server with a small fleet."""

    def meet(request: Any) -> None:
        if "barrier" in meeting and (request.method, request.path) == ("POST", "/v7/application_tag"):
            meeting["barrier"].wait(30)
        if "once" in meeting and (request.method, request.path) == ("GET", "/v7/device"):
            meeting.pop("once")()

    with Emulator(seed=seed(20), rate=RATE, on_request=meet) as running:
        yield running


@pytest.fixture
def emulator(shops: Emulator, meeting) -> Emulator:
    """The same, as it was at its start."""
    meeting.clear()
    shops.reset()
    return shops


fleet = observed


def together(meeting: dict[str, Any], emulator: Emulator, *variants: dict[str, Any]) -> list[dict[str, Any]]:
    """Take several steps at the same time: all are planned before the first one writes."""
    meeting["barrier"] = Barrier(len(variants))
    with ThreadPoolExecutor(len(variants)) as pool:
        return list(pool.map(lambda options: step(emulator, **{**HALF, **options}), variants))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"seed": "a"}, {"seed": "b"}),
        ({}, {"release": "1.3.0"}),
        ({}, {"limit": "4"}),
        ({}, {"filter": "device_name ne 'kept-01'"}),
        ({}, {"keep_out_tag": "frozen"}),
        ({}, {"waves": ["100%"]}),
        ({"seed": "same"}, {"seed": "same"}),
    ],
)
def test_of_two_that_begin_at_once_one_is_refused_by_name(fleet, emulator, meeting, one, other):
    ended = together(meeting, emulator, one, other)
    refused, done = sorted(ended, key=lambda result: not result.get("failed"))
    assert not done.get("failed"), done
    assert refused["failed"]
    assert not refused["changed"]
    assert (
        f"another rollout of this application is under way: of release {done['release']['version']}" in refused["msg"]
    )
    pinned = [uuid for uuid, pin in fleet.pins().items() if pin == done["release"]["version"]]
    assert len(pinned) == done["wave"]["pinned"] == done["wave"]["total"]


def test_of_many_that_begin_at_once_one_goes_on(fleet, emulator, meeting):
    ended = together(meeting, emulator, *({"seed": str(number)} for number in range(8)))
    assert Counter(bool(result.get("failed")) for result in ended) == {True: 7, False: 1}
    assert list(fleet.pins().values()).count("1.2.0") == 10


def test_the_same_rollout_goes_on_after_it_was_begun(fleet, emulator):
    assert step(emulator, **HALF, seed="a")["wave"]["pinned"] == 10
    refused = step(emulator, **HALF, seed="b")
    assert "begun with other values of" in refused["msg"]
    assert not step(emulator, **HALF, seed="a").get("failed")


def test_a_rollout_that_was_ended_meanwhile_is_not_begun_again_by_a_late_step(fleet, emulator, meeting):
    step(emulator, wave=1, wait=False)
    before = fleet.pins()

    def end_it() -> None:
        for row in emulator.store.query("application_tag", tag_key="ansible_rollout"):
            emulator.store.delete("application_tag", row["id"])

    meeting["once"] = end_it  # after the step was planned
    late = step(emulator, wave=2, wait=False)
    assert "ended this rollout meanwhile" in late["msg"]
    assert fleet.pins() == before


def test_a_lost_answer_is_no_other_rollout(fleet, emulator):
    emulator.fault(method="POST", path="/v7/application_tag", drop="after", times=1)
    assert step(emulator, wave=1, wait=False)["wave"]["pinned"] == 2
    assert len(fleet.notes()) == 1


def test_what_had_the_release_before_is_kept_if_the_beginning_is_interrupted(fleet, emulator):
    rows = fleet.rows()
    had_it = rows[5]["uuid"]
    run_task(emulator, "balena_release_pin", scope="device", devices=[had_it], release="1.2.0")
    before = fleet.pins()
    emulator.fault(method="POST", path="/v7/device_tag", status=400, times=1)
    assert step(emulator, wave=3, wait=False)["failed"]
    assert fleet.pins() == before
    step(emulator, wave=3, wait=False)
    assert set(fleet.targets().values()) == {"1.2.0"}
    step(emulator, state="rolled_back", wait=False)
    assert fleet.pins() == before
    assert fleet.notes() == []


def test_a_beginning_that_was_interrupted_can_be_rolled_back(fleet, emulator):
    run_task(emulator, "balena_release_pin", scope="device", devices=[fleet.rows()[5]["uuid"]], release="1.2.0")
    before = fleet.pins()
    emulator.fault(method="POST", path="/v7/device_tag", status=400, times=1)
    assert step(emulator, wave=3, wait=False)["failed"]
    step(emulator, state="rolled_back", wait=False)
    assert fleet.pins() == before
    assert fleet.notes() == []


def test_a_second_run_of_the_role_is_refused_and_changes_nothing(fleet, emulator, ansible, tmp_path):
    with begun(ansible, "1.2.0", waves=[4, "100%"], seed="a", soak=3600):  # until it is killed
        until(lambda: list(fleet.pins().values()).count("1.2.0") == 4)
        (tmp_path / "other").mkdir()
        other = Ansible(tmp_path / "other", {"BALENA_API_URL": emulator.url, "BALENA_TOKEN": emulator.token})
        run = roll_out(other, "1.2.0", waves=[4, "100%"], seed="b", status=2)
        assert "a rollout of release 1.2.0 is under way since" in run.text
        assert "rolled_back gives" not in run.text
        assert report(other)["state"] == "failed"
        assert list(fleet.pins().values()).count("1.2.0") == 4


@pytest.mark.parametrize("late", [{"wave": 2}, {"wave": 3}, {"state": "finished"}, {"state": "rolled_back"}], ids=str)
def test_a_run_does_not_go_on_with_a_rollout_that_another_one_has_rolled_back(fleet, emulator, late):
    before = fleet.pins()
    mine = step(emulator, wave=1, wait=False)["rollout"]["id"]
    step(emulator, state="rolled_back", wait=False)
    assert fleet.pins() == before
    result = step(emulator, **late, rollout=mine, wait=False)
    assert result["failed"]
    assert f"rollout {mine} is not under way. It was ended meanwhile" in result["msg"]
    assert fleet.pins() == before
    assert fleet.notes() == []


def test_a_run_does_not_go_on_with_the_rollout_of_another_one(fleet, emulator):
    mine = step(emulator, wave=1, wait=False)["rollout"]["id"]
    step(emulator, state="rolled_back", wait=False)
    other = step(emulator, wave=1, wait=False)["rollout"]["id"]
    before = fleet.pins()
    assert mine != other
    result = step(emulator, wave=3, rollout=mine, wait=False)
    assert f"rollout {mine} is not under way; that of release 1.2.0 is under way" in result["msg"]
    assert fleet.pins() == before
    assert step(emulator, wave=2, rollout=other, wait=False)["rollout"]["id"] == other


def test_the_role_stops_when_another_run_has_rolled_back(fleet, emulator, ansible):
    before = fleet.pins()
    gate = ansible.folder / "gate.yml"
    undo = {"application": "acme/shop", "release": "1.2.0", "state": "rolled_back", "waves": [4, "100%"]}
    gate.write_text(yaml.safe_dump([{"community.balena.balena_rollout": undo}]), encoding="utf-8")
    run = roll_out(ansible, "1.2.0", waves=[4, "100%"], gate_tasks=str(gate), status=2)
    assert "is not under way. It was ended meanwhile" in run.text
    assert fleet.pins() == before
