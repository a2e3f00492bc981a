# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project of extensions/awx as AWX runs it: its inventory, its playbooks with the answers of surveys, slices."""

from __future__ import annotations

import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator import Emulator
from tests.support.ansible_runs import Ansible
from tests.support.awx_jobs import PROJECT, Awx, answers, job_templates, sliced
from tests.support.certificates import LOOPBACK, make_certificates
from tests.support.watched_devices import watched

pytest.importorskip("awx_plugins.interfaces", reason="AWX's own injectors need Python 3.11")

SEED = {
    "applications": [
        {
            "name": "kiosk", "organization": "acme", "device_type": "raspberrypi4-64", "services": ["main"],
            "releases": [{"version": "1.0.0"}, {"version": "1.1.0"}], "pin": "1.0.0",
            "devices": [
                {"name": "kiosk-{n:02d}", "count": 8, "tags": {"site": ["oslo", "bergen"]}, "os_version": "5.3.27"},
                {"name": "gate-{n:02d}", "count": 3},
            ],
        }
    ],
    "simulation": {"poll_seconds": 20, "download_seconds": 60, "install_seconds": 10, "step_seconds": 5},
}  # fmt: skip
SLICES = 3
TEMPLATES = job_templates()
VARIABLE = answers(TEMPLATES["device_variable.yml"], asked_name="LEVEL", asked_value="debug")
SOURCE = "inventory/fleet.balena.yml"


@pytest.fixture(scope="module")
def server():
    with watched(SEED) as running:
        yield running


@pytest.fixture
def fleet(server):
    server.reset()
    server.advance(30)
    server.clear_requests()
    return server


@pytest.fixture
def awx(fleet, tmp_path):
    return Awx(tmp_path / "awx", {"api_token": fleet.token, "api_url": fleet.url})


@pytest.fixture(scope="module")
def inventory(server, tmp_path_factory):
    """What AWX knows of the devices."""
    folder = tmp_path_factory.mktemp("awx") / "awx"
    return Awx(folder, {"api_token": server.token, "api_url": server.url}).sync(SOURCE)


@pytest.fixture
def launch(awx, inventory):
    """Launch a template with some answers, with devices that are looked at more often than in real time."""
    looks = {"rollout_poll_interval": 0.01, "os_update_poll_interval": 0.01}

    def run(playbook, *, check=False, more=None, **given):
        template = TEMPLATES[playbook]
        check = check or template.get("job_type") == "check"
        return awx.launch(
            template["playbook"], inventory, {**answers(template, **given), **looks, **(more or {})}, check=check
        )

    return run


def levels(emulator):
    """The variable of each device, by name."""
    names = {row["id"]: row["device_name"] for row in emulator.store.query("device")}
    rows = emulator.store.query("device_environment_variable", name="LEVEL")
    return {names[row["device"]]: row["value"] for row in rows}


def touched(emulator):
    """How often each device was written to, by id."""
    done = [request for request in emulator.writes() if request.status < 400]
    assert {(request.method, request.path) for request in done} == {("POST", "/v7/device_environment_variable")}
    return Counter(request.body["device"] for request in done)


def test_a_sync_finds_what_ansible_inventory_shows(awx, fleet, tmp_path):
    inventory = awx.sync(SOURCE)
    hostvars = inventory["_meta"]["hostvars"]
    assert len(hostvars) == 11
    assert fleet.writes() == []
    ansible = Ansible(tmp_path, {"BALENA_API_URL": fleet.url, "BALENA_TOKEN": fleet.token})
    assert hostvars == ansible.inventory(PROJECT / SOURCE, "--list", "--export").json["_meta"]["hostvars"]
    parts = [set(sliced(inventory, number, SLICES)["_meta"]["hostvars"]) for number in (1, 2, 3)]
    assert sorted(map(len, parts)) == [3, 4, 4]
    assert set.union(*parts) == set(hostvars)


def test_a_sync_that_fails_says_why(fleet, tmp_path):
    broken = Awx(tmp_path / "awx", {"api_token": "wrong", "api_url": fleet.url})
    with pytest.raises(AssertionError, match="refused the token: it is wrong or expired"):
        broken.sync(SOURCE)


def test_a_server_with_an_authority_of_its_own_is_trusted_by_the_credential(tmp_path):
    made = make_certificates(tmp_path, LOOPBACK)
    with Emulator(seed=SEED, tls_cert=made.server, tls_key=made.key) as server:
        certificate = made.authority.read_text(encoding="utf-8")
        credential = {"api_token": server.token, "api_url": server.url, "ca_certificate": certificate}
        assert len(Awx(tmp_path / "awx", credential).sync(SOURCE)["_meta"]["hostvars"]) == 11


