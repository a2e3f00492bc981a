# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of an inventory file to a filled inventory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.module_utils.basic import missing_required_lib

from ...module_utils.connection import connect
from ...module_utils.domain import read_more
from ...module_utils.domain.devices.facts import shape
from ...module_utils.engine.visible import visible
from ...module_utils.engine.wording import counted
from ...module_utils.inert import IS_NEEDED, inert, warning
from ...module_utils.sdk.errors import BalenaError, BalenaRequestError
from ..reach.address import AddressError
from .building import (
    HostWriter,
    Naming,
    about_groups,
    about_refused,
    about_renamed,
    add_groups,
    group_names,
    host_names,
    no_garbage_collection,
)
from .caching import cache_key, keep_private, pack, unpack
from .guarding import Guard, rename_like_groups
from .marking import mark
from .memo import ConstructedOnce
from .naming import DuplicateNames
from .reach import Target, Wanted, Way, group_targets, targets
from .reading import expansions, read_devices

Device = dict[str, Any]


class InventorySource:
    """One inventory file.

    :param plugin: the inventory plugin, its options set.
    :param options: these options.
    :param extra: the extra variables.
    """

    def __init__(self, plugin: Any, options: Mapping[str, Any], extra: Mapping[str, Any] | None) -> None:
        self._plugin = plugin
        self._options = options
        self._wanted = Wanted.of(options)
        self._guard = Guard(plugin.inventory, options["hostvars_prefix"])
        self._constructed = ConstructedOnce(
            plugin,
            strict=options["strict"],
            extra=extra or {} if options.get("use_extra_vars") else {},
            guard=self._guard,
        )

    def fill(self, *, use_cache: bool) -> None:
        """Read the devices, or take them from the cache, and put them into the plugin's inventory.

        :raises AnsibleError: with one sentence for the user.
        """
        try:
            self.build(self.select(self.devices(use_cache=use_cache)))
        except BalenaRequestError as error:
            raise AnsibleParserError(f"Could not read the devices: {error}{self._hint(error)}") from error
        except (BalenaError, DuplicateNames, AddressError) as error:
            raise AnsibleParserError(str(error)) from error

    def devices(self, *, use_cache: bool) -> list[Device]:
        """The variables of all devices, without prefix."""
        if self._options.get("cache") and self._options["variables"] == "values":
            self._keep_cache_private()
        want = {
            **self._options,
            "api_token": _text(self._options.get("api_token")),
            "services": self._wanted.reads_services,
        }
        with connect(want, read_only=True) as balena:
            key = cache_key(self._plugin.NAME, want, want["api_url"], balena.tokens.get())
            found = self._cached(key) if self._options.get("cache") and use_cache else None
            if found is None:
                relations = list(read_more.relations(want["expand"]))
                rows = read_devices(balena, want)
                foreign = set(relations) - expansions({**want, "expand": None}).keys()
                found = [shape(row, fields=want["fields"] or (), expand=relations, foreign=foreign) for row in rows]
                if self._options.get("cache"):
                    self._plugin.cache[key] = pack(found)
        return found

    def _keep_cache_private(self) -> None:
        folder = getattr(getattr(self._plugin.cache, "_plugin", None), "_cache_dir", None)
        if isinstance(folder, str):  # of a cache plugin that writes files
            keep_private(folder)

    def _cached(self, key: str) -> list[Device] | None:
        try:
            return unpack(self._plugin.cache[key])
        except Exception:  # not there or expired (KeyError), or whatever a cache plugin raises for what it cannot read
            return None

    def select(self, devices: list[Device]) -> list[Device]:
        """The devices that the option C(query) keeps.

        :raises AnsibleParserError: it is not a JMESPath, or does not yield devices.
        """
        query = self._options.get("query")
        if not query:
            return devices
        try:
            import jmespath
        except ImportError as error:
            raise AnsibleParserError(missing_required_lib("jmespath", reason="for the option query")) from error
        try:
            chosen = jmespath.search(query, devices)
        except jmespath.exceptions.JMESPathError as error:
            raise AnsibleParserError(f"option query: {error}") from error
        if not isinstance(chosen, list) or not all(isinstance(item, dict) and "uuid" in item for item in chosen):
            raise AnsibleParserError("option query: the result must be a list of devices, such as [?is_online] gives")
        uuids = {item["uuid"] for item in chosen}
        return [device for device in devices if device["uuid"] in uuids]

    def build(self, devices: list[Device]) -> None:
        """Make hosts, variables and groups of the devices."""
        with no_garbage_collection():
            options, inventory = self._options, self._plugin.inventory
            sanitize = self._plugin._sanitize_group_name
            groups = group_names(devices, options["group_by"], options["group_prefix"], sanitize)
            names = host_names(devices, self.naming(groups), self._warn)
            devices = self.inert(devices)
            found = self._targets(devices, names, groups)
            writer = HostWriter(inventory, options["hostvars_prefix"])
            hosts = [writer.add(target.name, target.variables) for target in found]
            add_groups(self._guard, hosts, self._groups_of(found, names, devices, groups))
            self._constructed.construct(hosts, options["compose"], options["groups"], options["keyed_groups"])
            fallbacks = {host.name: target.fallback for host, target in zip(hosts, found, strict=True)}
            renamed = rename_like_groups(inventory, hosts, lambda host: fallbacks[host.name])
        if renamed:
            self._warn(about_renamed(renamed))
        if self._guard.refused:
            self._warn(about_groups(self._guard.refused))
        self._report_failures()

    def inert(self, devices: list[Device]) -> list[Device]:
        """The devices as this ansible-core may have them in variables; one warning if they are written differently."""
        if not IS_NEEDED:
            return devices
        changed: list[str] = []
        found = [inert(device, changed, values=True) for device in devices]
        if changed:
            self._warn(warning(changed))
        return found

    def naming(self, groups: Iterable[Iterable[str]]) -> Naming:
        """How hosts are called.

        :param groups: names of groups that will be made of them by C(group_by).
        """
        options = self._options
        made = {self._plugin._sanitize_group_name(name) for name in options["groups"] or ()}
        is_free = self._guard.is_free(made.union(*groups))
        # Text stays the object that it is: ansible-core from 2.19 on evaluates only expressions that it trusts.
        hostnames = [name if isinstance(name, str) else str(name) for name in options["hostnames"]]
        return Naming(hostnames, options["on_duplicate"], self._evaluate, is_free)

    def _targets(self, devices: list[Device], names: list[str], groups: list[list[str]]) -> list[Target]:
        """The hosts that the devices become."""
        way = Way(self._options) if self._wanted.kinds else None
        refused: list[str] = []
        found = targets(devices, names, self._wanted, way, self.naming(groups).is_free, refused)
        if refused:
            self._warn(about_refused(refused))
        return found

    def _groups_of(
        self, found: list[Target], names: list[str], devices: list[Device], groups: list[list[str]]
    ) -> list[list[str]]:
        """The groups of each host: those of its device, and its own."""
        if not self._wanted.kinds:
            return groups
        prefix, sanitize = self._options["group_prefix"], self._plugin._sanitize_group_name
        own = group_targets(found, names, devices, self._wanted.kinds, prefix, sanitize)
        return [[*(groups[target.number] if groups else ()), *more] for target, more in zip(found, own, strict=True)]

    def _evaluate(self, expression: str, device: Mapping[str, Any]) -> Any:
        prefix = self._options["hostvars_prefix"]
        plain = {prefix + name: value for name, value in device.items()}
        return self._constructed.value(expression, str(device["uuid"]), plain, mark)

    def _report_failures(self) -> None:
        """One warning for all expressions that failed on some hosts while C(strict) is off."""
        failures = self._constructed.failures.items()
        if failures:
            parts = [
                f"{name} on {counted(it.hosts, 'host')}, first on {it.first}: {it.message}" for name, it in failures
            ]
            message = "Some expressions failed (strict: true makes this an error). " + "; ".join(parts)
            self._warn(message)

    def _warn(self, message: str) -> None:
        self._plugin.display.warning(visible(message))

    def _hint(self, error: BalenaRequestError) -> str:
        if error.status_code in (401, 403):
            return ". The API refused the token: it is wrong or expired, or may not read devices"
        if error.status_code in (400, 500) and (self._options.get("filter") or self._options.get("expand")):
            return ". The options filter or expand may name what the API does not have, or be no OData"
        return ""


def _text(token: Any) -> str | None:
    """The token as text; from a vault it is an object that decrypts itself."""
    return None if token is None else str(token)
