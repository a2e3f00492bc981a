# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host OS and the containers of a real device are hosts of Ansible: commands, files, users, modules."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.support.ansible_runs import module_interpreter
from tests.support.device.device import Service
from tests.support.reached_hosts import ReachedHosts

NAME = "berlin-sign-01"
RAW = "ansible.builtin.raw"


@pytest.fixture
def sockets():
    folder = tempfile.mkdtemp(prefix="cp-", dir="/tmp")
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def device(device_kit):
    return device_kit.device(NAME)


@pytest.fixture
def reached(ansible, device_kit, device, sockets):
    hosts = ReachedHosts(ansible, device_kit, sockets)
    hosts.write([device])
    return hosts


def test_commands_everywhere(reached, device, device_kit):
    """One connection for the host OS and all containers; exit codes and both streams as they are."""
    done = reached.ad_hoc(f"{NAME}:{NAME}.web:{NAME}.api", RAW, "echo out-$((6*7)); echo err >&2; exit 3", status=2)
    assert done.output.count("rc=3") == 3
    assert done.output.count("out-42") == 3
    assert len(device_kit.tunnel.requests) == 1, "all share one connection"
    assert device_kit.tunnel.connections(device.uuid) == 1
    seen = reached.ad_hoc(f"{NAME}.web", RAW, "echo $BALENA_SERVICE_NAME; cat /etc/os-release").output
    assert "web" in seen
    assert "busybox" in seen
    assert "255" in reached.ad_hoc(f"{NAME}.web", RAW, "exit 255", status=2).text, "not taken for a failure of ssh"


def test_the_token_is_in_no_command_line_and_no_output(reached, emulator, device, tmp_path):
    look = "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $f; echo; done"
    here = {
        "ansible.builtin.shell": look, "delegate_to": "localhost",
        "vars": {"ansible_connection": "local", "ansible_python_interpreter": module_interpreter(tmp_path)},
    }  # fmt: skip
    wait = {"ansible.builtin.raw": "true"}
    done = reached.play(f"{NAME}.web", wait, here, more=("-vvvvv",))
    assert "balena_tunnel.py" in done.output, "the ProxyCommand was seen running"
    assert emulator.token not in done.text


def test_ordinary_modules_where_python_is(reached, device, tmp_path):
    (tmp_path / "t.j2").write_text("of {{ inventory_hostname }}\n", encoding="utf-8")
    (tmp_path / "s.sh").write_text('#!/bin/sh\ncat; echo "script $@"; exit 0\n', encoding="utf-8")
    tasks = [
        {"ansible.builtin.setup": {"gather_subset": ["!all"]}},
        {"ansible.builtin.assert": {"that": ["ansible_facts.python.version.major | int == 3"]}},
        {"ansible.builtin.command": {"cmd": "cat", "stdin": "in\tput"}, "register": "cat"},
        {"ansible.builtin.assert": {"that": ["cat.stdout == 'in\tput'"]}},
        {"ansible.builtin.template": {"src": "t.j2", "dest": "/data/it's x", "mode": "0640"}},
        {"ansible.builtin.script": {"cmd": "s.sh a b"}, "register": "script"},
        {"ansible.builtin.assert": {"that": ["'script a b' in script.stdout"]}},
        {"ansible.builtin.command": "sleep 1", "async": 30, "poll": 1},
        {"ansible.builtin.fetch": {"src": "/data/it's x", "dest": "got/", "flat": True}},
    ]
    again = reached.play(f"{NAME}.api", *tasks)
    assert again.recap(f"{NAME}.api")["unreachable"] == 0
    assert (device.volume_folder("data") / "it's x").read_text(encoding="utf-8") == f"of {NAME}.api\n"
    assert (tmp_path / "got" / "it's x").read_text(encoding="utf-8") == f"of {NAME}.api\n"


def test_without_pipelining_and_as_another_user(reached, device):
    device.exec("api", "sh", "-c", "mkdir -p /home/mira; chown 1000 /home/mira")
    device.exec("api", "sh", "-c", "echo mira:x:1000:1000::/home/mira:/bin/sh >> /etc/passwd")
    tasks = [
        {"ansible.builtin.command": "id -un", "register": "own"},
        {"ansible.builtin.command": "id -un", "register": "other", "become": True, "become_user": "nobody",
         "become_method": "ansible.builtin.su", "become_flags": "-s /bin/sh"},
        {"ansible.builtin.debug": {"msg": "as {{ own.stdout }} and {{ other.stdout }}"}},
    ]  # fmt: skip
    shown = reached.play(f"{NAME}.api", *tasks, ANSIBLE_PIPELINING="false").output
    assert "as root and nobody" in shown
    tasks[1:2] = [{"ansible.builtin.copy": {"content": "x", "dest": "~/x", "mode": "0600"}, "register": "other"}]
    reached.play(f"{NAME}.api", *tasks[:2], more=("-e", "ansible_user=mira"))
    assert device.exec("api", "stat", "-c", "%U", "/home/mira/x") == "mira"