def test_slices_end_as_one_run_does_and_touch_each_device_once(awx, inventory, fleet):
    playbook = TEMPLATES["device_variable.yml"]["playbook"]
    whole = awx.launch(playbook, inventory, VARIABLE)
    assert whole.status == "successful"
    assert fleet.token not in str(whole.events)
    as_one = levels(fleet)
    assert as_one == dict.fromkeys(inventory["_meta"]["hostvars"], "debug")

    fleet.reset()
    fleet.clear_requests()
    fleet.fault(path="/v7/", rate_limit=6, interval=1.0)
    with ThreadPoolExecutor(SLICES) as pool:
        parts = [(number + 1, SLICES) for number in range(SLICES)]
        jobs = list(pool.map(lambda part: awx.launch(playbook, inventory, VARIABLE, part=part), parts))
    assert [job.status for job in jobs] == ["successful"] * SLICES
    assert levels(fleet) == as_one
    assert [request for request in fleet.requests() if request.status == 429]
    assert touched(fleet) == dict.fromkeys(fleet.store.ids("device"), 1)


def test_fleets_are_compared_and_converged(fleet, launch):
    drift = launch("drift.yml")
    assert drift.status == "failed"
    assert "LOG_LEVEL" in drift.output
    assert fleet.writes() == []
    converged = launch("converge.yml", asked_max_changes="100%")
    assert converged.status == "successful", converged.output
    assert fleet.store.query("application_environment_variable", name="LOG_LEVEL")[0]["value"] == "info"
    drift = launch("drift.yml")
    assert drift.status == "successful", drift.output


