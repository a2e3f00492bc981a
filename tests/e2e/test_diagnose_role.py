# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role diagnose: over the API from localhost, on hosts with a shell alone, both together; report and gate."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
import yaml

from emulator import Emulator
from tests.support.ansible_runs import CHECKOUT, Ansible, Run, python_here
from tests.support.tasks import COLLECTION

HOSTILE = "d-3 | [x](http://evil) <b>{{ lookup('pipe', 'id') }}</b>"
RESULT = "{{ playbook_dir }}/result.json"
SEED = {
    "applications": [
        {
            "name": "kiosk",
            "organization": "acme",
            "device_type": "raspberrypi4-64",
            "services": ["web"],
            "releases": [{"version": "1.0.0"}],
            "devices": [{"name": "d-{n}", "count": 5}],
        }
    ]
}
WELL = {
    "cpu_usage": 20, "cpu_temp": 48, "memory_usage": 500, "memory_total": 4000, "storage_usage": 2000,
    "storage_total": 20000, "is_undervolted": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with Emulator(seed=SEED, flavor="cloud") as running:
        yield running


@pytest.fixture
def emulator(server: Emulator) -> Emulator:
    """Two devices are hot, one of them with a hostile name; one is nearly full."""
    server.reset()
    store = server.store
    ids = {row["device_name"]: row["id"] for row in store.query("device")}
    store.update("device", list(ids.values()), **WELL)
    store.update("device", [ids["d-2"], ids["d-3"]], cpu_temp=90)
    store.update("device", [ids["d-3"]], device_name=HOSTILE)
    store.update("device", [ids["d-4"]], storage_usage=16500)
    server.clear_requests()
    return server


def diagnose(ansible: Ansible, *arguments: str, hosts: str = "localhost", status: int = 0, **options: Any) -> Run:
    variables = {f"diagnose_{name}": value for name, value in options.items()}
    keep = {
        "ansible.builtin.copy": {"content": "{{ diagnose_result | to_json }}", "dest": RESULT},
        "delegate_to": "localhost", "run_once": True,
    }  # fmt: skip
    role = {"role": "community.balena.diagnose", "vars": variables}
    play = [{"hosts": hosts, "gather_facts": False, "roles": [role], "post_tasks": [keep]}]
    done = ansible.playbook(play, *arguments, *python_here(ansible.folder), status=status)
    assert "Traceback" not in done.text
    return done


def result(ansible: Ansible) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ansible.folder / "result.json").read_text(encoding="utf-8"))
    return found


def test_a_fleet_is_diagnosed_and_reported(ansible: Ansible, emulator: Emulator):
    diagnose(ansible, application="acme/kiosk", report="{{ playbook_dir }}/health.md", fail_on="none")
    found = result(ansible)
    assert found["counts"] == {"good": 2, "warn": 1, "bad": 2, "unknown": 0}
    assert [(one["check"], one["result"], len(one["devices"])) for one in found["findings"]] == [
        ("temperature", "bad", 2), ("storage", "warn", 1),
    ]  # fmt: skip
    assert len(emulator.requests()) == 1
    assert emulator.writes() == []
    written = json.loads((ansible.folder / "health.json").read_text(encoding="utf-8"))
    assert written == {name: value for name, value in found.items() if name != "report"}
    report = (ansible.folder / "health.md").read_text(encoding="utf-8")
    assert "## temperature bad: 2 devices" in report
    assert "## storage warn: 1 device\n" in report
    # A name is neither markup, nor a template, nor the end of a cell.
    (row,) = [line for line in report.splitlines() if "evil" in line]
    assert row.startswith(r"| d\-3 \| \[x\]\(http\://evil\) \<b\>")
    # Old ansible-cores know no text that is never a template, and get it with its braces encoded.
    assert any(f"{start} lookup\\('pipe', 'id'\\) " in row for start in (r"\{\{", "%7B%7B"))
    assert "uid=" not in report


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"fail_on": "bad"}, 2),
        ({"fail_on": "bad", "thresholds": {"temperature": {"bad": 95}}}, 0),
        ({"fail_on": "warn", "thresholds": {"temperature": {"bad": 95}}}, 2),
        ({"fail_on": "warn", "checks": ["memory"]}, 0),
        ({"fail_on": "none"}, 0),
    ],
)
def test_the_gate(ansible: Ansible, emulator: Emulator, options: dict[str, Any], status: int):
    done = diagnose(ansible, application="acme/kiosk", status=status, **options)
    if status:
        assert "5 devices: " in done.text
        assert "temperature " in done.text


