# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connect: [host]` reaches a host OS through the tunnel and locally: ansible's raw and script through a real sshd."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.ansible_runs import CHECKOUT, TARGETS
from tests.support.certificates import make_certificates
from tests.support.device.sshd import SSHD, SshServer
from tests.support.documents import blocks_of, documents
from tests.support.inventory_runs import FLEET

LISTENING = "-o HostName=127.0.0.1"
TARGET = TARGETS / "inventory_connect"
SCRIPT = CHECKOUT / "plugins" / "plugin_utils" / "balena_tunnel.py"


@pytest.fixture
def sshd(tmp_path):
    if not SSHD and not os.environ.get("CI"):  # .ci/run installs it, and there its absence is a failure
        pytest.skip("these tests need sshd: install openssh-server and openssh-client")
    folder = tmp_path / "sshd"
    folder.mkdir()
    server = SshServer(folder)
    yield server
    server.close()


@pytest.fixture
def device(emulator):
    emulator.seed(FLEET)
    return emulator.store.query("device", device_name="sensor-01")[0]


@pytest.fixture
def certificates(tmp_path):
    return make_certificates(tmp_path)


@pytest.fixture
def tunnel(certificates, emulator, device, sshd):
    opened = emulator.open_tunnel(certificates.server, certificates.key)
    opened.lead(device["uuid"], sshd.port)
    yield opened
    emulator.close_tunnel()


def ssh_environment(sshd, folder):
    """Nothing of this machine's ssh settings, and no connection that outlives the command."""
    return {
        "ANSIBLE_PRIVATE_KEY_FILE": str(sshd.key),
        "ANSIBLE_SSH_ARGS": f"-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={folder}/known -F none",
    }


@pytest.fixture
def through_tunnel(ansible, tunnel, certificates, sshd, tmp_path):
    """Run `ansible -m MODULE -a ARGUMENTS` on sensor-01 through the tunnel."""
    source = Path(shutil.copy(TARGET / "tunnel.balena.yml", tmp_path))
    ansible.environment.update(
        {
            "BALENA_TUNNEL_ADDRESS": tunnel.address,
            "BALENA_CA_PATH": str(certificates.authority),
            **ssh_environment(sshd, tmp_path),
        }
    )

    def run(module, arguments, status=0, **env):
        extra = ("-e", f"ansible_user={sshd.user}")
        command = ("ansible", "-i", str(source), "sensor-01", "-m", module, "-a", arguments, *extra)
        return ansible.run(*command, status=status, env=env)

    return run


def test_raw_through_the_tunnel(through_tunnel, tunnel, device, tmp_path):
    assert "42 from the device" in through_tunnel("ansible.builtin.raw", "echo $((6 * 7)) from the device").output
    (request,) = tunnel.requests
    assert request.server_name == "localhost", "the name of the tunnel is asked for by SNI"
    assert (request.method, request.target, request.version) == (
        "CONNECT",
        f"{device['uuid']}.balena:22222",
        "HTTP/1.0",
    )
    assert f"{device['uuid']}.balena " in (tmp_path / "known").read_text(encoding="utf-8")


def test_what_the_guides_show_logs_in_through_the_tunnel(ansible, through_tunnel, sshd, tmp_path):
    shown = [block for path in documents() for block in blocks_of(path) if block.mark == "tunnel"]
    assert {block.language for block in shown} == {"yaml", "shell"}
    source = yaml.safe_load((TARGET / "tunnel.balena.yml").read_text(encoding="utf-8"))
    (tmp_path / "tunnel.balena.yml").write_text(yaml.safe_dump({**source, "devices": ["sensor-01"]}), encoding="utf-8")
    (tmp_path / "user").write_text(f"ansible_user: {sshd.user}", encoding="utf-8")
    for block in shown:
        (tmp_path / "shown.yml").write_text(block.text, encoding="utf-8")
        command = "ansible-playbook -i tunnel.balena.yml shown.yml" if block.language == "yaml" else block.text
        # The token is that of the environment already.
        command = command.replace("export BALENA_TOKEN=...", "").strip()
        assert "load average" in ansible.run("bash", "-ec", f"{command} -v -e @user").output, str(block)


def test_exit_codes_and_much_output(through_tunnel):
    failed = through_tunnel("ansible.builtin.raw", "echo so; exit 3", status=2)
    assert "rc=3" in failed.text
    much = through_tunnel("ansible.builtin.raw", "seq 1 200000 | tail -n 60000")
    assert "140001" in much.output
    assert "200000" in much.output


