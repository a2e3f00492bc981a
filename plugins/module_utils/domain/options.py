# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several modules have, as planners and readers get them: all there, validated, null where not given.

A planner or reader declares what it reads by name as C(Want): the groups here that its module has, and the module's
own options. Options that are columns (L(engine/fields.py)) are read through their fields and need not be declared.
A test compares all of them with the argument specs of the modules.
"""

from __future__ import annotations

from typing import Any, TypedDict, TypeVar

T = TypeVar("T")


class TagSelection(TypedDict):
    """What is chosen by its tags."""

    with_tags: dict[str, Any] | None
    has_tags: list[str] | None


class Selection(TagSelection):
    """What info modules that are not about devices choose by."""

    filter: str | None
    allow_empty: bool


class DeviceSelection(Selection):
    """Which devices are meant."""

    devices: list[Any] | None
    application: str | None
    limit: str | None


class ReadMore(TypedDict):
    """What else is read of the rows that are returned."""

    fields: list[str] | None
    expand: Any | None


class Windows(TypedDict):
    """When there is time for maintenance."""

    windows: list[dict[str, Any]] | None


class Forecast(TypedDict):
    """What a plan may cost the devices."""

    max_restarts: int | None
    max_reboots: int | None
    max_download: str | None


class Tags(TypedDict):
    """The tags that one thing should have."""

    tags: dict[str, Any] | None
    purge_tags: bool


def needed(value: T | None) -> T:
    """The value of an option that is certainly given, by a rule of its module (C(required_one_of)) or a check before.

    :raises TypeError: it is not: the rule or the check is missing.
    """
    if value is None:
        raise TypeError("an option that is needed is null, and neither a rule nor a check has refused that")
    return value
