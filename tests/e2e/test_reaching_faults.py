# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a device from being reached: a sentence for each, nothing half-written, and the next run converges."""

from __future__ import annotations

import concurrent.futures
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from tests.support.device.device import Service
from tests.support.device.sshd import make_key
from tests.support.reached_hosts import ReachedHosts

pytestmark = pytest.mark.once

NAME = "berlin-sign-01"
WEB = f"{NAME}.web"
RAW = "ansible.builtin.raw"


@pytest.fixture
def sockets():
    folder = tempfile.mkdtemp(prefix="cp-", dir="/tmp")
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def device(device_kit):
    return device_kit.device(NAME, {"web": Service(volumes={"data": "/data"}), "log": Service()})


@pytest.fixture
def reached(ansible, device_kit, device, sockets):
    hosts = ReachedHosts(ansible, device_kit, sockets)
    hosts.write([device])
    return hosts


@pytest.fixture
def unreachable(reached, emulator):
    """The message with which a host is unreachable."""

    def run(host=WEB, *more, **env):
        done = reached.ad_hoc(host, RAW, "echo started", *more, status=4, **env)
        assert "UNREACHABLE!" in done.text
        assert "Traceback" not in done.text
        assert emulator.token not in done.text
        return done.text

    return run


def test_refusals_of_the_tunnel(unreachable, device, ansible, tmp_path):
    device.set_online(False)
    assert "the device is offline" in unreachable()
    assert "the device is offline" in unreachable(NAME)
    device.set_online(True)
    assert "the token is wrong or has expired" in unreachable(WEB, BALENA_TOKEN="expired")
    assert "no token was found for the tunnel" in unreachable(WEB, BALENA_TOKEN="")
    hasty = ("-e", "balena_retry_for=0")
    assert "balena_tunnel_address" in unreachable(WEB, *hasty, BALENA_TUNNEL_ADDRESS="localhost:9")
    assert "certificate" in unreachable(WEB, *hasty, BALENA_CA_PATH=str(tmp_path))
    assert "tunnel_address must look like" in unreachable(WEB, BALENA_TUNNEL_ADDRESS="nonsense")
    assert "balena_uuid must be the full uuid" in unreachable(WEB, "-e", "balena_uuid=7cf02a6")
    assert "no balena_service" in unreachable(WEB, "-e", "balena_service=")


def test_the_token_may_be_a_variable(reached):
    reached.ad_hoc(WEB, RAW, "true", "-e", "balena_api_token={{ lookup('env', 'ELSEWHERE') }}", BALENA_TOKEN="",
                   ELSEWHERE=reached.token)  # fmt: skip


def test_keys(reached, unreachable, device_kit, device, tmp_path):
    assert "does not accept your SSH key" in unreachable(
        NAME, ANSIBLE_PRIVATE_KEY_FILE=str(make_key(tmp_path / "other_key"))
    )
    known = device_kit.folder / "known_hosts"
    strange = make_key(tmp_path / "strange_key").with_suffix(".pub").read_text(encoding="utf-8")
    known.write_text(f"{device.uuid}.balena {strange}", encoding="utf-8")
    text = unreachable(NAME)
    assert "host key of the device has changed" in text
    assert f"ssh-keygen -R {device.uuid}.balena" in text
    known.write_text("", encoding="utf-8")
    arguments = device_kit.environment["ANSIBLE_SSH_ARGS"].replace("accept-new", "yes")
    assert "host key of the device is not known" in unreachable(NAME, ANSIBLE_SSH_ARGS=arguments)
    assert "rc=0" in reached.ad_hoc(NAME, RAW, "true").output


def test_services(unreachable, reached, device):
    text = unreachable(f"{NAME}.nosuch")
    assert "no container of service 'nosuch'" in text
    assert "web (Up" in text
    device.stop("web")
    hasty = ("-e", "balena_retry_for=1")
    assert "no container of service 'web' is running: web (Exited" in unreachable(WEB, *hasty)
    device.start("web")
    assert "rc=0" in reached.ad_hoc(WEB, RAW, "true").output
    device.exec("web", "sh", "-c", "rm /bin/sh")
    assert "it has no /bin/sh" in unreachable(WEB, *hasty)
    assert "does not know this user" in unreachable(f"{NAME}.log", *hasty, "-e", "ansible_user=mira")


def test_a_container_that_comes_back_meanwhile(reached, device):
    device.stop("web")
    later = threading.Timer(4, device.start, ("web",))
    later.start()
    try:
        assert "started" in reached.ad_hoc(WEB, RAW, "echo started").output
    finally:
        later.join()


