# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role os_update: waves of balenaOS and supervisor, on devices whose clock moves on with every look at them."""

from __future__ import annotations

import json
from threading import Event, Thread

import pytest

from emulator.emulator import SEEDS
from tests.support.ansible_runs import CHECKOUT, Ansible
from tests.support.watched_devices import watched

PLAYBOOK = CHECKOUT / "playbooks" / "os_update" / "os_update.yml"
QUICK = {"poll_seconds": 20, "os_seconds": 120, "supervisor_seconds": 30, "step_seconds": 5}
OLD = {"os_version": "5.3.27", "supervisor_version": "16.7.4"}
SEED = {
    "applications": [
        {
            "name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["main"],
            "releases": [{"version": "1.0.0"}],
            "devices": [
                {"name": "kiosk-{n:02d}", "count": 20, **OLD},
                {"name": "canary", "tags": {"first": "yes"}, **OLD},
                {"name": "off", "online": False, **OLD},
                {"name": "private", "tags": {"no-updates": ""}, **OLD},
                {"name": "new", "os_version": "6.0.41", "supervisor_version": "17.0.3"},
            ],
        }
    ],
    "simulation": QUICK,
}  # fmt: skip
VARIABLES = {
    "os_update_application": "acme/kiosk", "os_update_version": "6.0.41", "os_update_waves": [10, "100%"],
    "os_update_canary": {"first": "yes"}, "os_update_keep_out_tag": "no-updates", "os_update_poll_interval": 0.01,
    "os_update_device_timeout": 60, "os_update_report": "report.json",
}  # fmt: skip


@pytest.fixture
def cloud(request):
    """A server with the device actions service."""
    with watched(getattr(request, "param", SEED)) as running:
        running.advance(30)
        running.clear_requests()
        yield running


@pytest.fixture
def ansible(cloud, tmp_path):
    return Ansible(tmp_path, {"BALENA_API_URL": cloud.url, "BALENA_TOKEN": cloud.token})


@pytest.fixture
def update(ansible):
    """Run the role; its outcome and its report."""
    report = ansible.folder / "report.json"

    def run(*arguments, status=0, **more):
        report.unlink(missing_ok=True)
        given = {**VARIABLES, "os_update_report": str(report), **more}
        role = {"role": "community.balena.os_update", "vars": given}
        play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
        done = ansible.playbook([play], *arguments, status=status)
        return done, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}

    return run


def started(emulator):
    """The names of the devices whose update was started, in the order of the starts."""
    names = {row["uuid"]: row["device_name"] for row in emulator.store.query("device")}
    return [names[request.path.split("/")[2]] for request in emulator.requests("POST") if "resinhup" in request.path]


def versions(emulator):
    """The OS that the devices report, by name."""
    return {row["device_name"]: row["os_version"] for row in emulator.store.query("device")}


@pytest.mark.parametrize("cloud", [SEEDS / "demo.yml"], indirect=True)
def test_the_example_updates_a_fleet_once(cloud, ansible):
    given = {"windows": [], "poll_interval": 0.01, "report": str(ansible.folder / "report.json")}
    arguments = (PLAYBOOK, "-e", json.dumps(given))
    foreseen = ansible.playbook(*arguments, "--check", "--diff")
    assert cloud.writes() == []
    assert not (ansible.folder / "report.json").exists()
    assert foreseen.recap()["changed"] > 0
    first = ansible.playbook(*arguments)
    report = json.loads((ansible.folder / "report.json").read_text(encoding="utf-8"))
    assert report["state"] == "finished"
    assert [wave["name"] for wave in report["waves"]] == ["canary", "25%", "100%"]
    assert "Wave 1 (canary) [####################] 4 of 4 done, 0 failed, 0 pending" in first.output
    assert first.output.count("OS update: finished") == 1
    online = cloud.store.query("device", is_online=True)
    assert {row["os_version"] for row in online if "sign" in row["device_name"]} == {"balenaOS 6.0.41"}
    assert {row["supervisor_version"] for row in online if "sign" in row["device_name"]} == {"17.0.3"}
    cloud.clear_requests()
    assert ansible.playbook(*arguments).recap()["changed"] == 0
    assert cloud.writes() == []


def test_a_share_of_failures_ends_it_in_its_wave_and_it_goes_on_later(cloud, update):
    cloud.simulate(fail_os_percent=40)
    failed, report = update(status=2)
    assert report["state"] == "failed"
    last = report["waves"][-1]
    assert not last["passed"] and last["failed"]
    assert last["number"] < 3
    assert f"Wave {last['number']} ({last['name']}) has failed" in failed.output
    touched = {device["name"] for wave in report["waves"] for device in wave["devices"]}
    assert set(started(cloud)) <= touched
    assert len(touched) <= 10

    cloud.simulate(fail_os_percent=0)
    cloud.clear_requests()
    _done, report = update()
    assert report["state"] == "finished"
    # Those that were done before are not started again; offline ones are queued, and what is kept out stays.
    assert len(started(cloud)) == len(set(started(cloud)))
    assert not {"new", "private", "off"} & set(started(cloud))
    old = [name for name, version in versions(cloud).items() if "6.0.41" not in version]
    assert sorted(old) == ["off", "private"]


