# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do with the role rollout: approve, keep out, wait for a window, ask their own questions, undo."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from emulator import SEEDS, Emulator
from tests.support.ansible_runs import CHECKOUT, Ansible, post_command
from tests.support.rollouts import KEPT, Fleet, begun, observed, outcomes, play, report, roll_out, served, until
from tests.support.tasks import run_task

#: A gate that notes each wave, and does not let the third one pass.
GATE = [
    {
        "name": "Note the wave",
        "ansible.builtin.lineinfile": {
            "path": "{{ playbook_dir }}/waves.txt",
            "line": "{{ rollout_wave.name }} {{ rollout_step.waited.done | length }}",
            "create": True,
            "mode": "0644",
        },
    },
    {
        "name": "Somebody complains",
        "ansible.builtin.assert": {
            "that": "rollout_wave.number < last_good | int",
            "fail_msg": "the screens are black",
        },
    },
]

#: A time of day in the next hour but one.
LATER = "{{ '%%02d:%s' | format((now(utc=true).hour + 2) %% 24) }}"


shops, fleet = served(20), observed


@pytest.fixture
def emulator(shops: Emulator) -> Emulator:
    """The same, as it was at its start; two test devices, and one that must not be touched."""
    shops.reset()
    rows = Fleet(shops).rows()
    for row, tag in ((rows[7], "stage"), (rows[9], "stage"), (rows[2], "frozen")):
        run_task(shops, "balena_tag", scope="device", devices=[row["uuid"]], name=tag, value="test")
    shops.clear_requests()
    return shops


def at_a_terminal(ansible: Ansible, plays: list[dict[str, Any]], answer: str) -> str:
    """Run plays at a terminal, type an answer when asked, and return what is shown."""
    path = ansible.folder / "asking.yml"
    path.write_text(yaml.safe_dump(plays), encoding="utf-8")
    terminal = str(CHECKOUT / "tests" / "support" / "terminal.py")
    return ansible.run(sys.executable, terminal, answer, "ansible-playbook", "-i", str(ansible.hosts), str(path)).output


def test_waves_that_need_approval_wait_for_it_and_nobody_kept_out_is_touched(fleet, emulator, ansible):
    chosen: dict[str, Any] = {"waves": [3, "50%", "100%"], "canary": {"stage": "test"}, "keep_out_tag": "frozen"}
    rows, before = fleet.rows(), fleet.targets()
    stopped = roll_out(ansible, "1.2.0", **chosen, approval=["50%", 4], status=2)
    assert "Run it again with the extra variable rollout_approved=3 to go on" in stopped.text
    assert report(ansible)["state"] == "stopped"
    assert [(wave["name"], len(wave["devices"])) for wave in report(ansible)["waves"]] == [("canary", 2), ("3", 1)]
    assert fleet.touched() == {rows[7]["uuid"], rows[9]["uuid"], rows[0]["uuid"]}

    # Approved by a variable; the next approval ends the run well, since that is asked for.
    ended = roll_out(ansible, "1.2.0", "-e", "rollout_approved=3", **chosen, approval=["50%", 4], when_stopped="end")
    assert "needs approval and was not begun" in ended.output
    assert (outcomes(report(ansible)), report(ansible)["state"]) == ([(2, True), (3, True)], "stopped")

    shown = at_a_terminal(ansible, play("1.2.0", **chosen, approval=["all"]), "yes")
    assert "Wave 4 (100%) adds 9 devices, 19 in all" in " ".join(shown.split())
    assert report(ansible)["state"] == "finished"
    kept = rows[2]["uuid"]
    assert fleet.targets() == {uuid: before[uuid] if uuid == kept else "1.2.0" for uuid in before}
    assert set(fleet.notes()) <= KEPT


def test_a_gate_of_ones_own_fails_a_wave(fleet, emulator, ansible):
    (ansible.folder / "gate.yml").write_text(yaml.safe_dump(GATE), encoding="utf-8")
    before = fleet.pins()
    always = [{"start": "00:00", "end": "24:00", "timezone": "Pacific/Auckland"}]
    run = roll_out(
        ansible, "1.2.0", "-e", "last_good=3", waves=[1, 4, 8], gate_tasks="gate.yml",
        on_abort="rollback", windows=always, status=2,
    )  # fmt: skip
    assert "The gate after wave 3 (8) does not open. Somebody complains: the screens are black" in run.text
    assert (ansible.folder / "waves.txt").read_text(encoding="utf-8").split() == ["1", "1", "4", "4", "8", "8"]
    told = report(ansible)
    assert (told["state"], len(told["rolled_back"])) == ("rolled_back", 8)
    assert fleet.pins() == before