def test_check_mode_diagnoses_and_writes_nothing(ansible: Ansible, emulator: Emulator):
    done = diagnose(
        ansible, "--check", application="acme/kiosk", fail_on="bad", status=2, report="{{ playbook_dir }}/health"
    )
    assert "5 devices: 2 good, 1 warn, 2 bad" in done.text
    assert not (ansible.folder / "health.md").exists()


def test_wrong_checks_and_a_report_that_cannot_be_written(ansible: Ansible, emulator: Emulator):
    done = diagnose(ansible, application="acme/kiosk", checks=["temprature"], status=2)
    assert "checks: 'temprature' is not a check; did you mean 'temperature'?" in done.text
    done = diagnose(ansible, application="acme/kiosk", report="/no/such/folder/health", status=2)
    assert "diagnose_report" in done.text
    assert emulator.writes() == []


def hosts_of(ansible: Ansible, emulator: Emulator) -> str:
    """An inventory of two devices, of which one cannot be reached."""
    uuids = sorted(row["uuid"] for row in emulator.store.query("device", device_name=["d-1", "d-4"]))
    listed = {
        "near": {"ansible_connection": "local", "balena_uuid": uuids[0]},
        "far": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9, "balena_uuid": uuids[1]},
    }
    path = ansible.folder / "devices.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": listed}}), encoding="utf-8")
    return str(path)


def test_hosts_are_asked_and_one_that_cannot_be_reached_is_unknown(ansible: Ansible, emulator: Emulator):
    inventory = hosts_of(ansible, emulator)
    diagnose(ansible, "-i", inventory, hosts="all", sources=["host"], checks=["memory", "clock"])
    near, far = sorted(result(ansible)["devices"], key=lambda device: device["name"], reverse=True)
    assert (near["name"], near["source"], near["checks"]["clock"]["result"]) == ("near", "host", "good")
    assert (far["name"], far["worst"]) == ("far", "unknown")
    assert "refused" in far["checks"]["memory"]["sentence"]
    assert emulator.requests() == []


def test_both_sources_are_put_together(ansible: Ansible, emulator: Emulator):
    inventory = hosts_of(ansible, emulator)
    diagnose(ansible, "-i", inventory, hosts="all", sources=["api", "host"], checks=["memory", "clock", "connection"])
    devices = result(ansible)["devices"]
    assert len(devices) == 2
    assert {device["source"] for device in devices} == {"api, host"}
    sentences = [device["checks"]["memory"]["sentence"] for device in devices]
    # The host has measured its own memory; of the one that cannot be reached the API knows it.
    assert sum("are free" in sentence for sentence in sentences) == 1
    assert sum("(500 of 4000 MB)" in sentence for sentence in sentences) == 1
    assert {device["checks"]["connection"]["result"] for device in devices} == {"good"}


def test_the_role_knows_which_checks_each_source_can_make():
    checks = importlib.import_module(f"{COLLECTION}.module_utils.domain.diagnosis.checks").CHECKS.values()
    known = yaml.safe_load((CHECKOUT / "roles/diagnose/vars/main.yml").read_text(encoding="utf-8"))
    for source, name in (("api", "diagnose_over_api"), ("host", "diagnose_on_host")):
        assert known[name] == sorted(check.name for check in checks if source in check.sources)


def test_many_devices_are_no_trouble():
    """Five thousand of them, each with a finding: counted, reported, within a few seconds."""
    together = importlib.import_module(f"{COLLECTION}.module_utils.domain.diagnosis.together")
    judging = importlib.import_module(f"{COLLECTION}.module_utils.domain.diagnosis.judging")
    report = importlib.import_module(f"{COLLECTION}.module_utils.domain.diagnosis.report")
    checks = importlib.import_module(f"{COLLECTION}.module_utils.domain.diagnosis.checks")
    known = checks.declared({"checks": None, "thresholds": None}, checks.API)
    devices = [
        {"uuid": f"{n:032x}", "name": f"d-{n}", **judging.diagnose(known, {"temperature": judging.Measure(90)})}
        for n in range(5000)
    ]
    found = {"devices": devices, **together.together(devices)}
    assert found["summary"].startswith("5000 devices: 5000 bad. temperature bad on d-0 (0000000), d-1 (0000000), ")
    assert found["summary"].endswith(" and 4997 more")
    assert report.markdown("all", found, "now").count("\n| d") == 5001
