# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device on this machine until Ctrl-C: an API, its tunnel, a host OS to log in to by ssh, and three containers.

`device.py` waits; `device.py -- COMMAND...` runs a command with the device in its environment, and ends with its
status. Everything ends with it.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT)]

from emulator import Emulator  # noqa: E402
from tests.support.ansible_runs import COLLECTIONS, link_collection  # noqa: E402
from tests.support.device import DeviceKit  # noqa: E402
from tests.support.device.kit import why_not  # noqa: E402

PLACE = CHECKOUT / ".cache" / "device"
# With Ansible's commands of the Python that runs this.
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
NAME = "berlin-sign-01"
INVENTORY = """\
plugin: community.balena.balena
connect: [host, container]
"""


def main(arguments: list[str]) -> int:
    """Start the device, and end it with the command or at Ctrl-C; the exit status."""
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    reason = why_not()
    if reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2
    if command and shutil.which(command[0], path=PATH) is None:
        print(f"error: there is no command {command[0]}", file=sys.stderr)
        return 127
    link_collection(COLLECTIONS)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(128 + signal.SIGTERM))
    try:
        with only_one(wait=bool(command)) as folder, Emulator() as emulator, DeviceKit(folder, emulator) as kit:
            print("Starting a device, which takes half a minute, the first time two ...", flush=True)
            kit.device(NAME)
            (PLACE / "demo.balena.yml").write_text(INVENTORY, encoding="utf-8")
            environment = {
                **kit.environment,
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "ssh"),
            }
            return run(command, environment) if command else stay(environment)
    except KeyboardInterrupt:
        return 0
    except BlockingIOError:
        print("error: a device runs already; end it with Ctrl-C", file=sys.stderr)
        return 2


@contextmanager
def only_one(wait: bool) -> Iterator[Path]:
    """While no other device runs: a folder for its keys, which goes in the end. Commands wait for each other."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "running").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        # ssh's sockets lie below it too, whose paths have to be short.
        folder = tempfile.mkdtemp(prefix="balena-device-")
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            (PLACE / "demo.balena.yml").unlink(missing_ok=True)


def run(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a command beside the device; its exit status."""
    program = str(shutil.which(command[0], path=PATH))
    return subprocess.call([program, *command[1:]], env={**os.environ, **environment, "PATH": PATH})


def stay(environment: Mapping[str, str]) -> int:
    """Say how to reach the device, and wait for Ctrl-C."""
    inventory = (PLACE / "demo.balena.yml").relative_to(CHECKOUT)
    print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()))
    print(f"\nThe inventory is {inventory}. With these variables, in another shell:\n")
    print(f"  ansible-playbook -i {inventory} playbooks/device/site.yml\n\nCtrl-C ends the device.", flush=True)
    signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
