# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make facts of what a host says.

The host may say anything. What does not look as it should is left out; names of facts are ours, never the host's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from ipaddress import IPv6Address, ip_address
from typing import Any

Said = Mapping[str, str]
Facts = dict[str, Any]

_LONGEST = 1000
#: As ansible-core calls distributions, by the C(ID) of os-release; others are called what their C(NAME) says.
_DISTRIBUTIONS = {
    "alpine": "Alpine", "amzn": "Amazon", "arch": "Archlinux", "centos": "CentOS", "debian": "Debian",
    "fedora": "Fedora", "raspbian": "Raspbian", "rhel": "RedHat", "ubuntu": "Ubuntu",
}  # fmt: skip
_FAMILIES = {"alpine": "Alpine", "arch": "Archlinux", "debian": "Debian", "fedora": "RedHat", "rhel": "RedHat"}
_SERVICES = ("io.balena.service-name", "com.docker.compose.service")
_RELEASE = re.compile(r"([A-Z][A-Z0-9_]{0,40})=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s\"']*)\s*\Z")
_MEMORY = re.compile(r"^(\w+):\s+(\d{1,15}) kB$", re.MULTILINE)
_SIZES = re.compile(r"^(\S+) +(\d{1,18}) +(-?\d{1,18}) +(-?\d{1,18}) +(?:\d+%|-) +(/.*)$", re.MULTILINE)
_OCTAL = re.compile(r"\\([0-7]{3})")
_INET = re.compile(r"^\d+: +(\S+) +inet (\d+\.\d+\.\d+\.\d+)", re.MULTILINE)
_IFCONFIG = re.compile(r"^(\S+?):?\s|inet (?:addr:)?(\d+\.\d+\.\d+\.\d+)", re.MULTILINE)
_INET6 = re.compile(r"^([0-9a-f]{32}) [0-9a-f]{2} [0-9a-f]{2} [0-9a-f]{2} [0-9a-f]{2} +(\S+)$", re.MULTILINE)
_ROUTE = re.compile(r"^(\S+)\t00000000\t([0-9A-F]{8})\t[0-9A-F]{4}\t\d+\t\d+\t(\d{1,9})\t00000000\t", re.MULTILINE)
_DATE = re.compile(r"(\d{1,11}) ([+-])(\d\d)(\d\d) (\S{0,20})\s*\Z")
_ZONE = re.compile(r"^(thermal_zone\d{1,4}) (-?\d{1,7}) (.{1,100})$", re.MULTILINE)


def system(said: Said) -> Facts:
    """What C(uname) says."""
    lines = said.get("system", "").splitlines()
    if len(lines) < 5 or not all(lines[:5]):
        return {}
    name, node, release, version, machine = (line[:_LONGEST] for line in lines[:5])
    return {
        "system": name, "nodename": node, "hostname": node.partition(".")[0], "kernel": release,
        "kernel_version": version, "machine": machine,
        "architecture": "i386" if re.fullmatch("i[3456]86", machine) else machine,
    }  # fmt: skip


def release(said: Said) -> Facts:
    """The distribution, and all that os-release says."""
    found = {}
    for line in said.get("release", "").splitlines():
        if len(line) <= _LONGEST and (pair := _RELEASE.match(line)):
            found[pair[1].lower()] = re.sub(r"\\(.)", r"\1", pair[2][1:-1]) if pair[2][:1] in ("'", '"') else pair[2]
    name = _DISTRIBUTIONS.get(found.get("id", "")) or found.get("name")
    version = found.get("version_id")
    like = [found.get("id", ""), *found.get("id_like", "").split()]
    facts = {
        "os_release": found,
        "distribution": name,
        "distribution_version": version,
        "distribution_major_version": version and version.partition(".")[0],
        "distribution_release": found.get("version_codename"),
        "os_family": next((_FAMILIES[one] for one in like if one in _FAMILIES), None),
    }
    return {fact: value for fact, value in facts.items() if value}


