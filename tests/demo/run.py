# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on the embedded emulator: devices as an inventory, a fleet converged, twice, and a change foreseen.

Then a release that does not work is rolled out, and back. Exits 1 if a promise fails: the second run changes something,
check mode writes, or a device does not get back what it had.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
DEMO = CHECKOUT / "playbooks" / "demo"
#: Virtual seconds in a real one, while devices are waited for.
RATE = 100
INVENTORY = DEMO / "demo.balena.yml"
sys.path[:0] = [str(CHECKOUT)]

from emulator import SEEDS, Emulator  # noqa: E402
from tests.support.ansible_runs import COLLECTIONS, link_collection  # noqa: E402


class BrokenPromise(Exception):
    """What the demo shows did not hold."""


def main() -> int:
    """Run the demo; 0 if all that it promises holds."""
    link_collection(COLLECTIONS)
    with Emulator(seed=SEEDS / "demo.yml") as emulator:
        say(f"An API with a fleet of simulated devices runs at {emulator.url}")
        try:
            show(emulator)
        except BrokenPromise as broken:
            print(f"\nFAILED: {broken}", file=sys.stderr)
            return 1
    say("Done: the second run changed nothing, check mode wrote nothing, and the rollout was undone.")
    return 0


def show(emulator: Emulator) -> None:
    """Each step of the demo, with its promise."""
    say("1. The devices as an inventory, grouped by their tags")
    run(emulator, "ansible-inventory", "-i", str(INVENTORY), "--graph")
    say("2. Converge the declaration playbooks/demo/fleet.yml")
    first = run(emulator, "ansible-playbook", str(DEMO / "fleet.yml"))
    expect(changed(first) > 0, "the first run should have changed something")
    say("3. The same declaration again: nothing differs, so nothing is written")
    expect(writes_of(emulator, lambda: changed_by(emulator, "fleet.yml")) == (0, 0), "the second run changed something")
    say("4. A changed declaration, with --check --diff: all that it would do, and nothing done")
    changes, writes = writes_of(emulator, lambda: changed_by(emulator, "fleet_changed.yml", "--check", "--diff"))
    expect(changes > 0, "the changed declaration should have had something to change")
    expect(writes == 0, f"check mode wrote {writes} times")
    say("5. The devices as hosts: one task on each, run in the controller")
    run(emulator, "ansible-playbook", "-i", str(INVENTORY), str(DEMO / "devices.yml"))
    say("6. A release that does not work everywhere is rolled out in waves, and taken back")
    before = targets(emulator)
    emulator.clock.set_rate(RATE)
    told = run(emulator, "ansible-playbook", str(DEMO / "rollout.yml"), status=2)
    expect("did not pass" in told and "rolled back" in told, "the rollout should have been given up and rolled back")
    expect(targets(emulator) == before, "a device did not get back the release that it had")


def targets(emulator: Emulator) -> dict[str, Any]:
    """The release that each device is pinned on."""
    return {row["uuid"]: row["is_pinned_on__release"] for row in emulator.store.query("device")}


def changed_by(emulator: Emulator, playbook: str, *arguments: str) -> int:
    """Run a playbook; how many of its tasks changed something."""
    return changed(run(emulator, "ansible-playbook", str(DEMO / playbook), *arguments))


def writes_of(emulator: Emulator, step: Callable[[], int]) -> tuple[int, int]:
    """The result of a step, and the number of writes that reached the API in it."""
    before = len(emulator.writes())
    return step(), len(emulator.writes()) - before


def run(emulator: Emulator, *command: str, status: int = 0) -> str:
    """Run one of Ansible's commands, which has to end with a status, showing it and what it prints; its output."""
    print(f"$ {' '.join(part.removeprefix(f'{CHECKOUT}/') for part in command)}", flush=True)
    program = str(Path(sys.executable).parent / command[0])
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        "ANSIBLE_FORCE_COLOR": "1" if sys.stdout.isatty() else "0",
        "BALENA_API_URL": emulator.url,
        "BALENA_TOKEN": emulator.token,
    }
    done = subprocess.run([program, *command[1:]], env=environment, capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr, flush=True)
    expect(done.returncode == status, f"{command[0]} exited with {done.returncode}")
    return done.stdout


def changed(output: str) -> int:
    """The number of changed tasks in the recap of a playbook."""
    return sum(int(count) for count in re.findall(r"changed=(\d+)", output))


def expect(holds: bool, promise: str) -> None:
    """End the demo when a promise does not hold."""
    if not holds:
        raise BrokenPromise(promise)


def say(text: str) -> None:
    """A headline."""
    print(f"\n\033[1m== {text}\033[0m\n" if sys.stdout.isatty() else f"\n== {text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
