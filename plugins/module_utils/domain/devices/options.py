# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a device that are columns of it: how each is declared, stored and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...engine.plan import DeclarationError
from ..query import Record
from . import support_access

Fields = dict[str, Any]


@dataclass(frozen=True)
class DeviceOption:
    """One option.

    :param columns: where the API keeps it.
    :param wanted: from the declared value to what these columns should hold.
    :param actual: from the device to what they hold, in the same form.
    :param shown: from these columns to the value as tasks return it.
    :param cloud_only: an openBalena server does not even answer a question for the columns.
    """

    columns: tuple[str, ...]
    wanted: Callable[[Any], Fields]
    actual: Callable[[Record], Fields]
    shown: Callable[[Fields], Any]
    cloud_only: bool = False


def declared(want: Mapping[str, Any]) -> dict[str, Any]:
    """The options of L(OPTIONS) that a declaration gives, with their values."""
    return {name: want[name] for name in OPTIONS if want.get(name) is not None}


def columns(names: Iterable[str]) -> list[str]:
    """What has to be read to compare these options."""
    return [column for name in names for column in OPTIONS[name].columns]


def wanted(want: Mapping[str, Any]) -> Fields:
    """What the columns of a device should hold.

    :raises DeclarationError: a value that the API does not take.
    """
    fields: Fields = {}
    for name, value in declared(want).items():
        fields.update(OPTIONS[name].wanted(value))
    return fields


def actual(row: Record, names: Iterable[str]) -> Fields:
    """What the columns of these options hold."""
    fields: Fields = {}
    for name in names:
        fields.update(OPTIONS[name].actual(row))
    return fields


def unset() -> Fields:
    """What the columns of all options hold of a device of which nothing was said."""
    return actual(dict.fromkeys(columns(OPTIONS)), OPTIONS)


def shown(fields: Fields, names: Iterable[str]) -> dict[str, Any]:
    """These options as tasks return them."""
    return {name: OPTIONS[name].shown(fields) for name in names}


def _plain(column: str, nothing: Any, *, cloud_only: bool = False) -> DeviceOption:
    """An option whose value is kept as it is in one column.

    :param nothing: the value that null means.
    """

    def hold(row: Record) -> Fields:
        return {column: nothing if row[column] is None else row[column]}

    return DeviceOption((column,), lambda value: {column: value}, hold, lambda fields: fields[column], cloud_only)


def _name() -> DeviceOption:
    plain = _plain("device_name", "")

    def wish(name: str) -> Fields:
        # Recording 05: the API refuses line breaks and more than 255 characters.
        if not name.strip() or len(name) > 255 or "\n" in name or "\r" in name:
            raise DeclarationError(f"name '{name}' is no name of a device: 1 to 255 characters without line breaks")
        return plain.wanted(name)

    return replace(plain, wanted=wish)


def _location() -> DeviceOption:
    limits = {"latitude": 90.0, "longitude": 180.0}
    names = {option: f"custom_{option}" for option in limits}

    def wish(location: Mapping[str, Any]) -> Fields:
        if all(location.get(option) is None for option in limits):
            return dict.fromkeys(names.values(), "")
        for option, limit in limits.items():
            if location.get(option) is None or not -limit <= location[option] <= limit:
                raise DeclarationError(
                    f"location: {option} must be a number of degrees from {-limit:g} to {limit:g}, "
                    f"not '{location.get(option)}'"
                )
        return {column: _degrees(location[option]) for option, column in names.items()}

    def hold(row: Record) -> Fields:
        return {column: _degrees(row[column]) for column in names.values()}

    def show(fields: Fields) -> dict[str, float] | None:
        found = {option: fields[column] for option, column in names.items()}
        return None if "" in found.values() else {option: float(text) for option, text in found.items()}

    return DeviceOption(tuple(names.values()), wish, hold, show, cloud_only=True)


def _degrees(value: Any) -> str:
    """A coordinate as the API keeps it: text, empty where there is none; one number is always written alike."""
    if value in (None, ""):
        return ""
    try:
        return f"{float(value):.10f}".rstrip("0").rstrip(".")
    except ValueError:
        return str(value)


def _support_access() -> DeviceOption:
    column = support_access.COLUMN
    return DeviceOption(
        (column,),
        lambda text: {column: support_access.wanted(text)},
        lambda row: {column: support_access.actual(row[column])},
        lambda fields: fields[column],
        cloud_only=True,
    )


#: By the name of the module's option. C(active) is what C(state=deactivated) declares.
OPTIONS: dict[str, DeviceOption] = {
    "name": _name(),
    "note": _plain("note", ""),
    "location": _location(),
    "public_url": _plain("is_web_accessible", False),
    support_access.OPTION: _support_access(),
    "active": _plain("is_active", True, cloud_only=True),
}
