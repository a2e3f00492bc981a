# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as a whole: in this process, as a process of its own, and over its control API."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator import Emulator, EmulatorControl, EmulatorProcess
from emulator.remote import ROOT
from tests.integration.emulator.test_seed import shop

FLEET = shop(releases=[{"version": "1.0.0"}, {"version": "1.1.0"}], pin="1.0.0", devices=[{"count": 3}])


@pytest.fixture
def running() -> Iterator[Emulator]:
    with Emulator(seed=FLEET, start=1_800_000_000, rate=0) as emulator:
        yield emulator


def get(emulator: Emulator | EmulatorControl, path: str) -> requests.Response:
    return call(emulator, "GET", path)


def call(emulator: Emulator | EmulatorControl, method: str, path: str, body: Any = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {emulator.token}"}
    session = requests.Session()
    session.trust_env = False
    return session.request(method, emulator.url + path, json=body, headers=headers, timeout=10)


def test_the_token_is_the_key_of_the_admin(running: Emulator) -> None:
    who = get(running, "/actor/v1/whoami").json()
    assert (who["actorType"], who["username"]) == ("user", "admin")
    assert len(get(running, "/v7/device?$select=id").json()["d"]) == 3


def test_requests_and_writes(running: Emulator) -> None:
    get(running, "/v7/device?$select=id")
    assert running.writes() == []
    call(running, "PATCH", "/v7/device?$filter=id in (1)", {"note": "hello"})
    (write,) = running.writes()
    assert (write.method, write.params, write.body) == ("PATCH", {"$filter": "id in (1)"}, {"note": "hello"})
    assert write.at == "2027-01-15T08:00:00.000Z"


def test_a_fault_meets_the_api(running: Emulator) -> None:
    running.fault(path="/v7/device", nth=2, status=503)
    assert [get(running, "/v7/device?$select=id").status_code for _turn in range(3)] == [200, 503, 200]


def test_a_lost_answer_was_acted_upon(running: Emulator) -> None:
    running.fault(method="POST", drop="after", nth=1)
    with pytest.raises(requests.ConnectionError):
        call(running, "POST", "/v7/device_tag", {"device": 1, "tag_key": "a", "value": "b"})
    assert len(get(running, "/v7/device_tag?$select=id").json()["d"]) == 1


def test_a_rollout_as_the_api_shows_it(running: Emulator) -> None:
    running.simulate(download_seconds=60, poll_seconds=10, install_seconds=10)
    fleet = "/v7/application?$filter=slug eq 'acme/shop'"
    release = get(running, "/v7/release?$select=id&$filter=semver eq '1.1.0'").json()["d"][0]["id"]
    assert call(running, "PATCH", fleet, {"should_be_running__release": release}).ok
    running.advance(40)
    seen = get(running, "/v7/device?$select=overall_status,overall_progress").json()["d"]
    assert {row["overall_status"] for row in seen} == {"updating"}
    assert all(0 < row["overall_progress"] < 100 for row in seen)
    running.advance(120)
    path = "/v7/device?$select=overall_status&$expand=is_running__release($select=semver)"
    done = get(running, path).json()["d"]
    assert done == [{"overall_status": "operational", "is_running__release": [{"semver": "1.1.0"}]}] * 3


def test_reset(running: Emulator) -> None:
    call(running, "DELETE", "/v7/device?$filter=id in (1)")
    running.fault(status=500)
    running.advance(100)
    running.reset()
    assert running.requests() == []
    assert running.clock.timestamp() == 1_800_000_000
    assert len(get(running, "/v7/device?$select=id").json()["d"]) == 3


def test_times_are_the_clocks(running: Emulator) -> None:
    running.advance(3600)
    row = call(running, "POST", "/v7/device_tag", {"device": 1, "tag_key": "a", "value": "b"}).json()
    assert row["created_at"] == "2027-01-15T09:00:00.000Z"


def test_online_devices_answer_their_supervisors_calls(running: Emulator) -> None:
    answer = call(running, "POST", "/supervisor/ping", {"method": "GET", "deviceId": 1})
    assert (answer.status_code, answer.text) == (200, "OK")
    image = running.store.query("image_install", device=1)[0]["installs__image"]
    body = {"deviceId": 1, "appId": 6, "data": {"appId": 6, "imageId": image}}
    assert call(running, "POST", "/supervisor/v2/applications/6/stop-service", body).text == "OK"
    assert running.store.query("image_install", device=1)[0]["status"] == "exited"
    reboot = call(running, "POST", "/supervisor/v1/reboot", {"deviceId": 1, "data": {"force": False}})
    assert (reboot.status_code, reboot.json()) == (202, {"Data": "OK", "Error": None})
    gone = call(running, "POST", "/supervisor/v1/blink", {"deviceId": 1})
    assert (gone.status_code, gone.json()) == (404, "No online device(s) found")
    running.advance(120)
    assert call(running, "POST", "/supervisor/v1/blink", {"deviceId": 1}).status_code == 200


def test_an_update_lock_can_be_forced(running: Emulator) -> None:
    call(running, "PATCH", "/v7/device(1)", {"is_locked_until__date": "2099-01-01T00:00:00.000Z"})
    body: dict[str, Any] = {"deviceId": 1, "data": {"force": False}}
    locked = call(running, "POST", "/supervisor/v1/reboot", body)
    assert (locked.status_code, locked.text) == (423, "Updates are locked")
    body["data"]["force"] = True
    assert call(running, "POST", "/supervisor/v1/reboot", body).status_code == 202


def test_the_supervisor_wants_credentials(running: Emulator) -> None:
    session = requests.Session()
    session.trust_env = False
    assert session.post(running.url + "/supervisor/ping", json={"deviceId": 1}, timeout=10).status_code == 401


@pytest.fixture(params=["thread", "process"])
def control(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmulatorControl]:
    if request.param == "thread":
        with Emulator(seed=FLEET, rate=0) as emulator:
            yield EmulatorControl(emulator.url, emulator.token)
        return
    seed = tmp_path / "seed.json"
    seed.write_text(__import__("json").dumps(FLEET))
    with EmulatorProcess("--seed", str(seed), "--rate", "0") as process:
        yield process


def test_the_control_api(control: EmulatorControl) -> None:
    assert get(control, "/v7/device?$select=id").ok
    assert [entry["path"] for entry in control.requests()] == ["/v7/device"]
    assert call(control, "PATCH", "/v7/device(1)", {"note": "x"}).ok
    assert [entry["method"] for entry in control.writes()] == ["PATCH"]
    control.clear_requests()
    assert control.requests() == []
    control.fault(status=418, nth=1)
    assert get(control, "/v7/device").status_code == 418
    control.clear_faults()
    before = control.state()
    control.simulate(poll_seconds=1)
    control.advance(100)
    control.seed(shop(name="second", devices=[{"count": 4}]))
    after = control.state()
    assert after["rows"]["device"] == before["rows"]["device"] + 4
    assert after["simulation"]["devices"] == 3
    assert after["now"] > before["now"]
    control.reset()
    assert control.state()["rows"]["device"] == 3


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda control: control.fault(path="/x"), "effect"),
        (lambda control: control.fault(colour=1), "colour"),
        (lambda control: control.simulate(colour=1), "colour"),
        (lambda control: control.seed({"colour": 1}), "colour"),
        (lambda control: control.advance(-1), "backwards"),
    ],
)
def test_a_mistake_is_answered_with_its_name(
    running: Emulator, act: Callable[[EmulatorControl], None], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        act(EmulatorControl(running.url))


def test_an_unknown_control_names_the_known(running: Emulator) -> None:
    answer = get(running, "/_emulator/nonsense")
    assert answer.status_code == 404
    assert "GET /_emulator/requests" in answer.json()["known"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "emulator", "--print-token", "--token", "aTokenOfMyOwn"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "aTokenOfMyOwn\n"
    process.send_signal(number)
    _out, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_in_the_background_it_stays_and_tells_a_shell_where_it_is() -> None:
    command = [sys.executable, "-m", "emulator", "--background", "--token", "aTokenOfMyOwn"]
    lines = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()
    told = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    assert told["BALENA_TOKEN"] == "aTokenOfMyOwn"
    assert EmulatorControl(told["BALENA_API_URL"]).state()["faults"] == []
    os.kill(int(told["BALENA_EMULATOR_PID"]), signal.SIGTERM)
    done = subprocess.run([*command, "--seed", "/no/such/file"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "/no/such/file" in done.stderr


def test_requests_are_printed_unless_quiet() -> None:
    command = [sys.executable, "-m", "emulator", "--fault", "path=ping,status=503"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words[:3] == ["balena", "emulator", "at"]
    get(EmulatorControl(words[3], words[5]), "/ping")
    process.terminate()
    _out, errors = process.communicate(timeout=10)
    assert errors.startswith("503 GET /ping ")
    assert words[5] not in errors


@pytest.mark.parametrize("options", [["--seed", "/no/such/file"], ["--fault", "colour=1"], ["--simulate", "{x: 1}"]])
def test_a_wrong_start_says_why(options: list[str]) -> None:
    with pytest.raises(RuntimeError, match="cannot start: "), EmulatorProcess(*options):
        pass