def test_outside_of_its_windows_nothing_begins(fleet, emulator, ansible):
    never = [{"start": LATER % "00", "end": LATER % "30"}]
    run = roll_out(ansible, "1.2.0", windows=never, outside_window="stop", when_stopped="end")
    assert "No maintenance window is open, the next one opens at" in run.output
    assert report(ansible)["state"] == "stopped"
    # Check mode shows all waves at any time.
    foreseen = roll_out(ansible, "1.2.0", "--check", windows=never, approval=["all"])
    assert "Wave 4 (100%) would add 10 devices, 20 in all" in foreseen.output
    assert emulator.writes() == []


def test_outside_of_its_windows_a_wave_waits_for_one_before_it_asks_for_approval(fleet, emulator, ansible):
    never = [{"start": LATER % "00", "end": LATER % "30"}]
    shown = ansible.folder / "shown.txt"
    with begun(ansible, "1.2.0", shown, windows=never, approval=["all"]) as kill:
        until(lambda: "Wait until a maintenance window opens" in shown.read_text(encoding="utf-8"))
        time.sleep(2)
        kill()
    assert "Ask for approval" not in shown.read_text(encoding="utf-8")
    assert emulator.writes() == []


def test_a_rollout_that_stopped_can_be_undone_by_hand(fleet, emulator, ansible):
    before = fleet.pins()
    emulator.simulate(fail_names="*")
    run = roll_out(ansible, "1.2.0", waves=[5, "100%"], device_timeout=1, status=2)
    assert "rollout_state=rolled_back gives the devices back what they had" in run.text
    assert len([pin for pin in fleet.pins().values() if pin == "1.2.0"]) == 5
    assert report(ansible)["state"] == "aborted"
    foreseen = roll_out(ansible, "1.2.0", "--check", waves=[5, "100%"], state="rolled_back")
    assert foreseen.recap()["changed"] == 1
    assert len([pin for pin in fleet.pins().values() if pin == "1.2.0"]) == 5
    roll_out(ansible, "1.2.0", waves=[5, "100%"], device_timeout=1, state="rolled_back")
    assert fleet.pins() == before
    assert fleet.notes() == []


def test_what_the_role_is_told_is_checked(ansible):
    run = roll_out(ansible, "1.2.0", on_abort="explode", status=2)
    assert "value of rollout_on_abort must be one of: stop, rollback, got: explode" in run.text


@pytest.fixture
def signs() -> Iterator[Emulator]:
    """The fleet that the playbooks are written for."""
    with Emulator(seed=SEEDS / "demo.yml", rate=100) as running:
        yield running


def test_the_example_rolls_out_once(signs, tmp_path):
    ansible = Ansible(tmp_path, {"BALENA_API_URL": signs.url, "BALENA_TOKEN": signs.token})
    playbook = CHECKOUT / "playbooks" / "rollout" / "signage.yml"
    quick = ("-e", '{"windows": [], "soak": 0.5, "poll_interval": 0.3}', "-e", f"report={tmp_path}/report.json")
    foreseen = ansible.playbook(playbook, "--check", *quick)
    assert foreseen.recap()["changed"] > 0
    assert signs.writes() == []
    ansible.playbook(playbook, *quick)
    assert [wave["name"] for wave in report(ansible)["waves"]] == ["canary", "25%", "100%"]
    signs.clear_requests()
    assert ansible.playbook(playbook, *quick).recap()["changed"] == 0
    assert signs.writes() == []


def refused(number: int, **options: Any) -> dict[str, Any]:
    """A task that runs the role, and says in a line of its own why it fails; several fit into one playbook."""
    (role,) = play("1.2.0", **options)[0]["roles"]
    run = {"ansible.builtin.include_role": {"name": role["role"]}, "vars": role["vars"]}
    say = {"ansible.builtin.debug": {"msg": f"refused {number}: {{{{ ansible_failed_result.msg }}}}"}}
    return {"block": [run], "rescue": [say]}


