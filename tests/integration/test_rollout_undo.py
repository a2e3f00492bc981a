# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout that has finished is undone by what the API keeps of it, or by its account in a file."""

from __future__ import annotations

import datetime
import json

import pytest

from ansible_collections.community.balena.plugins.module_utils.engine import dates
from tests.support.rollouts import FLEET, observed, reset, served, step
from tests.support.tasks import run_task

shops, emulator, fleet = served(200), reset, observed
WAVES = [20, "50%", "100%"]
KEPT = ("belongs_to__application", "status", "source", "composition")
ENDINGS = ("keep_pins", "pin_fleet")


def act(emulator, **options):
    result = step(emulator, **{"waves": WAVES, "wait": False, **options})
    assert not result.get("failed"), result["msg"]
    return result


def roll_out(emulator, release="1.2.0", **options):
    for number in range(1, len(options.get("waves", WAVES)) + 1):
        act(emulator, release=release, wave=number, **options)
    act(emulator, release=release, state="finished", **options)


def exported(emulator):
    """The fleet as a document, which says everything that can be declared of it."""
    result = run_task(emulator, "balena_fleet_info", application=FLEET)
    assert not result.get("failed"), result["msg"]
    return result["document"]


def row(fleet, name):
    return next(one for one in fleet.rows() if one["device_name"] == name)


def called(device):
    """A device as sentences name it."""
    return f"device {device['device_name']} ({device['uuid'][:7]})"


def sentences(result):
    return sorted(one["sentence"] for one in result["left_alone"])


@pytest.mark.parametrize("finish", ENDINGS)
def test_a_finished_rollout_of_200_is_rolled_back_to_what_was_before(fleet, emulator, finish):
    before = exported(emulator)
    roll_out(emulator, finish=finish)
    assert exported(emulator) != before
    again = act(emulator, state="finished", finish=finish)
    assert not again["changed"]
    assert max(len(tag["value"]) for tag in emulator.store.query("application_tag")) < 500
    foreseen = act(emulator, state="rolled_back", check_mode=True)
    done = act(emulator, state="rolled_back")
    assert foreseen["changes"] == done["changes"] and foreseen["diff"] == done["diff"]
    assert done["outcome"]["state"] == "rolled_back" and not done["left_alone"]
    assert exported(emulator) == before
    assert fleet.notes() == []
    emulator.clear_requests()
    assert act(emulator, state="rolled_back")["outcome"]["state"] == "unchanged"
    assert emulator.writes() == []


@pytest.mark.parametrize("finish", ENDINGS)
def test_a_finished_rollout_of_200_is_undone_by_its_account(fleet, emulator, finish, tmp_path):
    before = exported(emulator)
    path = str(tmp_path / "account.json")
    roll_out(emulator, finish=finish, account_to=path)
    assert exported(emulator) != before
    done = run_task(emulator, "balena_undo", account=path)
    assert not done.get("failed"), done["msg"]
    assert not done["left_alone"]
    assert exported(emulator) == before
    assert fleet.notes() == []
    assert not run_task(emulator, "balena_undo", account=path)["changed"]


@pytest.mark.parametrize("finish", ENDINGS)
def test_what_others_have_changed_since_is_left_and_named(fleet, emulator, finish):
    before = fleet.pins()
    roll_out(emulator, finish=finish)
    changed, freed = row(fleet, "till-001"), row(fleet, "pinned-01")
    pin = {"scope": "device", "application": FLEET}
    run_task(emulator, "balena_release_pin", **pin, devices=[changed["uuid"]], release="1.3.0")
    run_task(emulator, "balena_release_pin", **pin, devices=[freed["uuid"]], release="track")
    run_task(emulator, "balena_device", application=FLEET, uuid="ab" * 16, name="new")
    done = act(emulator, state="rolled_back")
    assert sentences(done) == [
        f"fleet acme/shop, {called(freed)}: it is following its fleet now, was brought to 1.2.0 by the rollout: "
        "left alone",
        f"fleet acme/shop, {called(changed)}: it is pinned on 1.3.0 now, was brought to 1.2.0 by the rollout: "
        "left alone",
    ]
    assert fleet.pins() == {**before, changed["uuid"]: "1.3.0", freed["uuid"]: None, "ab" * 16: None}


