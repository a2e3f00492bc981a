# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put devices into Ansible's inventory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .grouping import raw_group_names
from .hostvars import UNIQUE
from .marking import mark
from .memo import Host
from .naming import Evaluate, distinct_names, preferred_name

Variables = Mapping[str, Any]
Warn = Callable[[str], None]


@dataclass(frozen=True)
class Naming:
    """How hosts are called: the options C(hostnames) and C(on_duplicate), and what evaluates an expression."""

    preferences: Sequence[str]
    on_duplicate: str
    evaluate: Evaluate


def host_names(devices: Sequence[Variables], naming: Naming, warn: Warn) -> list[str]:
    """A name for each device, no two alike.

    :param warn: is told of names that no host may have, and of duplicates if C(on_duplicate) is C(warn).
    :raises DuplicateNames: two devices want one name and C(on_duplicate) is C(error).
    """
    wanted: list[str] = []
    refused: list[str] = []
    for device in devices:
        name, unusable = preferred_name(device, naming.preferences, naming.evaluate)
        wanted.append(name)
        refused += unusable
    if refused:
        warn(_about_refused(refused))
    names, clashes = distinct_names(wanted, devices, naming.on_duplicate)
    if clashes and naming.on_duplicate == "warn":
        warn(_about_duplicates(clashes))
    return names


def _about_refused(refused: Sequence[str]) -> str:
    return (
        f"{len(refused)} name(s) were not used for hosts, because they could act as a template, an option of ssh or the"
        f" controller; the next choice of hostnames is used instead. The first is {refused[0][:80]!r}"
    )


def _about_duplicates(clashes: Mapping[str, Sequence[str]]) -> str:
    devices = sum(len(uuids) for uuids in clashes.values())
    first = next(iter(clashes))
    return (
        f"{devices} devices share {len(clashes)} name(s); their hosts have the start of the uuid in their name."
        f" The first is {first[:80]!r}: {', '.join(clashes[first][:5])}"
    )


def add_hosts(inventory: Any, names: Sequence[str], devices: Sequence[Variables], prefix: str) -> list[Host]:
    """Add hosts with their variables.

    Setting a variable costs ansible-core 7 us (it checks the name, copies the value and notes where it is from), 40
    variables of 10,000 hosts 3 s. So a value that repeats is set by ansible-core once, on the first host that has it;
    the next hosts get the very object that ansible-core made of it.
    """
    titles: dict[str, str] = {}
    known: dict[str, dict[Any, Any]] = {}
    hosts: list[Host] = []
    for name, device in zip(names, devices, strict=True):
        existed = name in inventory.hosts
        inventory.add_host(name)
        host = inventory.hosts[name]
        plain: dict[str, Any] = {}
        repeated: dict[str, Any] = {}
        for variable, value in device.items():
            title = titles.get(variable) or titles.setdefault(variable, _title(variable, prefix))
            plain[title] = value
            if variable in UNIQUE or existed or isinstance(value, (dict, list)):
                inventory.set_variable(name, title, mark(value))
                continue
            values = known.get(title)
            if values is None:
                values = known[title] = {}
            key = value.__class__, value
            if key in values:
                repeated[title] = values[key]
            else:
                inventory.set_variable(name, title, mark(value))
                values[key] = host.vars[title]
        host.vars.update(repeated)
        hosts.append(Host(name, plain, _reader(host, plain), existed))
    return hosts


def _title(variable: str, prefix: str) -> str:
    return variable if variable.startswith("ansible_") else prefix + variable


def _reader(host: Any, plain: Variables) -> Callable[[], dict[str, Any]]:
    return lambda: {title: host.vars[title] for title in plain}


def add_groups(
    inventory: Any,
    hosts: Sequence[Host],
    devices: Sequence[Variables],
    group_by: Sequence[str],
    prefix: str,
    sanitize: Callable[[str], str],
) -> None:
    """Add the hosts to the groups of C(group_by)."""
    groups: dict[str, str] = {}
    for host, device in zip(hosts, devices, strict=True):
        for raw in raw_group_names(device, group_by, prefix):
            if raw not in groups:
                groups[raw] = inventory.add_group(sanitize(raw))
            inventory.add_host(host.name, groups[raw])


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Everything that is made within stays: to look for garbage every few thousand objects is wasted time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