def test_an_approval_of_no_wave_stops_everything(fleet, emulator, ansible):
    approvals: list[list[Any]] = [["9"], ["50%", "60%"], [1.5], ["yes"], [None]]
    waves = {"waves": [3, "50%", "100%"]}
    run = ansible.tasks([refused(number, **waves, approval=approval) for number, approval in enumerate(approvals)])
    for number, approval in enumerate(approvals):
        (said,) = (line for line in run.output.splitlines() if f"refused {number}: " in line)
        assert "The waves are 1 (3), 2 (50%), 3 (100%)" in said, approval
    assert emulator.writes() == []


def test_a_survey_approves_by_texts(fleet, emulator, ansible):
    answers = '{"rollout_approval": ["2"], "rollout_approved": "1", "awx_job_id": 1}'
    run = roll_out(ansible, "1.2.0", "-e", answers, waves=[3, "50%", "100%"], status=2)
    assert "Wave 2 (50%, 7 devices) needs approval and was not begun" in run.text
    assert list(fleet.pins().values()).count("1.2.0") == 3


def test_a_finished_rollout_is_undone_from_the_role(fleet, emulator, ansible):
    before = fleet.pins()
    account = ansible.folder / "account.json"
    roll_out(ansible, "1.2.0", waves=[3, "100%"], account=str(account))
    assert set(fleet.targets().values()) == {"1.2.0"}
    assert json.loads(account.read_text())["state"] == "complete"
    roll_out(ansible, "1.2.0", waves=[3, "100%"], state="rolled_back")
    assert fleet.pins() == before
    assert report(ansible)["state"] == "rolled_back"
    assert len(report(ansible)["rolled_back"]) == 20


def test_undoing_a_finished_rollout_is_refused_and_keeps_its_report(fleet, emulator, ansible):
    roll_out(ansible, "1.2.0", waves=["100%"], undo_within=0)
    pinned, told = fleet.pins(), report(ansible)
    assert told["state"] == "finished"
    emulator.clear_requests()
    run = roll_out(ansible, "1.2.0", waves=["100%"], state="rolled_back", status=2)
    assert "no rollout of release 1.2.0 is under way, so there is nothing to roll back" in run.text
    assert report(ansible) == told
    assert emulator.writes() == []
    assert fleet.pins() == pinned


def test_a_report_that_cannot_be_written_stops_everything(emulator, ansible):
    (ansible.folder / "folder").mkdir()
    for path, reason in (("nowhere/report.json", "does not exist"), ("folder", "it is a folder")):
        run = roll_out(ansible, "1.2.0", report=str(ansible.folder / path), status=2)
        assert "rollout_report" in run.text
        assert reason in run.text
    assert emulator.writes() == []


def test_waves_that_add_nobody_are_shown_with_their_reason(fleet, emulator, ansible):
    run = roll_out(ansible, "1.2.0", waves=["1%", "2%", "100%"])
    reason = "adds nobody: it reaches 1 of 20 devices, no more than the waves before it"
    assert run.output.count(reason) == 2, "in the plan and in the account"
    assert report(ansible)["empty_waves"][0]["number"] == 2
    assert outcomes(report(ansible)) == [(1, True), (3, True)]


@pytest.mark.parametrize("away", [{"method": "GET"}, {"method": "PATCH", "path": "/v7/device"}])
def test_a_server_that_restarts_between_two_waves_is_waited_for(fleet, emulator, ansible, away):
    gate = [{"name": "The server restarts", "ansible.builtin.command": restarting(emulator, away)}]
    (ansible.folder / "gate.yml").write_text(yaml.safe_dump(gate), encoding="utf-8")
    roll_out(ansible, "1.2.0", waves=[3, "100%"], gate_tasks="gate.yml")
    assert report(ansible)["state"] == "finished"
    assert set(fleet.targets().values()) == {"1.2.0"}


def restarting(emulator: Emulator, away: dict[str, str]) -> str:
    """A command after which the server answers nothing for a while."""
    return post_command(f"{emulator.url}/_emulator/faults", json.dumps({"status": 503, "times": 6, **away}))
