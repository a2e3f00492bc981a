# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""shell_facts sets the facts that ansible-core has; what a host says wrongly, or in bad faith, is left out."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.balena.plugins.plugin_utils.shell import fact_parsers as parsers
from ansible_collections.community.balena.plugins.plugin_utils.shell.facts import SUBSETS, chosen
from tests.support.shell_hosts import ShellHost, run_shell_task

PARTS = [part for parts in SUBSETS.values() for part in parts]
HOSTILE = [
    "{{ 7 * 7 }}", "{% set x = 1 %}", "\x1b[2J", "\x00", "\ud800", "9" * 5000, "[" * 5000, "-", "nan", "1e999",
    "\u202e",
    "ansible_connection=local", "ID=\"{{ x }}\"", "٣: eth0 inet 1.2.3.4", "1: a inet 999.1.1.1", "{\"name\": 1}",
    "MemTotal: 999999999999999999 kB", "thermal_zone0 99999999 cpu", "99999999999 +0000 UTC", "1 +9999 X",
    "docker",
    "{\"id\": \"a\", \"name\": \"/b\", \"labels\": [1]}", "eth0\t00000000\tFFFFFFFF\t0003\t0\t0\t1\t00000000\t",
]  # fmt: skip


def facts(host, **options):
    done = run_shell_task(host, "shell_facts", **options)
    assert not done.get("failed"), done["msg"]
    assert done["changed"] is False
    return done["ansible_facts"]


def test_facts_are_those_of_this_machine(host):
    found = facts(host)
    assert found["ansible_kernel"] == platform.release()
    assert found["ansible_architecture"] == platform.machine()
    assert found["ansible_hostname"] == platform.node().partition(".")[0]
    assert found["ansible_processor_vcpus"] == os.cpu_count()
    assert abs(int(found["ansible_date_time"]["epoch"]) - time.time()) < 60
    assert 0 < found["ansible_memfree_mb"] < found["ansible_memtotal_mb"] == found["ansible_memory_mb"]["real"]["total"]
    assert found["ansible_uptime_seconds"] > 0
    assert set(found["ansible_loadavg"]) == {"1m", "5m", "15m"}
    assert found["ansible_os_release"]["id"]
    root = [mount for mount in found["ansible_mounts"] if mount["mount"] == "/"]
    status = os.statvfs("/")
    assert root[0]["size_total"] == status.f_blocks * status.f_frsize
    assert all(not address.startswith("127.") for address in found["ansible_all_ipv4_addresses"])


def test_all_shells_tell_the_same(host, busybox):
    names = ("platform", "network")
    assert facts(host, gather_subset=[*names]) == facts(busybox, gather_subset=[*names])


@pytest.mark.parametrize(
    ("subsets", "expected"),
    [
        (["all"], list(SUBSETS)),
        ([], list(SUBSETS)),
        (["min"], ["platform"]),
        (["hardware", "platform"], ["platform", "hardware"]),
        (["!containers"], [name for name in SUBSETS if name != "containers"]),
        (["all", "!mounts", "!network"], [name for name in SUBSETS if name not in ("mounts", "network")]),
        (["!all", "platform"], []),
    ],
)
def test_subsets(subsets, expected):
    assert chosen(subsets) == expected


def test_a_subset_that_there_is_not_is_named(busybox):
    done = run_shell_task(busybox, "shell_facts", gather_subset=["hardwere"])
    assert "gather_subset: 'hardwere' is unknown" in done["msg"]
    assert "did you mean 'hardware'?" in done["msg"]


