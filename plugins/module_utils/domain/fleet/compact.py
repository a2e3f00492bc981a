# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An exported document that says once what devices have in common: defaults, groups by tag, and few single devices."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Document = dict[str, Any]
#: Where in an entry a value stands, and the value as text: a reference to a secret is a dictionary, which has no hash.
Item = tuple[tuple[str, ...], str]

#: A group is called after its tag, and names of groups are short.
_LONGEST = 200
_VARIABLES = ("env", "config")
#: What an entry may still say for its device to be left to a group.
_IDENTITY = frozenset(("name", "uuid", "tags"))


def compact(document: Document) -> Document:
    """The same fleet in fewer words.

    What all devices have becomes C(device_defaults). What all devices of a tag have becomes a group, those with more
    devices first. A device that a group takes has no entry if that says no more than its name, uuid and tags.

    :param document: as it was exported; it is not changed.
    """
    devices = document.get("devices", [])
    if len(devices) < 2:
        return document
    left = [dict(_items(device)) for device in devices]
    defaults = _shared(left)
    _take(defaults, left)
    groups, taken = _groups(devices, left)
    kept = [
        entry
        for device, items, is_taken in zip(devices, left, taken, strict=True)
        if not (set(entry := _entry(device, items)) <= _IDENTITY and is_taken)
    ]
    parts = {"device_defaults": _layer(defaults), "groups": groups, "devices": kept}
    others = {name: value for name, value in document.items() if name != "devices"}
    return {**others, **{name: part for name, part in parts.items() if part}}


def _groups(devices: Sequence[Document], left: list[dict[tuple[str, ...], str]]) -> tuple[list[Document], list[bool]]:
    """The groups, and which devices one of them takes. What they say is taken out of what is left to devices."""
    taken = [False] * len(devices)
    groups = []
    for key, value in _tags(devices):
        members = [number for number, device in enumerate(devices) if device.get("tags", {}).get(key) == value]
        shared = _shared(left[number] for number in members)
        if shared:
            groups.append({"name": f"{key}={value}", "match": {key: value}, **_layer(shared)})
            _take(shared, [left[number] for number in members])
            for number in members:
                taken[number] = True
    return groups, taken


def _tags(devices: Sequence[Document]) -> list[tuple[str, str]]:
    """The tags that several devices have and a group can be called after, those of most devices first."""
    counted = Counter(tag for device in devices for tag in device.get("tags", {}).items() if _can_name(*tag))
    return sorted((tag for tag, count in counted.items() if count > 1), key=lambda tag: (-counted[tag], tag))


def _can_name(key: str, value: str) -> bool:
    """Whether a group can ask for a tag: not for an empty one, nor for what Ansible could take for a template."""
    return bool(value.strip()) and "{" not in key + value and len(key + value) < _LONGEST


def _shared(entries: Iterable[Mapping[tuple[str, ...], str]]) -> dict[tuple[str, ...], str]:
    """What all entries say."""
    found = [set(entry.items()) for entry in entries]
    return dict(sorted(set.intersection(*found))) if found else {}


def _take(shared: Mapping[tuple[str, ...], str], entries: Iterable[dict[tuple[str, ...], str]]) -> None:
    """Leave out of entries what is said for them elsewhere."""
    for entry in entries:
        for path in shared:
            entry.pop(path)


def _items(entry: Document) -> Iterator[Item]:
    """What an entry says that a group can say as well."""
    for kind in _VARIABLES:
        for name, value in entry.get(kind, {}).items():
            yield (kind, name), _text(value)
    for service, said in entry.get("services", {}).items():
        for name, value in said.get("env", {}).items():
            yield ("services", service, "env", name), _text(value)
    if "release" in entry:
        yield ("release",), _text(entry["release"])


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _layer(items: Mapping[tuple[str, ...], str]) -> Document:
    """What defaults or a group say."""
    found: Document = {}
    for path, text in items.items():
        place = found
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = json.loads(text)
    return found


def _entry(device: Document, items: Mapping[tuple[str, ...], str]) -> Document:
    """An entry with what is left to it, in the order that it had."""
    own = _layer({path: text for path, text in _items(device) if path in items})
    movable = (*_VARIABLES, "services", "release")
    return {name: own.get(name, value) for name, value in device.items() if name not in movable or name in own}
