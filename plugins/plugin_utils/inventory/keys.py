# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the result of an expression depends on, as a key: two hosts with the same key have the same result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .expressions import MISSING, Analysis, Dependency, follow, freeze
from .marking import DATA_TAGGING, is_all_harmless
from .records import HOST_NAMES, Host

if TYPE_CHECKING:
    from .records import Variables


class Keys:
    """Makes keys, for the hosts of one inventory plugin.

    :param extra: the extra variables that expressions see.
    """

    def __init__(self, plugin: Any, extra: Variables) -> None:
        self._plugin = plugin
        self._extra = extra
        self._composed: frozenset[str] = frozenset()
        #: Variables that may have another value than the device's.
        self._touched: frozenset[str] = frozenset(extra)

    def composed(self, names: Iterable[str]) -> None:
        """Note the variables that C(compose) sets."""
        self._composed = frozenset(names)
        self._touched = self._composed | frozenset(self._extra)

    def key(self, analysis: Analysis, host: Host, sees_host: bool) -> Any:
        """What the result depends on, or None if that cannot be told and ansible-core has to be asked."""
        if not analysis.pure:
            return None
        parts: list[Any] = []
        for dependency in analysis.dependencies:
            name = dependency.name
            part: Any
            if host.existed or not DATA_TAGGING or name not in host.plain or name in self._touched:
                part = self._part(dependency, host, sees_host)
                if part is None:
                    return None
            else:  # the usual case, and the only one that has to be fast
                value = follow(host.plain[name], dependency.steps)[0] if dependency.steps else host.plain[name]
                part = value if value.__class__ is str else freeze(value)
            parts.append(part)
        return tuple(parts)

    def _part(self, dependency: Dependency, host: Host, sees_host: bool) -> tuple[Any, ...] | None:
        name = dependency.name
        own: list[Any] = []
        if name in host.plain:
            # Before 2.19 a result is unsafe if anything in a variable that it touches is.
            harmless = DATA_TAGGING or is_all_harmless(host.plain[name])
            own = [freeze(follow(host.plain[name], dependency.steps)[0]), harmless]
        foreign: list[Any] = []
        if name in self._extra:
            foreign.append(_freeze_foreign(self._extra[name]))
        if sees_host and name in HOST_NAMES:
            foreign.append(("name", host.name))
        elif sees_host and (host.existed or name in self._composed or name not in host.plain):
            foreign.append(_freeze_foreign(self._plugin.inventory.hosts[host.name].vars.get(name, MISSING)))
        return None if None in foreign else (*own, *foreign)


def _freeze_foreign(value: Any) -> tuple[Any, ...] | None:
    """A key of a value that is not from the API. None if it may be a template: that depends on yet other variables."""
    if isinstance(value, str):
        return None if "{" in value else ("str", hasattr(value, "__UNSAFE__"), str.__str__(value))
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
        kind = "dict"
    elif isinstance(value, (list, tuple)):
        kind = type(value).__name__
    elif value is None or value is MISSING or isinstance(value, (bool, int, float)):
        return type(value).__name__, repr(value)
    else:
        return None
    items = [_freeze_foreign(item) for item in value]
    return None if None in items else (kind, *items)