def test_script_through_the_tunnel(through_tunnel, tmp_path):
    script = shutil.copy(TARGET / "hello.sh", tmp_path)  # the checkout's path may have a blank
    assert "hello world from a script" in through_tunnel("ansible.builtin.script", f"{script} world 0").output
    assert '"rc": 7' in through_tunnel("ansible.builtin.script", f"{script} world 7", status=2).output


def test_refusals_say_why(through_tunnel, device, emulator, tunnel, certificates, tmp_path):
    command = [sys.executable, str(SCRIPT), "--tunnel", tunnel.address, "--ca-path", str(certificates.authority)]

    def say(*arguments, **env):
        clean = {"PATH": os.defpath, "HOME": str(tmp_path), "BALENA_TOKEN": emulator.token, **env}
        done = subprocess.run(
            [*command, *arguments], check=False, env=clean, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 1
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert emulator.token not in done.stderr
        return done.stderr

    assert "token was refused" in say(f"{device['uuid']}.balena", "22222", BALENA_TOKEN="wrong")
    assert "HTTP 407" in say(f"{device['uuid']}.balena", "22222", BALENA_TOKEN="", BALENA_API_KEY="wrong")
    assert "HTTP 407" in say(f"{'0' * 32}.balena", "22222")
    emulator.store.update("device", device["id"], is_connected_to_vpn=False)
    assert "device is offline" in say(f"{device['uuid']}.balena", "22222")
    assert "HTTP 403" in say("example.com", "22222")
    assert "no token" in say(f"{device['uuid']}.balena", "22222", BALENA_TOKEN="")
    command[3] = "localhost:9"
    assert "cannot reach localhost:9" in say(f"{device['uuid']}.balena", "22222")


def test_the_certificate_is_checked(through_tunnel, tunnel, certificates, device):
    port = tunnel.address.partition(":")[2]
    trusted = ["--ca-path", str(certificates.authority)]
    cases = (["--tunnel", tunnel.address], ["--tunnel", f"127.0.0.1:{port}", *trusted])
    for arguments in cases:  # an authority that nobody trusts, then the wrong name
        command = [sys.executable, str(SCRIPT), *arguments, f"{device['uuid']}.balena", "22222"]
        env = {"PATH": os.defpath, "BALENA_TOKEN": "secret"}
        done = subprocess.run(command, check=False, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 1
        assert "certificate" in done.stderr
    assert [request.method for request in tunnel.requests if request.method] == [], (
        "the token is not sent to whom it may not concern"
    )


def test_the_token_is_not_in_the_variables(ansible, tunnel, tmp_path, emulator):
    ansible.environment.update({"BALENA_TUNNEL_ADDRESS": tunnel.address})
    source = Path(shutil.copy(TARGET / "tunnel.balena.yml", tmp_path))
    done = ansible.inventory(source)
    assert emulator.token not in done.text
    host = done.json["_meta"]["hostvars"]["sensor-01"]
    assert host["ansible_host"] == f"{host['balena_uuid']}.balena"
    assert (host["ansible_port"], host["ansible_connection"]) == (22222, "community.balena.host")
    assert (host["balena_reach"], host["balena_tunnel_address"]) == ("tunnel", tunnel.address)


def test_local(ansible, emulator, device, sshd, tmp_path):
    emulator.store.update("device", device["id"], ip_address="-oProxyCommand=id fe80::1 127.0.0.1 192.0.2.7")
    source = tmp_path / "local.balena.yml"
    source.write_text(
        yaml.safe_dump(
            {"plugin": "community.balena.balena", "devices": ["sensor-01"], "connect": ["host"], "reach": "local"}
        ),
        encoding="utf-8",
    )
    ansible.environment.update(ssh_environment(sshd, tmp_path))
    # A device's own word never leads to the controller, where the server of the tests listens.
    there = json.dumps({"ansible_user": sshd.user, "ansible_port": sshd.port, "ansible_ssh_common_args": LISTENING})
    done = ansible.run("ansible", "-i", str(source), "all", "-m", "ansible.builtin.raw", "-a", "echo here", "-e", there)
    assert "here" in done.output
    host = ansible.inventory(source).json["_meta"]["hostvars"]["sensor-01"]
    assert (host["ansible_host"], host["ansible_port"]) == ("192.0.2.7", 22222)