def with_programs(host: ShellHost, folder: Path, programs: dict[str, str]) -> ShellHost:
    """A host with other programs before its own."""
    folder.mkdir(exist_ok=True)
    for name, text in programs.items():
        (folder / name).write_text(f"#!{host.program}\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return ShellHost(host.name, host.program, f"{folder}:{host.path}")


def test_containers_of_the_engine(busybox, tmp_path):
    told = {
        "id": "a" * 64, "name": "/web_1", "image": "web", "state": "running", "exit_code": 0, "restart_count": 3,
        "started_at": "2026-01-01T00:00:00Z", "health": None, "labels": {"io.balena.service-name": "web"},
    }  # fmt: skip
    engine = f"""case "$1 $2" in
      "ps -aq") echo {"a" * 64};;
      "ps -a") echo '{"a" * 64} Up 3 hours (healthy)';;
      *) echo '{json.dumps(told)}';;
    esac"""
    host = with_programs(busybox, tmp_path / "bin", {"balena-engine": engine})
    found = facts(host, gather_subset=["containers"])
    assert found["ansible_container_engine"] == "balena-engine"
    (one,) = found["ansible_containers"]
    assert (one["name"], one["service"], one["status"]) == ("web_1", "web", "Up 3 hours (healthy)")
    assert (one["restart_count"], one["state"]) == (3, "running")
    assert "labels" not in one


@pytest.mark.parametrize(("engine", "expected"), [("exit 0", []), ("exit 1", None), ("echo nonsense", [])])
def test_an_engine_without_containers_is_not_one_that_does_not_answer(busybox, tmp_path, engine, expected):
    host = with_programs(busybox, tmp_path / "bin", {"balena-engine": engine})
    assert facts(host, gather_subset=["containers"]).get("ansible_containers") == expected


def test_what_a_host_says_in_bad_faith_sets_nothing_else(busybox, tmp_path):
    lines = "\n".join(["echo ansible_connection=local", "printf '\\n--0 system\\n{{ x }}\\033[2J\\n\\377'"])
    names = ("uname", "cat", "date", "df", "ip", "grep", "balena-engine")
    host = with_programs(busybox, tmp_path / "bin", dict.fromkeys(names, lines))
    found = facts(host)
    assert {
        name for name in found if name.startswith(("ansible_connection", "ansible_python", "ansible_become"))
    } == set()
    assert "\x1b" not in json.dumps(found, ensure_ascii=False)


@pytest.mark.parametrize("command", ["yes", "head -c 3000000 /dev/zero", 'yes \'{"id": "a", "name": "b"}\''])
def test_a_host_that_says_too_much(busybox, tmp_path, command):
    names = ("uname", "date", "df", "ip")
    host = with_programs(busybox, tmp_path / "bin", dict.fromkeys(names, command))
    assert "ansible_memtotal_mb" in facts(host, gather_subset=["!containers"])


pieces = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))


@settings(max_examples=300)
@given(said=st.dictionaries(st.sampled_from(PARTS), st.lists(pieces, max_size=8).map("\n".join)))
def test_whatever_is_said_is_understood_or_left_out(said):
    for read in parsers.ALL:
        for name in read(said):
            assert name.isidentifier()
            assert not name.startswith(("connection", "become", "python", "user", "host_key", "ssh", "shell"))


@settings(max_examples=100)
@given(data=st.data())
def test_what_is_said_almost_rightly_is_understood_or_left_out(data):
    right = {
        "system": "Linux\nbox\n6.1\n#1\naarch64\n",
        "release": 'ID=alpine\nNAME="Alpine Linux"\nVERSION_ID=3.20.1\n',
        "memory": "MemTotal: 1000 kB\nMemFree: 500 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
        "load": "0.1 0.2 0.3 1/2 3\n", "uptime": "12.3 4.5\n", "processors": "4\n",
        "mounted": "/dev/sda / ext4 rw 0 0\n", "sizes": "H\n/dev/sda 10 5 5 50% /\n",
        "addresses": "2: eth0    inet 192.0.2.1/24 brd\n",
        "addresses6": "fe800000000000000000000000000001 02 40 20 80     eth0\n",
        "routes": "I\neth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
        "date": "1795886586 +0100 CET\n", "zones": "thermal_zone0 48312 cpu-thermal\n", "engine": "docker\n",
    }  # fmt: skip
    part = data.draw(st.sampled_from(sorted(right)))
    place = data.draw(st.integers(0, len(right[part])))
    wrong = {**right, part: right[part][:place] + data.draw(pieces) + right[part][place:]}
    found = [read(right) for read in parsers.ALL]
    assert all(found)
    for read in parsers.ALL:
        read(wrong)


def test_what_is_understood():
    df = "Filesystem 1024-blocks Used Available Capacity Mounted on\noverlay 100 40 60 40% /\n"
    ifconfig = "eth0      Link encap:Ethernet\n          inet addr:192.0.2.7  Bcast:192.0.2.255\n"
    said = {
        "mounted": "overlay / overlay rw 0 0\n/dev/sda1 /my\\040disk ext4 rw 0 0\nproc /proc proc rw 0 0\n",
        "sizes": f"{df}/dev/sda1 10 5 5 50% /my disk\n",
        "zones": "thermal_zone0 48312 cpu-thermal\nthermal_zone1 -9999999 broken\n",
        "addresses": f"{ifconfig}lo        Link\n    inet addr:127.0.0.1\n",
        "routes": "Iface\neth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
    }  # fmt: skip
    assert [it["mount"] for it in parsers.mounts(said)["mounts"]] == ["/", "/my disk"]
    assert parsers.mounts(said)["mounts"][1]["size_available"] == 5 * 1024
    assert parsers.temperatures(said)["temperatures"] == [
        {"zone": "thermal_zone0", "name": "cpu-thermal", "celsius": 48.312}
    ]
    found = parsers.network(said)
    assert found["all_ipv4_addresses"] == ["192.0.2.7"]
    assert found["default_ipv4"] == {"interface": "eth0", "gateway": "192.0.2.1", "address": "192.0.2.7"}
