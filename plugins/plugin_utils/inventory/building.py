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


class HostWriter:
    """Adds hosts with their variables.

    Setting a variable costs ansible-core 7 us (it checks the name, copies the value and notes where it is from), for 40
    variables of 10,000 hosts 3 s. So a value that repeats is set by ansible-core once, on the first host that has it;
    the next hosts get the very string or number that ansible-core made of it, or a copy of its dict.
    """

    def __init__(self, inventory: Any, prefix: str) -> None:
        self._inventory = inventory
        self._hosts = inventory.hosts
        self._prefix = prefix
        # variable -> (its name with prefix, whether its values repeat, what ansible-core made of each value)
        self._known: dict[str, tuple[str, bool, dict[Any, Any]]] = {}

    def add(self, name: str, device: Variables) -> Host:
        """Add one host."""
        existed = name in self._hosts
        self._inventory.add_host(name)
        host = self._hosts[name]
        plain: dict[str, Any] = {}
        repeated: dict[str, Any] = {}
        for variable, value in device.items():
            title, repeats, made = self._known.get(variable) or self._learn(variable)
            plain[title] = value
            kind = value.__class__
            if existed or kind is list or not (repeats or value is None) or (kind is dict and not _is_flat(value)):
                self._inventory.set_variable(name, title, mark(value))
                continue
            key = value if kind is str else (kind, tuple(value.items()) if kind is dict else value)
            if key in made:
                repeated[title] = made[key].copy() if kind is dict else made[key]
            else:
                self._inventory.set_variable(name, title, mark(value))
                made[key] = host.vars[title]
        host.vars.update(repeated)
        marked = {title: mark(value) for title, value in plain.items()} if existed else host.vars
        return Host(name, plain, marked, host, existed)

    def _learn(self, variable: str) -> tuple[str, bool, dict[Any, Any]]:
        title = variable if variable.startswith("ansible_") else self._prefix + variable
        return self._known.setdefault(variable, (title, variable not in UNIQUE, {}))


def _is_flat(value: dict[str, Any]) -> bool:
    """Whether a shallow copy is a full copy, and equal keys mean equal values: all text, or nothing."""
    return all(item is None or item.__class__ is str for item in value.values())


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
    for host, device in zip(hosts, devices, strict=True) if group_by else ():
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
