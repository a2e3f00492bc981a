# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What text from the API may do to the inventory: name hosts and groups of devices, and touch nobody else's.

ansible-core knows hosts and groups by their names alone, and where a host and a group share one it takes the group: a
variable that is set on such a host is set on the group's members, and a play for it runs on these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleError


class Guard:
    """Stands before the inventory while groups are made of what devices have in common.

    :param inventory: ansible-core's, before this source has added anything.
    :param prefix: of the variables, which tell a device from other hosts.
    """

    def __init__(self, inventory: Any, prefix: str) -> None:
        self._inventory = inventory
        self._uuid = f"{prefix}uuid"
        self._foreign_hosts = dict(inventory.hosts)
        self._foreign_groups = frozenset(inventory.groups)
        #: Groups that could not be made, or not be put below another one, and why.
        self.refused: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inventory, name)

    def is_free(self, groups: Iterable[str]) -> Callable[[str, Mapping[str, Any]], bool]:
        """What tells whether a device may have a name.

        :param groups: groups that this source will make, beside those that are there.
        """
        taken = self._foreign_groups.union(groups, ("all", "ungrouped"))

        def is_free(name: str, device: Mapping[str, Any]) -> bool:
            if name in taken:
                return False
            host = self._foreign_hosts.get(name)
            return host is None or name == device["uuid"] or host.vars.get(self._uuid) == device["uuid"]

        return is_free

    def add_group(self, group: str) -> str:
        """Make a group, unless another source has a host of that name: plays for the host would run on the group."""
        host = self._foreign_hosts.get(group)
        if group not in self._inventory.groups and host is not None and self._uuid not in host.vars:
            self.refused[group] = "a host of another source is called so"
            return group
        return str(self._inventory.add_group(group))

    def add_host(self, host: str, group: str | None = None, port: int | str | None = None) -> Any:
        """Add a host to a group, if that could be made."""
        return host if group in self.refused and group not in self._inventory.groups else self._add(host, group, port)

    def _has_foreign_hosts(self, group: Any) -> bool:
        return any(host.name in self._foreign_hosts for host in group.get_hosts())

    def _add(self, host: str, group: str | None, port: int | str | None) -> Any:
        return self._inventory.add_host(host, group, port)

    def add_child(self, group: str, child: str) -> bool:
        """Put a group below another one, unless that concerns hosts of other sources or makes a circle."""
        groups = self._inventory.groups
        if group not in groups or child not in groups:
            return False
        if child in ("all", "ungrouped", group):
            self.refused[child] = f"it cannot be put below '{group}'"
            return False
        if groups[child] in groups[group].child_groups:
            return False
        if child in self._foreign_groups and self._has_foreign_hosts(groups[child]):
            self.refused[child] = f"it has hosts of another source, so it is not put below '{group}'"
            return False
        try:
            return bool(self._inventory.add_child(group, child))
        except AnsibleError:
            self.refused[child] = f"it is not put below '{group}', which would make a circle"
            return False


def rename_like_groups(inventory: Any, hosts: Iterable[Any], uuid_of: Callable[[Any], str]) -> list[str]:
    """Give hosts that are called like a group their uuid as name; the names that they had.

    Which groups C(keyed_groups) makes is known only when all hosts are there.

    :param hosts: those of this source, as L(HostWriter.add) gives them.
    """
    renamed = []
    for host in hosts:
        if host.name in inventory.groups and not host.existed:
            old = inventory.hosts[host.name]
            new = inventory.hosts[inventory.add_host(uuid_of(host))]
            new.vars.update(old.vars)
            groups = [group for group in old.groups if group.name != "all"]
            inventory.remove_host(old)
            for group in groups:
                inventory.add_host(new.name, group.name)
            renamed.append(host.name)
    return renamed
