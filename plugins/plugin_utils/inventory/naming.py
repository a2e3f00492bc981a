# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of hosts: the first of the user's preferences that is usable, and never two devices under one name."""

from __future__ import annotations

import functools
import re
import socket
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...module_utils.engine.visible import has_hidden
from ...module_utils.engine.wording import listed
from .marking import is_harmless

Variables = Mapping[str, Any]
#: Gives the value of a Jinja expression for one device, or None if it fails.
Evaluate = Callable[[str, Variables], Any]
#: Whether a name belongs to nobody else: no group, and no host that is not this device.
IsFree = Callable[[str, Variables], bool]

SHORT_UUID = 7  # digits, as the dashboard shows them

#: Ansible takes the first ones for the controller; the others are what a resolver does.
_CONTROLLER = frozenset({
    "localhost", "localhost4", "localhost6", "localhost.localdomain", "localhost4.localdomain4",
    "localhost6.localdomain6", "ip6-localhost", "ip6-loopback", "ip6-allnodes", "ip6-allrouters", "loopback",
    "broadcasthost",
})  # fmt: skip
#: In turn: an option of ssh (C(-o...)), a file of hosts or an absolute path (C(host_vars/) would be left), a regular
#: expression; a path out of the directory; what separates or combines patterns of hosts, or is a range or a wildcard
#: in one; what a shell acts on, to which ssh hands the name for a ProxyCommand.
_UNUSABLE = re.compile(r"\A[-@/~!&]|(\A|/)\.\.(/|\Z)|[,:*?\[\]]|[$`;&|\\]|>.")
_NUMERIC = re.compile(r"[0-9a-fx.]+")


def is_usable(name: object) -> bool:
    """Whether a host may have the name. It is text from the API, so it must not be able to do anything."""
    if not isinstance(name, str) or not name.strip() or name != name.strip():
        return False
    return not _UNUSABLE.search(name) and not has_hidden(name) and not _is_controller(name) and is_harmless(name)


def _is_controller(name: str) -> bool:
    """Whether the name is, or is resolved to, the machine that it is resolved on."""
    # Resolvers take full-width digits and dots for plain ones, ignore case and a dot at the end.
    plain = name if name.isascii() else unicodedata.normalize("NFKC", name.replace("\u3002", "."))
    plain = plain.casefold().rstrip(".")
    if plain in _CONTROLLER or plain.endswith(".localhost") or plain in _own_names():
        return True
    if not plain[:1].isdigit() or not _NUMERIC.fullmatch(plain):
        return False
    try:
        address = socket.inet_aton(plain)  # takes 127.1, 0x7f000001 and 2130706433 as a resolver does
    except OSError:
        return False
    return address[0] == 127 or address == b"\0\0\0\0"


@functools.lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    full = socket.gethostname().casefold().rstrip(".")
    return frozenset({full, full.partition(".")[0]})


def _free(_name: str, _device: Variables) -> bool:
    return True


def preferred_name(
    device: Variables, preferences: Sequence[str], evaluate: Evaluate, is_free: IsFree = _free
) -> tuple[str, list[str]]:
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
        if is_usable(candidate) and is_free(candidate, device):
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
    names: Sequence[str], devices: Sequence[Variables], on_duplicate: str, is_free: IsFree = _free
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
            found[index] = _free_name(name, devices[index], taken, is_free)
            taken.add(found[index])
    return found, clashes


def _free_name(name: str, device: Variables, taken: set[str], is_free: IsFree) -> str:
    uuid = str(device["uuid"])
    for candidate in (f"{name}_{uuid[:SHORT_UUID]}", f"{name}_{uuid}"):
        if candidate not in taken and is_free(candidate, device):
            return candidate
    return uuid


class DuplicateNames(Exception):
    """Several devices have one name, and C(on_duplicate) is C(error)."""


def describe(clashes: Mapping[str, Sequence[str]], limit: int = 5) -> str:
    """A sentence part such as C('sensor' (7cf02a6..., 9a0b1c2...), and 3 more)."""
    parts = [f"'{name}' ({', '.join(uuids[:limit])})" for name, uuids in clashes.items()]
    return listed(parts, limit, more=", and {} more")