def test_a_container_that_restarts_while_a_command_runs(reached, device):
    runs = device.volume_folder("data") / "runs"

    def restart_when_it_runs():
        while not runs.exists():
            time.sleep(0.05)
        device.restart("web")

    later = threading.Thread(target=restart_when_it_runs, daemon=True)
    later.start()
    done = reached.ad_hoc(WEB, RAW, "echo x >> /data/runs; sleep 30", status=4)
    later.join(10)
    assert "went away while the command ran" in done.text
    assert "rc=0" in reached.ad_hoc(WEB, RAW, "true").output
    assert runs.read_text(encoding="utf-8") == "x\n", "it was not repeated"


def test_an_engine_that_hangs(reached, device, unreachable):
    """What was called off never runs, even when the engine comes back."""
    assert "rc=0" in reached.ad_hoc(WEB, RAW, "true").output
    with device.engine.hanging():
        done = reached.ad_hoc(WEB, RAW, "touch /data/late", "-e", "balena_start_timeout=4", status=4)
        assert "the engine of the device did not start the command within 4" in done.text
        assert "rc=0" in reached.ad_hoc(NAME, RAW, "true").output, "the host OS itself is there"
    time.sleep(3)
    assert list(device.volume_folder("data").iterdir()) == []
    assert "rc=0" in reached.ad_hoc(WEB, RAW, "true").output


def test_an_engine_that_is_stopped(reached, device, unreachable):
    device.engine.stop()
    assert "the engine of the device is not running" in unreachable(WEB, "-e", "balena_retry_for=1")
    device.engine.start()
    assert "rc=0" in reached.ad_hoc(WEB, RAW, "true").output


def test_a_tunnel_that_drops_in_mid_transfer(reached, device, device_kit, tmp_path):
    """A script of 60 MB is sent; the target appears whole or not at all."""
    target = device.host.root / "tmp"
    script = tmp_path / "large.sh"
    script.write_bytes(b"#!/bin/sh\nexit 0\n" + os.urandom(1 << 20) * 60)
    where = ("-e", "ansible_remote_tmp=/tmp/remote")
    dropped: list[int] = []

    def drop_when_half_is_there():
        while not dropped:
            for path in target.glob("remote/**/.balena-*"):
                if path.stat().st_size > 1_000_000:
                    dropped.append(device_kit.tunnel.drop(device.uuid))
            time.sleep(0.01)

    watcher = threading.Thread(target=drop_when_half_is_there, daemon=True)
    watcher.start()
    done = reached.ad_hoc(NAME, "ansible.builtin.script", str(script), *where, status=4)
    watcher.join(5)
    assert dropped
    assert "the connection was lost while the command ran" in done.text
    end = time.monotonic() + 10
    while list(target.glob("remote/**/.balena-*")) and time.monotonic() < end:
        time.sleep(0.1)
    assert [path for path in target.glob("remote/**/*") if path.is_file()] == [], "nothing is half-written"
    reached.ad_hoc(NAME, "ansible.builtin.script", str(script), *where)


def test_an_ssh_server_that_takes_few_at_a_time(ansible, device_kit, sockets):
    """Ten containers with 25 forks: MaxStartups 1 turns away whoever comes second, MaxSessions 2 the third session."""
    services = {f"s{number}": Service() for number in range(10)}
    small = device_kit.device("small-01", services, sshd={"MaxStartups": "1:100:1", "MaxSessions": "2"})
    reached = ReachedHosts(ansible, device_kit, sockets)
    reached.write([small], {"balena_retry_for": 120})
    done = reached.ad_hoc("all:!small-01.nosuch", RAW, "sleep 1; echo here", "-f", "25")
    assert done.output.count("here") == 11


def test_commands_and_no_shared_connection(reached, device_kit):
    """Without ControlPersist each command logs in by itself; failures say the same."""
    alone = device_kit.environment["ANSIBLE_SSH_ARGS"].replace(
        "ControlMaster=auto -o ControlPersist=60s", "ControlMaster=no"
    )
    assert "rc=5" in reached.ad_hoc(WEB, RAW, "exit 5", status=2, ANSIBLE_SSH_ARGS=alone).text
    done = reached.ad_hoc(WEB, RAW, "true", status=4, ANSIBLE_SSH_ARGS=alone, BALENA_TOKEN="expired")
    assert "HTTP 407" in done.text


def test_who_waits_for_a_connection_shares_its_failure(ansible, device_kit, sockets, device):
    device.set_online(False)
    services = [f"{NAME}.{name}" for name in ("web", "log", "nosuch")]
    reached = ReachedHosts(ansible, device_kit, sockets)
    reached.write([device])
    done = reached.ad_hoc("all", RAW, "true", "-f", "10", status=4)
    assert done.text.count("the device is offline") >= len(services)


def test_processes_do_not_stay(reached, device, sockets):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(reached.ad_hoc, WEB, RAW, "true")
        running.result()
    left = subprocess.run(["pgrep", "-f", f"ssh .*{sockets}"], check=False, capture_output=True, text=True).stdout
    assert len(left.split()) <= 1, "the shared connection alone"
