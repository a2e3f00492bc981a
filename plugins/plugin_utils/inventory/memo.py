# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(compose), C(groups) and C(keyed_groups) at the price of one evaluation per distinct value, not per host.

The evaluation itself is always ansible-core's own: for the first host with certain values its C(Constructable) runs as
it comes, and what it does to the inventory is recorded; for the next hosts with the same values the record is played
back. So every rule of every ansible-core version holds without being written down here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.utils.vars import combine_vars

from .compiling import compile_once
from .expressions import (
    MISSING,
    UNKNOWN,
    Analysis,
    analyse,
    analyse_template,
    changes_variables,
    follow,
)
from .keys import Keys
from .marking import DATA_TAGGING
from .records import Entry, Failure, Host, Record, Recorder

if TYPE_CHECKING:
    from .guarding import Guard
    from .records import Needed, Variables

#: Records kept for one expression. When there are more distinct values than this, hardly any is met again.
_MEMORY = 8192


class ConstructedOnce:
    """Evaluates the constructed options of an inventory plugin.

    :param plugin: an inventory plugin with ansible-core's C(Constructable), whose options are set.
    :param extra: the extra variables, if C(use_extra_vars) hands them to expressions; else empty.
    :param guard: through which groups are made of the values of C(keyed_groups); by default the inventory itself.
    """

    def __init__(self, plugin: Any, *, strict: bool, extra: Variables, guard: Guard | None = None) -> None:
        self._plugin = plugin
        self._guard = guard
        self._strict = strict
        self._extra = extra
        self._keys = Keys(plugin, extra)
        self._remembers = True
        self._named: dict[str, Entry] = {}
        self._merges = constants.DEFAULT_HASH_BEHAVIOUR == "merge"
        self.failures: dict[str, Failure] = {}

    def construct(
        self,
        hosts: Sequence[Host],
        compose: Mapping[str, Any] | None = None,
        groups: Mapping[str, Any] | None = None,
        keyed_groups: Sequence[Any] | None = None,
    ) -> None:
        """Set the variables of C(compose) on each host, then add it to its groups."""
        keys = [entry.get("key") for entry in keyed_groups or () if isinstance(entry, dict)]
        texts = [*(compose or {}).values(), *(groups or {}).values(), *keys]
        self._remembers = not any(changes_variables(text) for text in texts)
        self._compose(compose or {}, hosts)
        self._group(groups or {}, keyed_groups or (), hosts)
        for label, failure in list(self.failures.items()):
            if failure.absent == failure.hosts < len(hosts):
                del self.failures[label]  # a tag that some devices have and others lack is how it should be

    def _compose(self, compose: Mapping[str, Any], hosts: Sequence[Host]) -> None:
        self._keys.composed(compose)
        entries = [self._compose_entry(name, expression) for name, expression in compose.items()]
        with compile_once(self._plugin.templar, _pure_expressions(entries)):
            for host in hosts if entries else ():
                if not compose.keys().isdisjoint(host.plain):
                    host.marked = dict(host.marked)  # an expression sees the device's own value, not what is set here
                for entry in entries:
                    if not self._copied(entry, host):
                        self._apply(entry, host, sees_host=False)

    def _group(self, groups: Mapping[str, Any], keyed: Sequence[Any], hosts: Sequence[Host]) -> None:
        """First C(groups), then C(keyed_groups), as the plugins of ansible-core do."""
        entries = [self._groups_entry(name, condition) for name, condition in groups.items()]
        entries += [self._keyed_entry(number, keyed_entry) for number, keyed_entry in enumerate(keyed)]
        with compile_once(self._plugin.templar, _pure_expressions(entries)):
            for host in hosts if entries else ():
                if groups:
                    host.groups_before = host.entry.get_magic_vars()["group_names"]
                for entry in entries:
                    self._apply(entry, host, sees_host=True)

    def value(self, expression: str, uuid: str, plain: Variables, mark: Callable[[Any], Any]) -> Any:
        """The value of an expression for a device that is not a host yet, or None if it fails and C(strict) is off.

        :raises AnsibleError: it fails and C(strict) is on.
        """
        entry = self._named.get(expression)
        if entry is None:
            entry = self._named[expression] = Entry("hostnames", expression, expression, analyse(expression), _nothing)
        host = Host(uuid, plain, {})
        key = self._keys.key(entry.analysis, host, sees_host=False)
        known = entry.memory.get(key) if key is not None else None
        if known is None:
            names = plain if key is None else entry.analysis.names & set(plain)
            known = self._value(entry, Host(uuid, plain, {name: mark(plain[name]) for name in names}))
            if key is not None:
                self._remember(entry, key, known)
        if known.error:
            self._note(entry, host, known.error)
        return known.variables[0][1] if known.variables else None

    def _value(self, entry: Entry, host: Host) -> Record:
        try:
            with compile_once(self._plugin.templar, _pure_expressions([entry])):
                return Record(variables=[(entry.label, self._plugin._compose(entry.expression, host.marked))])
        except Exception as error:  # as ansible-core does: an expression may raise anything
            if self._strict:
                raise AnsibleError(f"Could not evaluate '{entry.label}' of hostnames: {error}") from error
            return Record(error=str(error))

    def _compose_entry(self, name: str, expression: Any) -> Entry:
        def evaluate(host: Host, strict: bool, needed: Needed) -> None:
            self._plugin._set_composite_vars({name: expression}, host.own(needed), host.name, strict=strict)

        return Entry("compose", name, expression, self._analyse(expression), evaluate)

    def _groups_entry(self, name: str, condition: Any) -> Entry:
        def evaluate(host: Host, strict: bool, needed: Needed) -> None:
            variables = self._seen(host, needed)
            if variables["fetch_hostvars"]:  # once for all of these groups, so none of them sees the others
                seen = {**host.entry.get_vars(), "group_names": host.groups_before}
                variables = {"variables": combine_vars(variables["variables"], seen), "fetch_hostvars": False}
            self._plugin._add_host_to_composed_groups({name: condition}, host=host.name, strict=strict, **variables)

        return Entry("groups", name, condition, self._analyse(condition), evaluate)

    def _keyed_entry(self, number: int, keyed: Any) -> Entry:
        given = keyed if isinstance(keyed, dict) else {}
        key = self._analyse(given.get("key"))
        analysis = key + analyse_template(given.get("parent_group"))

        def evaluate(host: Host, strict: bool, needed: Needed) -> None:
            variables = self._seen(host, needed)
            self._plugin._add_host_to_keyed_groups([keyed], host=host.name, strict=strict, **variables)

        label = str(given.get("key", f"number {number + 1}"))
        return Entry("keyed_groups", label, given.get("key"), analysis, evaluate, key.path)

    def _analyse(self, expression: Any) -> Analysis:
        return analyse(expression) if self._remembers else UNKNOWN

    def _seen(self, host: Host, needed: Needed) -> dict[str, Any]:
        """What groups are evaluated with: the device's variables and what else the host has."""
        if needed is None or self._merges:
            return {"variables": host.own(None), "fetch_hostvars": True}
        return {"variables": host.all(needed), "fetch_hostvars": False}

    def _copied(self, entry: Entry, host: Host) -> bool:
        """Set a variable that is nothing but a string of another one; no need to evaluate anything.

        Before 2.19 ansible-core looks into strings that resemble other types, so there it has to do this itself.
        """
        path = entry.analysis.path
        if not DATA_TAGGING or path is None or path.name in self._extra or host.existed:
            return False
        plain, complete = follow(host.plain.get(path.name), path.steps)
        if not complete or plain.__class__ is not str:
            return False
        value = host.marked[path.name]
        for step in path.steps:
            value = value[step]
        self._plugin.inventory.set_variable(host.name, entry.label, value)
        return True

    def _apply(self, entry: Entry, host: Host, *, sees_host: bool) -> None:
        key = self._keys.key(entry.analysis, host, sees_host)
        known = entry.memory.get(key) if key is not None else None
        if known is None or (known.error and self._strict):
            known = self._evaluate(entry, host, None if key is None else entry.analysis.names)
            if key is not None:
                self._remember(entry, key, known)
        else:
            self._play_back(known, host)
        if known.error:
            self._note(entry, host, known.error, absent=known.absent)

    def _evaluate(self, entry: Entry, host: Host, needed: Needed) -> Record:
        """Let ansible-core do it, strictly first: so a failure is seen, which it else passes over in silence."""
        try:
            return self._recorded(entry, host, needed, strict=True)
        except AnsibleError as error:
            if self._strict:
                raise
            message = str(error)
        record = self._recorded(entry, host, needed, strict=False)
        record.error = None if self._is_merely_empty(entry, host) else message
        record.absent = _is_absent(entry, host)
        return record

    def _remember(self, entry: Entry, key: Any, record: Record) -> None:
        if len(entry.memory) >= _MEMORY:
            entry.memory.clear()
        entry.memory[key] = record

    def _recorded(self, entry: Entry, host: Host, needed: Needed, *, strict: bool) -> Record:
        inventory = self._plugin.inventory
        declared = entry.option == "groups"  # by the user: these names are not made of text from the API
        behind = inventory if declared or self._guard is None else self._guard
        recorder = Recorder(behind, host.name, host_is_child=declared)
        self._plugin.inventory = recorder
        try:
            entry.evaluate(host, strict, needed)
        finally:
            self._plugin.inventory = inventory
        return recorder.record

    def _is_merely_empty(self, entry: Entry, host: Host) -> bool:
        """A key that is empty makes no group, and only C(strict) objects; that is not a failure."""
        if entry.option != "keyed_groups":
            return False
        variables = {**host.own(None), **host.entry.get_vars()}
        try:
            return not self._plugin._compose(entry.expression, variables)
        except Exception:  # whatever ansible-core or a filter raises, it was a failure
            return False

    def _play_back(self, record: Record, host: Host) -> None:
        for name, value in record.variables:
            shared = isinstance(value, (dict, list, set, tuple))
            self._plugin.inventory.set_variable(host.name, name, copy.deepcopy(value) if shared else value)
        for group in record.groups:
            group.add_host(host.entry)

    def _note(self, entry: Entry, host: Host, message: str, *, absent: bool = False) -> None:
        label = f"{entry.option} '{entry.label}'"
        failure = self.failures.setdefault(label, Failure(0, host.name, message))
        failure.hosts += 1
        failure.absent += absent


def _is_absent(entry: Entry, host: Host) -> bool:
    """Whether the expression is a dotted name, and the device does not have what the end of it names."""
    if entry.key is None or entry.key.name not in host.plain:
        return False
    return follow(host.plain[entry.key.name], entry.key.steps)[0] is MISSING


def _nothing(_host: Host, _strict: bool, _needed: Needed) -> None:
    """An expression of C(hostnames) does nothing to the inventory."""


def _pure_expressions(entries: Iterable[Entry]) -> list[str]:
    return [entry.expression for entry in entries if entry.analysis.pure and isinstance(entry.expression, str)]