def test_secrets_of_a_fleet_come_from_the_second_credential_and_are_seen_nowhere(fleet, inventory, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    document = (project / "fleets" / "kiosk.yml").read_text(encoding="utf-8")
    document += "    MQTT_PASSWORD: {secret: mqtt}\n"
    (project / "fleets" / "kiosk.yml").write_text(document, encoding="utf-8")
    credential = {"api_token": fleet.token, "api_url": fleet.url}
    awx = Awx(tmp_path / "awx", credential, project, secrets="mqtt: hunter2-{{ 7 * 7 }}\n")
    converged = awx.launch("playbooks/converge.yml", inventory, {"asked_max_changes": "100%"})
    assert converged.status == "successful", converged.output
    rows = fleet.store.query("application_environment_variable", name="MQTT_PASSWORD")
    assert [row["value"] for row in rows] == ["hunter2-{{ 7 * 7 }}"]
    compared = awx.launch("playbooks/drift.yml", inventory, {}, check=True)
    assert compared.status == "successful", compared.output
    assert "hunter2" not in str(converged.events) + str(compared.events)


def test_a_rollout_does_what_its_survey_can_say(fleet, launch):
    kiosk = fleet.store.ids("application", slug="acme/kiosk")[0]
    release = max(fleet.store.ids("release", belongs_to__application=kiosk))
    given = {
        "asked_application": "acme/kiosk", "asked_release": "1.1.0", "asked_waves": "100%", "asked_soak": 0,
        "asked_canary": "site=bergen", "asked_with_tags": "site=bergen", "asked_limit": "50%",
        "asked_windows": "00:00-24:00 Europe/Oslo", "asked_outside_window": "stop", "asked_success_percentage": 100,
        "asked_max_failures": 0, "asked_offline": "fail", "asked_keep_out_tag": "keep", "asked_diagnose": "yes",
    }  # fmt: skip
    done = launch("rollout.yml", **given)
    assert done.status == "successful", done.output
    assert "canary" in done.output
    assert len(fleet.store.ids("device", is_running__release=release)) == 2


def test_a_release_is_rolled_out_after_approval(fleet, launch):
    given = {"asked_application": "acme/kiosk", "asked_release": "1.1.0", "asked_waves": "2, 100%", "asked_soak": 0}
    given["asked_finish"] = "pin_fleet"
    stopped = launch("rollout.yml", **given, asked_approval="2")
    assert stopped.status == "failed"
    # By the name that the survey asks for it.
    assert "the extra variable asked_approved=2" in stopped.output
    kiosk = fleet.store.ids("application", slug="acme/kiosk")[0]
    release = max(fleet.store.ids("release", belongs_to__application=kiosk))
    assert len(fleet.store.ids("device", is_pinned_on__release=release)) == 2
    # In a workflow a stop is no failure, so that the node after it, which asks for the approval, is linked like any
    # other: on success.
    stopped = launch("rollout.yml", **given, asked_approval="2", more={"awx_workflow_job_id": 7})
    assert stopped.status == "successful", stopped.output
    assert "stopped" in stopped.output and "asked_approved=2" in stopped.output
    assert len(fleet.store.ids("device", is_pinned_on__release=release)) == 2
    done = launch("rollout.yml", **given, asked_approval="2", asked_approved=2, more={"awx_workflow_job_id": 7})
    assert done.status == "successful", done.output
    assert len(fleet.store.ids("device", is_running__release=release)) == 11
    assert fleet.store.ids("application", should_be_running__release=release) == [kiosk]


def artifacts(job):
    """What the job keeps for people and for the next one."""
    found = [event["event_data"].get("artifact_data") for event in job.events if event["event"] == "playbook_on_stats"]
    return found[0] or {}


def test_a_rollout_in_phases_is_reported_and_undone(fleet, launch, tmp_path):
    fleet.simulate(lock_percent=100)
    before = {row["id"]: row["is_pinned_on__release"] for row in fleet.store.query("device")}
    account, reports = tmp_path / "account.json", tmp_path / "reports"
    reports.mkdir()
    given = {
        "asked_application": "acme/kiosk", "asked_release": "1.1.0", "asked_waves": "100%", "asked_soak": 0,
        "asked_phases": "download, switch", "asked_switch_when": "90%", "asked_undo_within": 0,
        "asked_finish": "keep_pins", "asked_account": str(account), "asked_report": "markdown",
        "asked_report_folder": str(reports),
    }  # fmt: skip
    done = launch("rollout.yml", **given)
    assert done.status == "successful", done.output
    assert "kiosk-01" in artifacts(done)["balena_report"]
    assert [path.suffix for path in reports.iterdir()] == [".md"]
    pinned = {row["id"]: row["is_pinned_on__release"] for row in fleet.store.query("device")}
    assert pinned != before
    foreseen = launch("undo.yml", check=True, asked_account=str(account))
    assert foreseen.status == "successful", foreseen.output
    refused = launch("undo.yml", asked_account=str(account), asked_max_changes="1")
    assert refused.status == "failed" and "max_changes" in refused.output
    undone = launch("undo.yml", asked_account=str(account), asked_account_to=str(tmp_path / "again.json"))
    assert undone.status == "successful", undone.output
    assert {row["id"]: row["is_pinned_on__release"] for row in fleet.store.query("device")} == before
    assert (tmp_path / "again.json").is_file()


def test_a_report_of_drift_is_there_though_the_job_fails(launch, tmp_path):
    drift = launch("drift.yml", asked_report="mail", asked_report_folder=str(tmp_path))
    assert drift.status == "failed"
    assert "LOG_LEVEL" in artifacts(drift)["balena_report"]
    assert artifacts(drift)["balena_report"].startswith("<!DOCTYPE html>")
    (kept,) = tmp_path.glob("drift-*.mail.html")
    assert "LOG_LEVEL" in kept.read_text(encoding="utf-8")
    assert "balena_report" not in artifacts(launch("drift.yml", asked_fail="no"))


def test_a_fleet_that_would_restart_too_much_is_left(fleet, launch):
    refused = launch("converge.yml", asked_max_changes="100%", asked_max_restarts=0)
    assert refused.status == "failed" and "max_restarts" in refused.output
    assert fleet.writes() == []


def test_an_update_of_the_os_asks_for_approval_by_the_name_of_the_survey(fleet, launch):
    given = {"asked_application": "acme/kiosk", "asked_version": "recommended", "asked_approval": "all"}
    stopped = launch("os_update.yml", **given)
    assert stopped.status == "failed"
    assert "the extra variable asked_approved=1" in stopped.output
    assert launch("os_update.yml", **given, more={"awx_workflow_job_id": 7}).status == "successful"
    assert fleet.writes() == []


def test_an_update_of_the_os_is_foreseen(fleet, launch):
    foreseen = launch("os_update.yml", check=True, asked_application="acme/kiosk", asked_version="recommended")
    assert foreseen.status == "successful", foreseen.output
    assert "balenaOS recommended for 11 devices" in foreseen.output
    assert fleet.writes() == []
