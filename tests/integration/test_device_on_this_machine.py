# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device that other tests need: what it is like, what can happen to it, and that nothing of it stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.ansible_runs import CHECKOUT
from tests.support.device import Service

PROXY = CHECKOUT / "plugins" / "plugin_utils" / "balena_tunnel.py"


@pytest.fixture
def device(device_kit):
    return device_kit.device("berlin-sign-01", {"web": Service(volumes={"site": "/site"})})


def ssh(device, *command, options=()):
    """Run a command on the device's host OS."""
    return subprocess.run(
        [
            "ssh", "-F", "none", "-i", device.key, "-p", str(device.port), "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", *options, "root@127.0.0.1", *command,
        ],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def processes_with(text):
    """The processes whose command line or whose environment's root names this."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text in path.read_bytes().decode(errors="replace"):
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def traces_of(name):
    """What is left of an engine of this name."""
    groups = [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/{name}")]
    groups += [str(path) for path in Path("/sys/fs/cgroup").glob(name)]
    folders = [str(path) for path in Path("/tmp").glob(f"{name}*")]
    mounts = [line for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines() if name in line]
    return groups + folders + mounts + processes_with(name)


def test_the_host_has_busybox_an_engine_and_no_python(device):
    assert ssh(device, "readlink -f /bin/sh").stdout == "/bin/busybox\n"
    assert ssh(device, "command -v python3 python").stdout == ""
    assert "balenaOS" in ssh(device, "cat /etc/os-release").stdout
    assert ssh(device, "hostname").stdout.strip() == device.uuid[:7]
    labels = ssh(device, "balena-engine inspect --format '{{json .Config.Labels}}' " + device.containers["web"])
    assert json.loads(labels.stdout) == {
        "io.balena.supervised": "true", "io.balena.app-id": str(device.app_id), "io.balena.app-uuid": device.app_uuid,
        "io.balena.service-id": json.loads(labels.stdout)["io.balena.service-id"], "io.balena.service-name": "web",
    }  # fmt: skip
    assert device.containers["web"].startswith("web_")
    assert device.containers["web"].endswith(f"_{device.commit}")
    assert ssh(device, f"balena-engine exec {device.containers['web']} sh -c 'exit 7'").returncode == 7


def test_a_volume_is_called_as_the_supervisor_calls_it(device):
    device.exec("web", "sh", "-c", "echo kept > /site/index.html")
    device.replace("web")
    assert device.exec("web", "cat", "/site/index.html") == "kept"
    assert (device.volume_folder("site") / "index.html").read_text(encoding="utf-8") == "kept\n"
    assert f"{device.app_id}_site" in ssh(device, "balena-engine volume ls -q").stdout.split()


def test_what_can_happen_to_it(device):
    before = device.engine.inspect(device.containers["web"])
    device.restart("web")
    after = device.engine.inspect(device.containers["web"])
    assert before["Id"] == after["Id"]
    assert before["State"]["StartedAt"] != after["State"]["StartedAt"]
    device.stop("web")
    assert "is not running" in ssh(device, f"balena-engine exec {device.containers['web']} true").stderr
    device.start("web")
    with device.engine.hanging():
        assert not device.engine.answers(0.5)
    assert device.engine.answers()
    device.engine.kill()
    assert ssh(device, "balena-engine ps").returncode != 0
    device.engine.start()
    assert device.containers["web"] in ssh(device, "balena-engine ps --format '{{.Names}}'").stdout
    device.host.sshd.forbid()
    assert "Permission denied (publickey)" in ssh(device, "true").stderr
    device.host.sshd.authorize()
    device.host.sshd.start({"MaxStartups": "1:100:1"})
    assert ssh(device, "true").returncode == 0
    device.host.sshd.stop()
    assert "Connection refused" in ssh(device, "true").stderr


def test_an_old_device_calls_its_engine_docker(device_kit):
    device = device_kit.device("old-01", {"web": Service()}, command="docker")
    assert device.containers["web"] in ssh(device, "docker ps --format '{{.Names}}'").stdout
    assert ssh(device, "command -v balena-engine").stdout == ""


def test_the_tunnel_leads_to_it_while_it_is_online(device_kit, device):
    environment = {**os.environ, **device_kit.environment}
    proxy = (
        f"ProxyCommand='{sys.executable}' '{PROXY}' --tunnel {device_kit.tunnel.address} "
        f"--ca-path '{device_kit.certificate}' {device.uuid}.balena 22222"
    )

    def connect():
        return subprocess.run(
            [
                "ssh", "-F", "none", "-i", device.key, "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", proxy, "root@device", "echo here",
            ],
            check=False, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    assert connect().stdout == "here\n"
    device.set_online(False)
    assert "offline" in connect().stderr


PROGRAM = """
import signal, sys, tempfile
from pathlib import Path
from emulator import Emulator
from tests.support.device import DeviceKit, Service

# Tests that run in the background have Ctrl-C ignored, and what they start has it too.
signal.signal(signal.SIGINT, signal.default_int_handler)

with Emulator() as emulator, tempfile.TemporaryDirectory() as folder, DeviceKit(Path(folder), emulator) as kit:
    device = kit.device("berlin-sign-01", {"web": Service()})
    device.exec("web", "true")
    print(device.engine.name, device.host.root, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("ending", [None, signal.SIGINT, signal.SIGKILL])
def test_nothing_of_it_stays(device_engines, ending):
    """However the tests end: as they should, by Ctrl-C, or killed."""
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdin is not None
    assert running.stdout is not None
    name, root = running.stdout.readline().split()
    assert traces_of(name)
    if ending is None:
        running.stdin.close()
    else:
        running.send_signal(ending)
    running.wait(300)  # an engine on a machine under load takes its time to stop
    end = time.monotonic() + 60
    while (left := traces_of(name) + processes_with(root)) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == []
