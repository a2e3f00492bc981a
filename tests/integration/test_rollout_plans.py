# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout that one run plans is what another one makes: its release, and the devices of each wave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.support.rollouts import FLEET, WAVES, observed, reset, served, take_offline
from tests.support.tasks import run_task

shops, emulator, fleet = served(20), reset, observed
ALL = {"application": FLEET, "release": "1.2.0", "waves": WAVES}


def planned(emulator: Emulator, path: Path, **options: Any) -> Path:
    """A plan file of a step, by default of the last wave, and so of all."""
    done = run_task(emulator, "balena_rollout", **{**ALL, "wave": 3, **options}, plan_to=str(path), check_mode=True)
    assert not done.get("failed"), done["msg"]
    assert done["changed"]
    return path


def made(emulator: Emulator, path: Path, **options: Any) -> dict[str, Any]:
    return run_task(emulator, "balena_rollout", **{**ALL, "wave": 3, **options}, plan_from=str(path))


def refused(emulator: Emulator, path: Path, **options: Any) -> str:
    """Why a step is refused, before anything is written."""
    emulator.clear_requests()
    done = made(emulator, path, **options)
    assert done["failed"]
    assert emulator.writes() == []
    message: str = done["msg"]
    return message


def test_the_plan_of_all_waves_is_made_wave_by_wave(emulator, fleet, tmp_path):
    path = planned(emulator, tmp_path / "plan.json")
    for wave, devices in ((1, 2), (2, 6), (3, 20)):
        done = made(emulator, path, wave=wave)
        assert not done.get("failed"), done["msg"]
        assert list(fleet.pins().values()).count("1.2.0") == devices
    assert not made(emulator, path)["changed"]


def test_a_plan_of_one_wave_is_not_one_of_the_next(emulator, fleet, tmp_path):
    path = planned(emulator, tmp_path / "plan.json", wave=1)
    assert made(emulator, path, wave=1)["changed"]
    assert "is not in it" in refused(emulator, path, wave=2)
    assert list(fleet.pins().values()).count("1.2.0") == 2


def test_a_file_tells_all_waves_and_no_more_than_people_need(emulator, fleet, tmp_path):
    content = json.loads(planned(emulator, tmp_path / "plan.json", wave=1).read_text())
    promise = content["promise"]
    assert promise["release"].startswith("1.2.0 (")
    assert [len(promise[f"wave {number}"]) for number in (1, 2, 3)] == [2, 4, 14]
    assert set(promise["wave 1"].values()) <= {row["device_name"] for row in fleet.rows()}


def pinned_elsewhere(emulator: Emulator, row: dict[str, Any]) -> str:
    pin = {"scope": "device", "devices": [row["uuid"]], "release": "1.3.0"}
    assert run_task(emulator, "balena_release_pin", **pin)["changed"]
    return f"update device {row['device_name']} ({row['uuid'][:7]}): it was "


def removed(emulator: Emulator, row: dict[str, Any]) -> str:
    assert run_task(emulator, "balena_device", uuid=row["uuid"], state="absent")["changed"]
    return f"{row['device_name']} ({row['uuid'][:7]}) is not in it any more"


def came(emulator: Emulator, row: dict[str, Any]) -> str:
    assert run_task(emulator, "balena_device", uuid="f" * 32, name="newcomer", application=FLEET)["changed"]
    return "newcomer (fffffff) is new in it"


@pytest.mark.parametrize("change", [pinned_elsewhere, removed, came])
def test_what_changed_since_is_named_by_the_name_of_the_device(emulator, fleet, tmp_path, change):
    path = planned(emulator, tmp_path / "plan.json")
    says = change(emulator, fleet.rows()[-1])
    message = refused(emulator, path, wave=3)
    assert message.startswith(f"Nothing was written: {path} does not fit any more")
    assert says in message


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"release": "1.3.0"}, "release: planned was "),
        ({"waves": [3, 6, "100%"]}, "is new in it"),
        ({"finish": "keep_pins"}, "finish: planned was "),
        ({"limit": "19"}, "is not in it any more"),
    ],
)
def test_another_rollout_is_refused(emulator, fleet, tmp_path, options, says):
    path = planned(emulator, tmp_path / "plan.json")
    assert says in refused(emulator, path, wave=1, **options)


def test_what_says_nothing_of_the_rollout_may_change(emulator, fleet, tmp_path):
    path = planned(emulator, tmp_path / "plan.json")
    first = fleet.rows()[0]["uuid"]
    take_offline(emulator, first)
    assert run_task(emulator, "balena_device", uuid=first, name="renamed")["changed"]
    done = made(emulator, path, wave=1)
    assert not done.get("failed"), done["msg"]
    assert fleet.pins()[first] == "1.2.0"


def test_a_rollback_has_a_plan_too(emulator, fleet, tmp_path):
    before = fleet.pins()
    options = {**ALL, "wave": 2}
    assert run_task(emulator, "balena_rollout", **options)["changed"]
    path = planned(emulator, tmp_path / "plan.json", state="rolled_back", wave=None)
    done = made(emulator, path, state="rolled_back", wave=None)
    assert not done.get("failed"), done["msg"]
    assert fleet.pins() == before
    assert fleet.notes() == []


def test_the_plan_of_switching_is_made_in_both_phases(emulator, fleet, tmp_path):
    emulator.simulate(lock_percent=100)
    path = planned(emulator, tmp_path / "plan.json", phase="switch")
    waiting = {"wait": True, "poll_interval": 0.01, "wait_timeout": 30}
    for phase in ("download", "switch"):
        done = made(emulator, path, phase=phase, **waiting)
        assert not done.get("failed"), done["msg"]
    assert set(fleet.running().values()) == {"1.2.0"}