def test_su_asks_for_a_password(reached, device):
    device.exec("api", "sh", "-c", "echo 'root:geheim' | chpasswd; echo mira:x:1000:1000::/:/bin/sh >> /etc/passwd")
    task = {
        "ansible.builtin.command": "id -un",
        "become": True,
        "become_method": "ansible.builtin.su",
        "register": "it",
    }
    shown = {"ansible.builtin.debug": {"var": "it.stdout"}}
    user = ("-e", "ansible_user=mira", "-e", "ansible_remote_tmp=/tmp")
    done = reached.play(f"{NAME}.api", task, shown, more=(*user, "-e", "ansible_become_password=geheim"))
    assert '"it.stdout": "root"' in done.output
    wrong = reached.play(f"{NAME}.api", task, more=(*user, "-e", "ansible_become_password=falsch"), status=None)
    assert wrong.status in (2, 4)
    assert "geheim" not in wrong.text
    assert "Incorrect su password" in wrong.text or "Authentication failure" in wrong.text


@pytest.mark.parametrize("where", [NAME, f"{NAME}.web", f"{NAME}.api"])
def test_files_both_ways(reached, device, tmp_path, where):
    """What connection plugins do with files, with the modules that need no Python, and a script with any bytes."""
    data = bytes(range(256)) * 3000 + b"\r\n\0"
    (tmp_path / "data").write_bytes(b"#!/bin/sh\nhead -c 3 > /dev/null\nsha256sum < $0\nexit 7\n" + data)
    done = reached.ad_hoc(where, "ansible.builtin.script", str(tmp_path / "data"), status=2)
    assert hashlib.sha256((tmp_path / "data").read_bytes()).hexdigest() in done.text
    assert '"rc": 7' in done.text


def test_a_large_file_comes_and_goes_whole(reached, device, tmp_path):
    (tmp_path / "large").write_bytes(os.urandom(1 << 20) * 24)
    copy = {"ansible.builtin.copy": {"src": str(tmp_path / "large"), "dest": "/data/large", "mode": "0644"}}
    reached.play(f"{NAME}.api", copy)
    fetch = {"ansible.builtin.fetch": {"src": "/data/large", "dest": str(tmp_path / "back"), "flat": True}}
    reached.play(f"{NAME}.api", fetch)
    assert (tmp_path / "back").read_bytes() == (tmp_path / "large").read_bytes()
    assert [path.name for path in device.volume_folder("data").iterdir()] == ["large"]


def test_a_container_that_was_replaced_is_found_again(reached, device):
    before = {"ansible.builtin.raw": "hostname"}
    assert reached.play(f"{NAME}.web", before).recap(f"{NAME}.web")["ok"] == 1
    first = device.engine.inspect(device.containers["web"])["Id"]
    device.replace("web")
    assert device.engine.inspect(device.containers["web"])["Id"] != first
    assert reached.play(f"{NAME}.web", before).recap(f"{NAME}.web")["ok"] == 1


def test_of_two_containers_the_newest_or_the_one_of_a_release(reached, device, emulator):
    old = device.commit
    release = emulator.store.query("release", commit=old)[0]
    device.run_service("web", Service(environment={"NEW": "yes"}), {**release, "commit": "c0ffee" + "0" * 34})
    shown = reached.ad_hoc(f"{NAME}.web", RAW, "echo new=$NEW").output
    assert "new=yes" in shown
    shown = reached.ad_hoc(f"{NAME}.web", RAW, "echo new=$NEW", "-e", f"balena_release={old}").output
    assert "new=yes" not in shown
    wrong = reached.ad_hoc(
        f"{NAME}.web", RAW, "true", "-e", "balena_release=abc0", "-e", "balena_retry_for=1", status=4
    )
    assert "no container of service 'web' is of release abc0" in wrong.text


def test_an_old_device_with_docker(ansible, device_kit, sockets):
    old = device_kit.device("old-01", {"web": Service()}, command="docker")
    reached = ReachedHosts(ansible, device_kit, sockets)
    reached.write([old])
    assert "rc=0" in reached.ad_hoc("old-01.web", RAW, "true").output


def test_the_local_network_needs_no_tunnel(reached, device, device_kit):
    where = ("-e", "balena_reach=local", "-e", "ansible_host=127.0.0.1", "-e", f"ansible_port={device.port}")
    assert "rc=0" in reached.ad_hoc(f"{NAME}:{NAME}.web", RAW, "true", *where, BALENA_TOKEN="").output
    assert device_kit.tunnel.requests == []
    assert f"{device.uuid}.balena " in (device_kit.folder / "known_hosts").read_text(encoding="utf-8")
    assert "no ansible_host" in reached.ad_hoc(f"{NAME}.web", RAW, "true", "-e", "balena_reach=local",
                                               "-e", f"ansible_host={device.uuid}.balena", status=4).text  # fmt: skip
