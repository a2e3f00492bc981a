# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a fleet document that is as its schema says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ...engine import dates
from ...engine.plan import DeclarationError
from ..devices.support_access import SUPPORT_ACCESS
from ..devices.switches import VARIABLES
from ..host_os.names import read_version_name
from ..releases.names import read_name
from .schema_check import Mistake, below


def contradictions(content: Mapping[str, Any]) -> Iterator[Mistake]:
    """What the schema cannot say, in a document that is as it says."""
    yield from _unreadable(content)
    groups, devices = content.get("groups", []), content.get("devices", [])
    yield from _twice("groups", "name", [one["name"] for one in groups])
    yield from _twice("devices", "uuid", [one.get("uuid") for one in devices])
    yield from _twice("devices", "name", [None if "uuid" in one else one["name"] for one in devices])
    yield from _twice("provisioning_keys", "name", [one["name"] for one in content.get("provisioning_keys", ())])
    chosen_by = {key: one["name"] for one in groups for key in (*one.get("match", ()), *one.get("has_tags", ()))}
    for number, one in enumerate(groups):
        for key in one.get("tags", {}):
            if key in chosen_by:
                yield Mistake(
                    f"groups[{number}].tags.{key}",
                    f"the group '{chosen_by[key]}' is chosen by this tag, which a group can therefore not give",
                )
    yield from _switched_twice(content)


def _unreadable(content: Mapping[str, Any]) -> Iterator[Mistake]:
    """Releases, versions and dates that are none."""
    for path, layer in (("", content), *_layers(content)):
        if "release" in layer:
            yield from _tried(below(path, "release"), read_name, layer["release"])
        yield from _no_date(path, SUPPORT_ACCESS.option, layer)
    for section in ("supervisor", "os"):
        if section in content:
            yield from _tried(f"{section}.version", _version, content[section]["version"])
    for number, key in enumerate(content.get("provisioning_keys", ())):
        yield from _no_date(f"provisioning_keys[{number}]", "expires", key)


def _no_date(path: str, name: str, holder: Mapping[str, Any]) -> Iterator[Mistake]:
    if holder.get(name, "").strip():
        yield from _tried(below(path, name), _date, holder[name])


def _date(text: str) -> Any:
    return dates.declared(text, "the text")


def _version(text: str) -> Any:
    return read_version_name(text, "the text")


def _tried(path: str, understand: Callable[[Any], Any], text: Any) -> Iterator[Mistake]:
    try:
        understand(text)
    except DeclarationError as error:
        yield Mistake(path, str(error))


def _layers(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "device_defaults", content.get("device_defaults", {})
    for part in ("groups", "devices"):
        yield from ((f"{part}[{number}]", one) for number, one in enumerate(content.get(part, ())))


def _twice(part: str, column: str, names: Iterable[str | None]) -> Iterator[Mistake]:
    names = list(names)
    times = Counter(name for name in names if name is not None)
    for number, name in enumerate(names):
        if name is not None and times[name] > 1 and names.index(name) != number:
            yield Mistake(f"{part}[{number}].{column}", f"'{name}' is declared twice")


def _switched_twice(content: Mapping[str, Any]) -> Iterator[Mistake]:
    """The options that are kept as config variables, in a document that also has these variables."""
    layers = list(_layers(content))
    for option, variable in VARIABLES.items():
        declared = any(option in layer for _path, layer in layers)
        for path, layer in layers if declared else ():
            if variable in layer.get("config", {}):
                yield Mistake(f"{path}.config.{variable}", f"is what {option} declares elsewhere; use one of them")