HEALTH = {"os_update_gate_diagnose": True, "os_update_diagnose_settle": 0}


def test_an_os_that_heats_devices_ends_with_the_first_wave(cloud, update):
    ids = [row["id"] for row in cloud.store.query("device")]
    cloud.store.update("device", ids, cpu_temp=48, storage_usage=2000, storage_total=20000, memory_usage=500,
                       memory_total=4000)  # fmt: skip
    cloud.simulate(release_metrics={"6.0.41": {"cpu_temp": 95}})
    failed, report = update(status=2, **HEALTH)
    assert report["state"] == "failed"
    assert [wave["passed"] for wave in report["waves"]] == [False]
    assert "worse than before: " in report["problem"]
    assert "temperature is bad, was good: 95 °C" in report["problem"]
    assert "temperature is bad, was good: 95 °C" in failed.text
    cloud.simulate(release_metrics={})
    _done, report = update(**HEALTH)
    assert report["state"] == "finished"


def attempt(name, folder, **more):
    """A task that runs the role, and keeps its account and how it failed, if it did."""
    given = {**VARIABLES, "os_update_report": str(folder / f"{name}.json"), **more}
    role = {"name": name, "ansible.builtin.include_role": {"name": "community.balena.os_update"}, "vars": given}
    return {"block": [role], "rescue": [{"name": f"{name} ends", "ansible.builtin.debug": {"msg": "failed"}}]}


def test_waves_wait_for_windows_and_approval_and_pass_a_gate(cloud, ansible):
    refusal = {"that": "os_update_wave.number == 1", "fail_msg": "the shops complain"}
    gate = [{"name": "Ask the shops", "ansible.builtin.assert": refusal}]
    (ansible.folder / "gate.yml").write_text(json.dumps(gate), encoding="utf-8")
    night = [{"start": "00:00", "end": "00:01", "days": ["mon"], "timezone": "UTC"}]
    asked = {"os_update_approval": ["all"]}
    soaked = {"os_update_soak": 0.01, "os_update_supervisor_version": "17.0.3"}
    tasks = [
        attempt("offline", ansible.folder, os_update_offline="fail"),
        attempt("window", ansible.folder, os_update_windows=night, os_update_outside_window="stop"),
        attempt("approval", ansible.folder, os_update_when_stopped="end", **asked),
        {"name": "Nobody fails", "ansible.builtin.assert": {"that": ["os_update_result.state == 'stopped'"]}},
        attempt("gate", ansible.folder, os_update_approved=2, os_update_gate_tasks="gate.yml", **soaked, **asked),
    ]
    done = ansible.tasks(tasks, "-e", "awx_job_id=1")
    assert "1 of 23 devices cannot get balenaOS 6.0.41, and nothing was changed: off" in done.output
    assert "No maintenance window is open" in done.output
    assert "Run it again with the extra variable os_update_approved=1 to go on" in done.output
    assert "The gate does not open. Ask the shops: the shops complain" in done.output
    reports = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in ansible.folder.glob("*.json")}
    assert {name: report["state"] for name, report in reports.items()} == {
        "window": "stopped",
        "approval": "stopped",
        "gate": "failed",
    }
    waves = reports["gate"]["waves"]
    assert [(wave["number"], wave["total"], wave["failed"]) for wave in waves] == [(1, 1, []), (2, 10, [])]
    assert started(cloud)[0] == "canary"
    # An account counts the devices of all waves so far, as that of the role rollout does.
    assert len(started(cloud)) == len(waves[-1]["done"]) >= 8
    assert set(waves[0]["done"]) < set(waves[1]["done"])


@pytest.fixture
def dark_canary(cloud):
    """Take the canary offline for good once it was seen with its new OS a few times."""
    over = Event()

    def looks():
        return sum("id in (" in one.params.get("$filter", "") for one in cloud.requests("GET", "/v7/device"))

    def wait_for_it():
        before = None
        while not over.wait(0.02):
            if before is None and "6.0.41" in str(versions(cloud)["canary"]):
                before = looks()
            if before is not None and looks() > before + 5:
                cloud.simulation.take_offline(cloud.store.query("device", device_name="canary")[0]["uuid"], 10**6)
                return

    thread = Thread(target=wait_for_it)
    thread.start()
    yield
    over.set()
    thread.join()


def test_a_device_that_is_lost_while_its_wave_is_held_ends_the_role(cloud, update, dark_canary):
    _failed, report = update(os_update_soak=60, os_update_supervisor_version="17.0.3", status=2)
    assert report["state"] == "failed"
    assert "1 device ran it and did not keep it for 60 seconds (soak)" in report["problem"]
    [wave] = report["waves"]
    assert (wave["name"], wave["done"], len(wave["failed"])) == ("canary", [], 1)
    assert started(cloud) == ["canary"]