def memory(said: Said) -> Facts:
    """How much memory there is, and how much of it is free."""
    found = {name: int(size) // 1024 for name, size in _MEMORY.findall(said.get("memory", ""))}
    if "MemTotal" not in found or "MemFree" not in found:
        return {}
    total, free = found["MemTotal"], found["MemFree"]
    idle = free + found.get("Buffers", 0) + found.get("Cached", 0)
    shown: Facts = {
        "real": {"total": total, "free": free, "used": total - free},
        "nocache": {"free": idle, "used": total - idle},
    }
    facts: Facts = {"memtotal_mb": total, "memfree_mb": free, "memory_mb": shown}
    if "MemAvailable" in found:
        facts["memavailable_mb"] = found["MemAvailable"]
    if "SwapTotal" in found and "SwapFree" in found:
        swap, left = found["SwapTotal"], found["SwapFree"]
        shown["swap"] = {"total": swap, "free": left, "used": swap - left, "cached": found.get("SwapCached", 0)}
        facts |= {"swaptotal_mb": swap, "swapfree_mb": left}
    return facts


def load(said: Said) -> Facts:
    """How busy the host is, how long it has been up, and how many processors it has."""
    facts: Facts = {}
    if found := re.match(r"(\d{1,6}\.\d+) (\d{1,6}\.\d+) (\d{1,6}\.\d+) ", said.get("load", "")):
        facts["loadavg"] = {minutes: float(found[place]) for place, minutes in ((1, "1m"), (2, "5m"), (3, "15m"))}
    if found := re.match(r"(\d{1,12})\.\d+ ", said.get("uptime", "")):
        facts["uptime_seconds"] = int(found[1])
    if (found := re.match(r"(\d{1,5})\s*\Z", said.get("processors", ""))) and int(found[1]):
        facts["processor_vcpus"] = facts["processor_nproc"] = int(found[1])
    return facts


def mounts(said: Said) -> Facts:
    """The file systems that hold data, with their sizes in bytes."""
    sizes = {
        mount: (int(total), int(left)) for _dev, total, _used, left, mount in _SIZES.findall(said.get("sizes", ""))
    }
    found: dict[str, Facts] = {}
    for line in said.get("mounted", "").splitlines():
        fields = [_OCTAL.sub(lambda code: chr(int(code[1], 8)), field)[:_LONGEST] for field in line.split(" ")]
        if len(fields) != 6 or not (fields[0].startswith("/") or ":/" in fields[0] or fields[1] == "/"):
            continue
        device, mount, kind, options = fields[:4]
        one: Facts = {"mount": mount, "device": device, "fstype": kind, "options": options}
        if mount in sizes:
            one |= {"size_total": sizes[mount][0] * 1024, "size_available": sizes[mount][1] * 1024}
        found[mount] = one  # what was mounted last hides what was there before
    return {"mounts": list(found.values())} if found else {}


def network(said: Said) -> Facts:
    """Addresses, without those of the host to itself, and the way out."""
    facts: Facts = {}
    four = [(name.partition("@")[0], text) for name, text in _addresses(said.get("addresses", "")) if _is_address(text)]
    six = [(name, str(IPv6Address(int(digits, 16)))) for digits, name in _INET6.findall(said.get("addresses6", ""))]
    outer = [text for _name, text in four if not text.startswith("127.")]
    if four:
        facts["all_ipv4_addresses"] = list(dict.fromkeys(outer))
    if "addresses6" in said and (six or four):
        facts["all_ipv6_addresses"] = list(dict.fromkeys(text for _name, text in six if text != "::1"))
    if four or six:
        facts["interfaces"] = sorted({name[:100] for name, _text in (*four, *six)})
    routes = sorted(_ROUTE.findall(said.get("routes", "")), key=lambda route: int(route[2]))
    if routes:
        name, gateway, _metric = routes[0]
        facts["default_ipv4"] = {"interface": name[:100], "gateway": _gateway(gateway)}
        if mine := [text for of, text in four if of == name]:
            facts["default_ipv4"]["address"] = mine[0]
    return facts


def _addresses(text: str) -> Iterator[tuple[str, str]]:
    """Interfaces and addresses, from C(ip) or from C(ifconfig)."""
    found = _INET.findall(text)
    yield from found
    name = ""
    for of, address in () if found else _IFCONFIG.findall(text):
        name = of or name
        if address:
            yield name, address


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _gateway(digits: str) -> str:
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(digits)))


def date_time(said: Said) -> Facts:
    """The host's clock."""
    found = _DATE.match(said.get("date", ""))
    if not found:
        return {}
    offset = timedelta(hours=int(found[3]), minutes=int(found[4])) * (-1 if found[2] == "-" else 1)
    try:
        local = datetime.fromtimestamp(int(found[1]), timezone(offset))
        utc = local.astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError):  # a clock that is out of its mind
        return {}
    shown = {
        "date": "%Y-%m-%d", "time": "%H:%M:%S", "year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M",
        "second": "%S", "weekday": "%A", "weekday_number": "%w", "weeknumber": "%W",
    }  # fmt: skip
    facts = {name: local.strftime(form) for name, form in shown.items()}
    return {
        "date_time": {
            **facts, "epoch": found[1], "epoch_int": found[1], "tz": found[5],
            "tz_offset": f"{found[2]}{found[3]}{found[4]}", "iso8601": utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "iso8601_basic_short": local.strftime("%Y%m%dT%H%M%S"),
        }
    }  # fmt: skip


def temperatures(said: Said) -> Facts:
    """What the thermal zones measure, in degrees Celsius."""
    found = [
        {"zone": zone, "name": name, "celsius": int(thousandths) / 1000}
        for zone, thousandths, name in _ZONE.findall(said.get("zones", ""))
        if -273_000 < int(thousandths) < 1_000_000
    ]
    return {"temperatures": found} if found else {}


def containers(said: Said) -> Facts:
    """The containers of the host's engine, running or not; nothing if there is no engine, or it does not answer."""
    lines = said.get("engine", "").splitlines()
    if not lines or lines[0] not in ("balena-engine", "docker"):
        return {}
    status = dict(line.split(" ", 1) for line in lines[1:] if re.match("[0-9a-f]{64} ", line))
    found = []
    for line in lines[1:]:
        one = _object(line) if line.startswith("{") else {}
        if isinstance(one.get("name"), str) and isinstance(one.get("id"), str):
            labels = one.pop("labels", None)
            labels = labels if isinstance(labels, dict) else {}
            one = {name: value for name, value in one.items() if name in _TOLD and isinstance(value, (str, int))}
            one["name"] = one["name"].removeprefix("/")
            service = next((labels[name] for name in _SERVICES if isinstance(labels.get(name), str)), None)
            found.append({**one, "status": status.get(one["id"], ""), "service": service})
    return {"container_engine": lines[0], "containers": found}


_TOLD = ("id", "name", "image", "state", "exit_code", "started_at", "restart_count", "health")


def _object(line: str) -> Facts:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


ALL = (system, release, memory, load, mounts, network, date_time, temperatures, containers)
