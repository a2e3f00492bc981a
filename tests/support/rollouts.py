# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of quick simulated devices with different targets, and the role rollout run on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import Emulator
from emulator.simulation.builds import version_of
from tests.support.ansible_runs import Ansible, Run
from tests.support.tasks import run_task

FLEET = "acme/shop"
VERSION = "/v7"
#: What is kept of a rollout that has finished, so that it can be undone.
KEPT = {"ansible_rollout_ended", "ansible_rollout_former"}
#: The waves of a step, unless a test says others.
WAVES = [2, 6, "100%"]
#: Virtual seconds in a real one: an update takes about a second.
RATE = 40.0
QUICK = {"poll_seconds": 4, "download_seconds": 12, "install_seconds": 4, "step_seconds": 8}


def seed(devices: int, **more: Any) -> dict[str, Any]:
    """A fleet on 1.0.0 with three releases to come; one device in ten is pinned on 1.1.0, one in twenty on 1.0.0."""
    pinned, kept = devices // 10, devices // 20
    return {
        "random_seed": 5,
        "applications": [
            {
                "name": "shop",
                "organization": "acme",
                "device_type": "raspberrypi4-64",
                "services": ["till"],
                "releases": [{"version": version} for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0")],
                "pin": "1.0.0",
                "devices": [
                    {"name": "till-{n:03d}", "count": devices - pinned - kept, "release": "1.0.0", **more},
                    {"name": "pinned-{n:02d}", "count": pinned, "release": "1.1.0", "pin": "1.1.0"},
                    {"name": "kept-{n:02d}", "count": kept, "release": "1.0.0", "pin": "1.0.0"},
                ],
            }
        ],
        "simulation": QUICK,
    }


class Fleet:
    """What the tests look at: the devices of the fleet, as the server has them."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        rows = emulator.store.query("release", belongs_to__application=self.application()["id"])
        self.versions = {row["id"]: version_of(row) for row in rows}

    def application(self) -> dict[str, Any]:
        """The fleet's row."""
        row: dict[str, Any] = self.emulator.store.query("application", slug=FLEET)[0]
        return row

    def rows(self) -> list[dict[str, Any]]:
        """The devices, ordered by uuid."""
        rows = self.emulator.store.query("device", belongs_to__application=self.application()["id"])
        return sorted(rows, key=lambda row: str(row["uuid"]))

    def pins(self) -> dict[str, str | None]:
        """The version that each device is pinned on, by uuid."""
        return {row["uuid"]: self.versions.get(row["is_pinned_on__release"]) for row in self.rows()}

    def targets(self) -> dict[str, str | None]:
        """The version that each device is to run: its own, or that of the fleet."""
        followed = self.versions.get(self.application()["should_be_running__release"])
        return {uuid: pin or followed for uuid, pin in self.pins().items()}

    def running(self) -> dict[str, str | None]:
        """The version that each device runs."""
        return {row["uuid"]: self.versions.get(row["is_running__release"]) for row in self.rows()}

    def notes(self) -> list[str]:
        """The tags that a rollout leaves."""
        tags = self.emulator.store.query("application_tag") + self.emulator.store.query("device_tag")
        return [tag["tag_key"] for tag in tags if tag["tag_key"].startswith("ansible_rollout")]

    def touched(self) -> set[str]:
        """The devices that somebody wrote to, by the bodies and filters of all requests: all that are pinned anew."""
        ids = {row["id"]: row["uuid"] for row in self.rows()}
        found: set[str] = set()
        for request in self.emulator.writes():
            if request.path.startswith("/v7/device") and not request.path.startswith("/v7/device_tag"):
                text = f"{request.path.removeprefix(VERSION)} {request.params}"
                found |= {uuid for id_, uuid in ids.items() if mentions(text, id_)}
        return found


def served(devices: int, **options: Any) -> Any:
    """A fixture, `shops`: a server with the fleet, for all tests of a file.

    :param options: what the emulator takes besides.
    """

    @pytest.fixture(scope="module", name="shops")
    def shops() -> Iterator[Emulator]:
        with Emulator(seed=seed(devices), rate=RATE, **options) as running:
            yield running

    return shops


@pytest.fixture(name="emulator")
def reset(shops: Emulator) -> Emulator:
    """The server as it was at its start."""
    shops.reset()
    return shops


@pytest.fixture(name="fleet")
def observed(emulator: Emulator) -> Fleet:
    """The fleet as the server has it."""
    return Fleet(emulator)


def mentions(text: str, id_: int) -> bool:
    """Whether an address names a row by its id."""
    numbers = "".join(character if character.isdigit() else " " for character in text).split()
    return str(id_) in numbers


def play(release: str, **options: Any) -> list[dict[str, Any]]:
    """A play that rolls a release out, with quick waits."""
    variables = {
        "rollout_application": FLEET,
        "rollout_release": release,
        "rollout_poll_interval": 0.3,
        "rollout_device_timeout": 60,
        "rollout_report": "{{ playbook_dir }}/report.json",
        **{f"rollout_{name}": value for name, value in options.items()},
    }
    role = {"role": "community.balena.rollout", "vars": variables}
    return [{"hosts": "localhost", "gather_facts": False, "roles": [role]}]


def report(ansible: Ansible) -> dict[str, Any]:
    """The report of the last run."""
    found: dict[str, Any] = json.loads((ansible.folder / "report.json").read_text(encoding="utf-8"))
    return found


def roll_out(ansible: Ansible, release: str, *arguments: str, status: int = 0, **options: Any) -> Run:
    """Run the role."""
    return ansible.playbook(play(release, **options), *arguments, status=status)


@contextmanager
def begun(
    ansible: Ansible, release: str, shown: Path = Path(os.devnull), **options: Any
) -> Iterator[Callable[[], None]]:
    """Begin to run the role; call what this yields to kill all its processes, as `kill -9` or a dead machine does.

    :param shown: a file for what it prints.
    """
    playbook = ansible.folder / "killed.yml"
    playbook.write_text(yaml.safe_dump(play(release, **options)), encoding="utf-8")
    command = ["ansible-playbook", "-i", str(ansible.hosts), str(playbook)]
    with shown.open("w", encoding="utf-8") as output:
        running = subprocess.Popen(
            command, cwd=ansible.folder, env=ansible.environment, stdin=subprocess.DEVNULL, stdout=output
        )

    def kill() -> None:
        assert running.poll() is None, "it had ended before"
        kill_all(running)

    try:
        yield kill
    finally:
        if running.poll() is None:
            kill_all(running)


def kill_all(process: subprocess.Popen[Any]) -> None:
    """Kill a process and all its descendants: the workers of newer ansible-cores have sessions of their own."""
    process.send_signal(signal.SIGSTOP)  # it starts no more of them
    found = [process.pid]
    for pid in found:
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, path.read_text(encoding="utf-8").split())
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def outcomes(found: Mapping[str, Any]) -> list[tuple[int, bool | None]]:
    """Number and result of each wave of a report."""
    return [(wave["number"], wave["passed"]) for wave in found["waves"]]


def step(emulator: Emulator, **options: Any) -> dict[str, Any]:
    """One step of a rollout of 1.2.0, with quick looks."""
    usual = {"application": FLEET, "release": "1.2.0", "waves": WAVES, "wait": True, "poll_interval": 0.05}
    return run_task(emulator, "balena_rollout", **{**usual, "wait_timeout": 60, **options})


def take_offline(emulator: Emulator, uuid: str) -> None:
    """A device goes dark, and does not come back."""
    emulator.simulation.take_offline(uuid, 10**6)
