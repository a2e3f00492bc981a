# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host under construction, an expression of the configuration, and what evaluating it did to the inventory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .expressions import Analysis, Dependency
from .marking import mark_composed

Variables = Mapping[str, Any]
if TYPE_CHECKING:
    #: Names of the variables that settle the result of an expression; None if these are not known.
    Needed = frozenset[str] | None

#: Variables that follow from the host's name.
HOST_NAMES = frozenset({"inventory_hostname", "inventory_hostname_short"})


@dataclass
class Host:
    """One host under construction.

    :param name: its name in the inventory.
    :param plain: its variables as plain JSON, with prefix; what memory is keyed by.
    :param marked: the same variables as they are in the inventory; what expressions are evaluated with. ansible-core
        wraps each variable that it is given, named in the expression or not, so it is given no more than needed.
    :param entry: ansible-core's object; None if it is not in the inventory yet.
    :param groups_before: the groups that it was in before those of the option C(groups).
    :param existed: an earlier source has added it already, perhaps with variables of the same names.
    """

    name: str
    plain: Variables
    marked: Mapping[str, Any]
    entry: Any = None
    existed: bool = False
    groups_before: list[str] | None = None

    def own(self, names: Needed) -> dict[str, Any]:
        """The variables of the device with these names, or all (None)."""
        return {name: self.marked[name] for name in (self.plain if names is None else names) if name in self.plain}

    def all(self, names: frozenset[str]) -> dict[str, Any]:
        """The variables with these names of all that the host has, as ansible-core's C(fetch_hostvars) gets them."""
        everything = {**self.entry.vars, **self.entry.get_magic_vars()} if HOST_NAMES & names else self.entry.vars
        return {name: everything[name] for name in names if name in everything}


@dataclass
class Record:
    """What an evaluation did to the inventory.

    :param error: it failed, and why.
    :param absent: it did because the device does not have the key that is named, such as a tag.
    """

    groups: list[Any] = field(default_factory=list)
    variables: list[tuple[str, Any]] = field(default_factory=list)
    error: str | None = None
    absent: bool = False


class Recorder:
    """Stands before the inventory while ansible-core evaluates: passes everything on and notes what concerns the host.

    Membership of the host is always added with C(add_host): C(add_child) would take a host that is named like a group
    for that group.
    """

    def __init__(self, inventory: Any, host: str, host_is_child: bool) -> None:
        self._inventory = inventory
        self._host = host
        self._host_is_child = host_is_child
        self.record = Record()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inventory, name)

    def add_host(self, host: str, group: str | None = None, port: int | str | None = None) -> Any:
        """Add the host to a group."""
        added = self._inventory.add_host(host, group, port)
        if group in self._inventory.groups:  # else it was refused
            self.record.groups.append(self._inventory.groups[group])
        return added

    def add_child(self, group: str, child: str) -> Any:
        """Add the host, or a group, to a group."""
        if self._host_is_child and child == self._host:
            return self.add_host(child, group)
        return self._inventory.add_child(group, child)

    def set_variable(self, entity: str, varname: str, value: Any) -> Any:
        """Set a variable of the host."""
        value = mark_composed(value)
        self.record.variables.append((varname, value))
        return self._inventory.set_variable(entity, varname, value)


@dataclass
class Entry:
    """One expression of the configuration and what is remembered of it.

    :param key: of C(keyed_groups): what the key is, if it is nothing but a dotted name.
    :param evaluate: lets ansible-core evaluate it for a host; called with C(strict) and the variables it needs.
    """

    option: str
    label: str
    expression: Any
    analysis: Analysis
    evaluate: Callable[[Host, bool, Needed], None]
    key: Dependency | None = None
    memory: dict[Any, Record] = field(default_factory=dict)


@dataclass
class Failure:
    """Hosts for which an expression failed while C(strict) is off."""

    hosts: int
    first: str
    message: str
    absent: int = 0