def test_a_fleet_that_was_moved_on_since_is_left_and_named(fleet, emulator):
    roll_out(emulator, finish="pin_fleet")
    run_task(emulator, "balena_release_pin", scope="application", application=FLEET, release="1.3.0")
    pinned = row(fleet, "till-002")
    run_task(emulator, "balena_release_pin", scope="device", devices=[pinned["uuid"]], release="1.2.0")
    done = act(emulator, state="rolled_back")
    assert sentences(done) == [
        f"fleet acme/shop, {called(pinned)}: it is pinned on 1.2.0 now, was brought to 1.2.0 by the rollout: "
        "left alone",
        "fleet acme/shop: its release is 1.3.0 now, was set to 1.2.0 by the rollout: left alone",
    ]
    assert fleet.versions[fleet.application()["should_be_running__release"]] == "1.3.0"
    assert fleet.pins()[pinned["uuid"]] == "1.2.0"


def test_what_has_finished_long_ago_is_not_rolled_back_any_more(fleet, emulator):
    roll_out(emulator)
    (tag,) = emulator.store.query("application_tag", tag_key="ansible_rollout_ended")
    then = dates.as_stored(dates.now() - datetime.timedelta(days=8))
    emulator.store.update("application_tag", tag["id"], value=json.dumps({**json.loads(tag["value"]), "ended": then}))
    emulator.clear_requests()
    refused = step(emulator, state="rolled_back", waves=WAVES)
    assert f"the rollout of release 1.2.0 has finished at {then}, and is not rolled back any more" in refused["msg"]
    assert "undo_within allows that for 7 days" in refused["msg"]
    assert emulator.writes() == []
    assert act(emulator, state="rolled_back", undo_within=9)["changed"]


def test_a_tag_that_cannot_be_understood_is_named(fleet, emulator):
    roll_out(emulator)
    (tag,) = emulator.store.query("application_tag", tag_key="ansible_rollout_ended")
    for value in ("mine", "[]", "{}", '{"ended": 7}'):
        emulator.store.update("application_tag", tag["id"], value=value)
        refused = step(emulator, state="rolled_back", waves=WAVES)
        assert "tag ansible_rollout_ended cannot be understood" in refused["msg"]


def test_the_next_rollout_forgets_the_one_before(fleet, emulator):
    roll_out(emulator)
    before = fleet.pins()
    act(emulator, release="1.3.0", wave=1)
    assert "ansible_rollout_ended" not in fleet.notes()
    act(emulator, release="1.3.0", state="rolled_back")
    assert fleet.pins() == before and fleet.notes() == []
    refused = step(emulator, state="rolled_back", waves=WAVES)
    assert "no rollout of release 1.2.0 is under way" in refused["msg"]


def test_what_was_rolled_out_as_the_latest_is_rolled_back_though_there_is_a_later_one(fleet, emulator):
    before = exported(emulator)
    roll_out(emulator, release="~1.2")
    row_of = emulator.store.query("release", id=next(key for key, name in fleet.versions.items() if name == "1.2.0"))[0]
    later = {name: row_of[name] for name in (*KEPT, "start_timestamp")}
    version = {"semver_major": 1, "semver_minor": 2, "semver_patch": 9}
    emulator.store.insert("release", **later, **version, commit="c" * 40)
    assert act(emulator, release="~1.2", state="rolled_back")["changed"]
    assert exported(emulator) == before


def test_nothing_is_kept_where_it_is_not_wanted(fleet, emulator):
    roll_out(emulator, undo_within=0)
    assert fleet.notes() == []
