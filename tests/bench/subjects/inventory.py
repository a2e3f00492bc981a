# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory: requests, CPU after the fetch against the stock pattern, memory, and a whole ansible-inventory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.bench.bench import ENVIRONMENT, Bench
from tests.bench.peers import python_sdk
from tests.bench.rows import Row
from tests.support.inventory_runs import write_stock_plugin

CONFIG: dict[str, Any] = {
    "applications": ["acme/bench"],
    "keyed_groups": [
        {"key": "balena_tags", "prefix": "tag"},
        {"key": "balena_device_type", "prefix": "type"},
        {"key": "balena_release_version", "prefix": "release"},
    ],
    "groups": {
        "offline": "not balena_is_online",
        "outdated": "balena_release_commit != balena_target_release_commit",
    },
    "compose": {"ansible_host": "balena_ip_addresses | first"},
}
WORK = "3 keyed_groups, 2 groups, 1 compose"
#: The same groups and the same variable, by hand, on the Python SDK; prints CPU seconds after the fetch.
PEER = """
import os, sys, time
url, token, folder = sys.argv[1] + "/", sys.argv[2], sys.argv[3]
settings = {
    "balena_host": "balena-cloud.com", "builder_url": "https://b/", "pine_endpoint": url + "v7/", "api_endpoint": url,
    "api_version": "v7", "data_directory": folder, "image_cache_time": "604800000", "timeout": "30000",
    "token_refresh_interval": "3600000", "cache_directory": folder, "device_actions_endpoint_version": "v1",
    "retry_rate_limited_request": "false", "request_limit_interval": "60", "token": token,
}
lines = ["[Settings]", *("%s = %s" % pair for pair in settings.items()), ""]
open(os.path.join(folder, "balena.cfg"), "w").write("\\n".join(lines))
from balena import Balena
balena = Balena({"data_directory": folder})
expand = ["device_tag", "is_of__device_type", "is_running__release", "should_be_running__release"]
devices = balena.pine.get({"resource": "device", "options": {"$expand": {name: {} for name in expand}}})
start = time.process_time()
groups, hostvars = {}, {}
for device in devices:
    name = device["device_name"]
    running, target = device["is_running__release"], device["should_be_running__release"]
    keys = ["tag_%s_%s" % (tag["tag_key"], tag["value"]) for tag in device["device_tag"]]
    keys += ["type_" + device["is_of__device_type"][0]["slug"]]
    keys += ["release_" + running[0]["raw_version"]] if running else []
    keys += ["offline"] if not device["is_online"] else []
    keys += ["outdated"] if running and target and running[0]["commit"] != target[0]["commit"] else []
    for key in keys:
        groups.setdefault(key, {"hosts": []})["hosts"].append(name)
    hostvars[name] = {**device, "ansible_host": device["ip_address"].split()[0]}
print(time.process_time() - start)
"""


def measure(bench: Bench) -> Iterator[Row]:
    """10,000 devices in full; 1,000 and 20,000 for growth and memory."""
    small = size(bench, 1_000)
    yield from in_full(bench)
    large = size(bench, 20_000)
    per_host = small["build_cpu"] / small["hosts"]
    yield Row(
        "inventory: CPU per host, 20,000 to 1,000 devices", "x", large["build_cpu"] / large["hosts"] / per_host, 1.3
    )
    yield Row("inventory: peak memory, 1,000 devices", "MB", small["peak_mb"], 100)
    yield Row("inventory: peak memory, 20,000 devices", "MB", large["peak_mb"], 600)


def size(bench: Bench, devices: int) -> dict[str, Any]:
    """What our plugin takes for a number of devices."""
    with bench.emulator_process(devices) as server, tempfile.TemporaryDirectory() as folder:
        return build(Path(folder), *server, "community.balena.balena")


def in_full(bench: Bench) -> Iterator[Row]:
    """10,000 devices: requests, CPU after the fetch with the peers, and the whole command."""
    with bench.emulator_process(10_000) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counted = count(server[0])
        ours = build(folder, *server, "community.balena.balena")
        yield Row("inventory: requests, 10,000 devices", "requests", count(server[0]) - counted, 2)
        stock = build(folder, *server, "stock")
        yield Row(f"inventory: CPU after the fetch, {WORK}", "s", ours["build_cpu"], 1.5, stock["build_cpu"], "stock")
        peer = python_sdk()
        theirs = script(peer, *server) if peer else None
        yield Row("inventory: the same beside a bare script", "s", ours["build_cpu"], 1.5, theirs, "Python SDK script")
        yield Row("inventory: peak memory, 10,000 devices", "MB", ours["peak_mb"], 350, stock["peak_mb"], "stock")
        yield Row("inventory: fetch, wall", "s", ours["fetch_wall"], 10)
        whole = command(folder, *server)
        yield Row("ansible-inventory --list, start and dump", "s", whole - ours["fetch_wall"] - ours["build_wall"], 30)
        yield Row("ansible-inventory --list, whole", "s", whole, 40)


def count(url: str) -> int:
    """How many requests the emulator has had."""
    answer = requests.get(f"{url}/_emulator/state", timeout=10)
    answer.raise_for_status()
    return int(answer.json()["requests"])


def prepare(folder: Path, url: str, token: str, plugin: str) -> dict[str, str]:
    """Write the inventory file and return the environment."""
    config = {**CONFIG, "plugin": plugin, "api_url": url, "api_token": token}
    (folder / f"{plugin}.balena.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return {**ENVIRONMENT, **write_stock_plugin(folder / "plugins")}


def build(folder: Path, url: str, token: str, plugin: str) -> dict[str, Any]:
    """Fill an inventory in a fresh process."""
    env = prepare(folder, url, token, plugin)
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-m", "tests.bench.inventory_build", str(folder), plugin]
    result: dict[str, Any] = json.loads(subprocess.check_output(command, env=env, cwd=root, text=True))
    return result


def command(folder: Path, url: str, token: str) -> float:
    """Seconds that the whole command takes."""
    env = prepare(folder, url, token, "community.balena.balena")
    program = [str(Path(sys.executable).parent / "ansible-inventory"), "--list", "-i"]
    start = time.perf_counter()
    subprocess.run(
        [*program, str(folder / "community.balena.balena.balena.yml")], env=env, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def script(python: str, url: str, token: str) -> float:
    """CPU seconds that a minimal script on the Python SDK takes after its fetch."""
    with tempfile.TemporaryDirectory() as home:
        env = {**ENVIRONMENT, "HOME": home}
        return float(subprocess.check_output([python, "-c", PEER, url, token, home], env=env, text=True).split()[-1])
