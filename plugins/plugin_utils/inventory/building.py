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

from ...module_utils.engine.wording import counted, listed
from .grouping import raw_group_names
from .marking import mark
from .naming import Evaluate, IsFree, distinct_names, preferred_name
from .records import Host

Variables = Mapping[str, Any]
Warn = Callable[[str], None]

#: Variables that differ from device to device; the values of all others repeat.
UNIQUE = frozenset({
    "id", "uuid", "device_name", "note", "last_connectivity_event", "created_at", "ip_addresses", "mac_addresses",
    "services", "variables", "config_variables",
})  # fmt: skip


@dataclass(frozen=True)
class Naming:
    """How hosts are called: the options C(hostnames) and C(on_duplicate), what evaluates an expression, and what tells
    whether a name belongs to nobody else."""

    preferences: Sequence[str]
    on_duplicate: str
    evaluate: Evaluate
    is_free: IsFree


def host_names(devices: Sequence[Variables], naming: Naming, warn: Warn) -> list[str]:
    """A name for each device, no two alike.

    :param warn: is told of names that no host may have, and of duplicates if C(on_duplicate) is C(warn).
    :raises DuplicateNames: two devices want one name and C(on_duplicate) is C(error).
    """
    wanted: list[str] = []
    refused: list[str] = []
    for device in devices:
        name, unusable = preferred_name(device, naming.preferences, naming.evaluate, naming.is_free)
        wanted.append(name)
        refused += unusable
    if refused:
        warn(about_refused(refused))
    names, clashes = distinct_names(wanted, devices, naming.on_duplicate, naming.is_free)
    if clashes and naming.on_duplicate == "warn":
        warn(_about_duplicates(clashes))
    return names


def about_refused(refused: Sequence[str]) -> str:
    """The warning about names that no host may have."""
    names = counted(
        len(refused),
        "name was not used for a host, because it belongs to",
        "names were not used for hosts, because they belong to",
    )
    return (
        f"{names} a group or to another host, or could act as a template, a pattern of hosts, a path, a command, an"
        " option of ssh or the controller; the next choice of hostnames is used instead, at last the uuid."
        f" The first is {refused[0][:80]!r}"
    )


def about_renamed(renamed: Sequence[str]) -> str:
    """The warning about hosts that had to give up their name for a group."""
    hosts = counted(
        len(renamed),
        "host is called by its uuid, because keyed_groups made a group of its name",
        "hosts are called by their uuid, because keyed_groups made groups of their names",
    )
    return f"{hosts}. The first is {renamed[0][:80]!r}"


def about_groups(refused: Mapping[str, str]) -> str:
    """The warning about groups that could not be made as asked."""
    name, why = next(iter(refused.items()))
    return f"{counted(len(refused), 'group was', 'groups were')} not made as asked. The first is {name[:80]!r}: {why}"


def _about_duplicates(clashes: Mapping[str, Sequence[str]]) -> str:
    devices = sum(len(uuids) for uuids in clashes.values())
    first = next(iter(clashes))
    return (
        f"{devices} devices share {counted(len(clashes), 'name')}; their hosts have the start of the uuid in their"
        f" name. The first is {first[:80]!r}: {listed(clashes[first], 5)}"
    )


class HostWriter:
    """Adds hosts with their variables.

    To set a variable costs ansible-core 7 us: it checks the name, copies the value, and tags it with where it is from.
    For 40 variables of 10,000 hosts that is 3 s. Here all of it is still done by ansible-core, but not in vain:

    - A name is checked on the first host; all hosts have the same.
    - A value that repeats is copied and tagged once. The next hosts get the very string or number that ansible-core
      made of it, or a copy of its dict.
    - All other values of a host are handed over in one list, which is then taken apart.
    """

    def __init__(self, inventory: Any, prefix: str) -> None:
        self._inventory = inventory
        self._hosts = inventory.hosts
        self._prefix = prefix
        # variable -> (its name with prefix, whether its values repeat, what ansible-core made of each value)
        self._known: dict[str, tuple[str, bool, dict[Any, Any]]] = {}

    def add(self, name: str, device: Variables) -> Host:
        """Add one host."""
        if name in self._hosts:
            return self._add_to_existing(name, device)
        self._inventory.add_host(name)
        host = self._hosts[name]
        plain: dict[str, Any] = {}
        variables: dict[str, Any] = {}
        fresh: list[tuple[str, Any, dict[Any, Any], Any]] = []
        for variable, value in device.items():
            known = self._known.get(variable)
            if known is None:
                known = self._learn(variable)
                self._inventory.set_variable(name, known[0], None)
            title, repeats, made = known
            plain[title] = value
            key = _key(value) if repeats or value is None else None
            if key is None or key not in made:
                fresh.append((title, value, made, key))
            else:
                variables[title] = made[key].copy() if value.__class__ is dict else made[key]
        if fresh:
            variables.update(self._hand_over(name, host, fresh))
        host.vars.update(variables)
        return Host(name, plain, host.vars, host)

    def _hand_over(
        self, name: str, host: Any, fresh: Sequence[tuple[str, Any, dict[Any, Any], Any]]
    ) -> Iterator[tuple[str, Any]]:
        first = fresh[0][0]
        host.vars.pop(first, None)
        self._inventory.set_variable(name, first, [mark(value) for _title, value, _made, _key in fresh])
        for (title, _value, made, key), result in zip(fresh, host.vars[first], strict=True):
            if key is not None:
                made[key] = result
            yield title, result

    def _add_to_existing(self, name: str, device: Variables) -> Host:
        """Another source has this host already: its variables may be merged, so each is set by itself."""
        plain = {self._title(variable): value for variable, value in device.items()}
        marked = {title: mark(value) for title, value in plain.items()}
        for title, value in marked.items():
            self._inventory.set_variable(name, title, value)
        return Host(name, plain, marked, self._hosts[name], existed=True)

    def _title(self, variable: str) -> str:
        return variable if variable.startswith(("ansible_", "balena_")) else self._prefix + variable

    def _learn(self, variable: str) -> tuple[str, bool, dict[Any, Any]]:
        return self._known.setdefault(variable, (self._title(variable), variable not in UNIQUE, {}))


def _key(value: Any) -> Any:
    """A key under which equal values of a variable are found; None if a value is too complex to be shared."""
    kind = value.__class__
    if kind is str:
        return value
    if kind is dict:
        return (kind, tuple(value.items())) if _is_flat(value) else None
    return None if kind is list else (kind, value)


def _is_flat(value: dict[str, Any]) -> bool:
    """Whether a shallow copy is a full copy, and equal keys mean equal values: all text, or nothing."""
    return all(item is None or item.__class__ is str for item in value.values())


def group_names(
    devices: Sequence[Variables], group_by: Sequence[str], prefix: str, sanitize: Callable[[str], str]
) -> list[list[str]]:
    """The groups of C(group_by) for each device, under the names that Ansible gives them."""
    valid: dict[str, str] = {}
    found = []
    for device in devices if group_by else ():
        names = []
        for raw in raw_group_names(device, group_by, prefix):
            if raw not in valid:
                valid[raw] = sanitize(raw)
            names.append(valid[raw])
        found.append(names)
    return found


def add_groups(inventory: Any, hosts: Sequence[Host], names: Sequence[Sequence[str]]) -> None:
    """Add each host to its groups of C(group_by)."""
    made: dict[str, str] = {}
    for host, groups in zip(hosts, names, strict=True) if names else ():
        for name in groups:
            if name not in made:
                made[name] = inventory.add_group(name)
            inventory.add_host(host.name, made[name])


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """All that is made within stays: looking for garbage among it, now or later, is wasted time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
