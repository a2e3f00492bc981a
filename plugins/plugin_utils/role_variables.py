# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the collection's roles: one rule for all of them on what is wrong with those that a role was given.

ansible-core checks their types by the role's argument specification. It lets null pass, knows no bounds, and passes
over variables that the role does not have, so that a misspelt one silently has no effect.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible import errors

from ..module_utils import option_bounds, option_errors
from ..module_utils.emptiness import NEVER_EMPTY, emptied
from ..module_utils.engine.near import slip

#: What modules call something, and what it was called before, by what roles call it.
_OTHER_NAMES = {
    "application": ("fleet",),
    "with_tags": ("tags",),
    "device_timeout": ("timeout", "wait_timeout"),
    "documents": ("document",),
}


#: What playbooks call things of their own, though a variable of a role begins like that.
_OF_PLAYBOOKS = {"plan"}


class _Omitted(Exception):
    """Stands for the error below where ansible-core has none."""


#: What templates raise that say that there is no value.
_OMITTED: type[Exception] = getattr(errors, "AnsibleValueOmittedError", _Omitted)
#: The variables that say which file a role writes at its end.
_FILES = {"rollout_report", "os_update_report", "diagnose_report"}
#: Keys that the results of tasks have, which are registered under all kinds of names.
_OF_RESULTS = {"changed", "failed", "results", "skipped"}


@dataclass(frozen=True)
class Role:
    """A role of the collection.

    :param prefix: what the names of its variables begin with.
    :param options: its argument specification, by the names of the variables.
    :param own: the names of its own variables and facts.
    """

    prefix: str
    options: Mapping[str, Mapping[str, Any]]
    own: frozenset[str]

    @classmethod
    @cache
    def at(cls, folder: Path) -> Role:
        """The role in a folder, of which the specification of its main tasks counts."""
        specs = _load(folder / "meta" / "argument_specs.yml")["argument_specs"]
        own = {*_load(folder / "vars" / "main.yml")}
        for path in sorted((folder / "tasks").glob("*.yml")):
            own.update(_set_by(_load(path)))
        return cls(f"{folder.name}_", specs["main"]["options"], frozenset(own))

    def mistakes(self, variables: Mapping[str, Any], template: Callable[[Any], Any]) -> list[str]:
        """What is wrong with the variables of a host; a sentence for each.

        :param variables: all variables by their names, as they were written.
        :param template: evaluates a value.
        """
        given = dict(self._given(variables, template))
        wrong = [
            f"{name} is given without a value (null). Leave it out, or say what it should be"
            for name, value in given.items()
            if value is None and self._bare(name) not in NEVER_EMPTY
        ]
        aliases = {name: self._bare(name) for name in self.options}
        visible = [self._bare(name) for name, said in self.options.items() if not self._may_be_blank(name, said)]
        wrong.append(emptied(NEVER_EMPTY, given, aliases=aliases, never_blank=visible))
        found = option_errors.validate({"argument_spec": self.options}, given)
        wrong.append(option_errors.explain(self.options, given, found, self.prefix, prefix=self.prefix))
        wrong += (self._unwritable(name, path) for name in _FILES & given.keys() for path in _several(given[name]))
        return [*filter(None, wrong), *self.misspelt(variables)]

    def _unwritable(self, name: str, value: Any) -> str:
        """Why a report cannot be written, which would be missed when everything is over; empty if it can."""
        if not isinstance(value, str) or not value:
            return ""
        # What is too long or holds a null character does not exist for these functions, which raise nothing.
        path = os.path.expanduser(os.path.expandvars(value))
        folder = os.path.dirname(path) or "."
        if os.path.isdir(path):
            reason = "it is a folder"
        elif not os.path.exists(folder):
            reason = f"folder {folder} does not exist"
        elif not (os.path.isdir(folder) and os.access(folder, os.W_OK)):
            reason = f"{folder} is not a folder in which the user of the controller may write"
        else:
            return ""
        return f"{name} '{value}' cannot be written, and nothing was changed: {reason}"

    def _given(self, variables: Mapping[str, Any], template: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
        """The variables of the role that say something."""
        for name in self.options:
            if name not in variables:
                continue
            try:
                value = template(variables[name])
            except _OMITTED:  # "{{ something | default(omit) }}", since ansible-core 2.19
                continue
            if not (isinstance(value, str) and value == variables.get("omit")):  # the same, before
                yield name, value

    def misspelt(self, variables: Mapping[str, Any]) -> Iterator[str]:
        """The variables that were probably meant to be one of the role's, with which."""
        named = {word for name in self.options if name in variables for word in _words(variables[name])}
        known = {self._bare(name): name for name in self.options}
        others = {other: known[name] for name, ways in _OTHER_NAMES.items() if name in known for other in ways}
        for name in sorted(name for name in variables if str(name).startswith(self.prefix)):
            if name in self.options or name in self.own or name in named or _is_result(variables[name]):
                continue
            bare = self._bare(name)
            if bare in _OF_PLAYBOOKS:
                continue
            if meant := others.get(bare) or known.get(slip(bare, known) or ""):
                yield f"the role has no variable '{name}'; did you mean '{meant}'?"

    def _bare(self, name: str) -> str:
        return name.removeprefix(self.prefix)

    def _may_be_blank(self, name: str, said: Mapping[str, Any]) -> bool:
        return option_bounds.may_be_blank(self._bare(name), said)


def _load(path: Path) -> Any:
    return (yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None) or {}


def _set_by(tasks: Any) -> Iterator[str]:
    """The facts that tasks leave behind. What they register is known by its looks, see L(_is_result)."""
    if isinstance(tasks, list):
        for task in tasks:
            yield from _set_by(task)
    elif isinstance(tasks, Mapping):
        yield from tasks.get("ansible.builtin.set_fact", ())
        for part in ("block", "rescue", "always"):
            yield from _set_by(tasks.get(part))


def _several(value: Any) -> list[Any]:
    """The items of a list, which may also be one."""
    return value if isinstance(value, list) else [value]


def _is_result(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(_OF_RESULTS & value.keys())


def _words(value: Any) -> set[str]:
    """All that could be the name of a variable in a value that may have templates."""
    return set(re.findall(r"\w+", value if isinstance(value, str) else repr(value)))
