# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of hosts: the first of the user's preferences that is usable, and never two devices under one name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .marking import is_harmless

Variables = Mapping[str, Any]
#: Gives the value of a Jinja expression for one device, or None if it fails.
Evaluate = Callable[[str, Variables], Any]

SHORT_UUID = 7  # digits, as the dashboard shows them

#: Ansible takes these for the controller: a device of this name would receive what is meant for the controller.
_CONTROLLER = frozenset({"localhost", "127.0.0.1", "::1"})
#: C(-o...) would be an option to ssh, control characters confuse terminals, C(..) leaves the host_vars directory.
_UNUSABLE = re.compile(r"\A-|[\x00-\x1f\x7f]|(\A|/)\.\.(/|\Z)")


class DuplicateNames(Exception):
    """Several devices have one name, and C(on_duplicate) is C(error)."""


def is_usable(name: object) -> bool:
    """Whether a host may have the name. It is text from the API, so it must not be able to do anything."""
    if not isinstance(name, str) or not name.strip():
        return False
    return name not in _CONTROLLER and not _UNUSABLE.search(name) and is_harmless(name)


def preferred_name(device: Variables, preferences: Sequence[str], evaluate: Evaluate) -> tuple[str, list[str]]:
    """The name of one device, and the candidates that were refused because they are not usable.

    :param device: its variables without prefix.
    :param preferences: variables (C(device_name)), tags (C(tags.site)) or Jinja expressions, best first.
        The uuid is always the last resort.
    """
    refused: list[str] = []
    for preference in preferences:
        candidate = _candidate(device, preference, evaluate)
        if isinstance(candidate, int) and not isinstance(candidate, bool):
            candidate = str(candidate)
        if is_usable(candidate):
            return str(candidate), refused
        if candidate not in (None, ""):
            refused.append(str(candidate))
    return str(device["uuid"]), refused


def _candidate(device: Variables, preference: str, evaluate: Evaluate) -> Any:
    if preference in device:
        return device[preference]
    owner, _dot, key = preference.partition(".")
    if owner == "tags" and key in device["tags"]:
        return device["tags"][key]
    if owner == "tags" and re.fullmatch(r"[\w.-]+", key):
        return None
    return evaluate(preference, device)


def distinct_names(
    names: Sequence[str], devices: Sequence[Variables], on_duplicate: str
) -> tuple[list[str], dict[str, list[str]]]:
    """The names, each made unique, and which devices (uuids) wanted the same one.

    All devices that share a name get it with the start of their uuid (C(sensor_7cf02a6)), so that no one's name
    depends on which of them came first.

    :raises DuplicateNames: there are some and C(on_duplicate) is C(error).
    """
    owners: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        owners.setdefault(name, []).append(index)
    shared = {name: indexes for name, indexes in owners.items() if len(indexes) > 1}
    if not shared:
        return list(names), {}
    clashes = {name: [str(devices[index]["uuid"]) for index in indexes] for name, indexes in shared.items()}
    if on_duplicate == "error":
        raise DuplicateNames(describe(clashes))
    taken = {name for name, indexes in owners.items() if len(indexes) == 1}
    found = list(names)
    for name, indexes in shared.items():
        for index in indexes:
            found[index] = _free_name(name, str(devices[index]["uuid"]), taken)
            taken.add(found[index])
    return found, clashes


def _free_name(name: str, uuid: str, taken: set[str]) -> str:
    for candidate in (f"{name}_{uuid[:SHORT_UUID]}", f"{name}_{uuid}"):
        if candidate not in taken:
            return candidate
    return uuid


def describe(clashes: Mapping[str, Sequence[str]], limit: int = 5) -> str:
    """A sentence part such as C('sensor' (7cf02a6..., 9a0b1c2...), and 3 more)."""
    parts = [f"'{name}' ({', '.join(uuids[:limit])})" for name, uuids in list(clashes.items())[:limit]]
    more = len(clashes) - limit
    return ", ".join(parts) + (f", and {more} more" if more > 0 else "")
