# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an application has on balenaCloud alone: access for support, and public URLs of its devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.plan import Change, Row, compare
from ..cloud import cloud_only_failures
from ..devices import support_access
from ..query import Record
from ..rows import read_rows

if TYPE_CHECKING:
    from ...sdk import Balena

Want = Mapping[str, Any]

_WEB_ACCESSIBLE = "is_web_accessible"


def declared(want: Want) -> list[str]:
    """The options of this file that are columns of the application, and are given."""
    return [support_access.OPTION] if want.get(support_access.OPTION) is not None else []


def columns(want: Want) -> list[str]:
    """What has to be read of the application to compare them."""
    return [support_access.COLUMN for option in declared(want)]


def fields(want: Want) -> dict[str, Any]:
    """What these columns should hold.

    :raises DeclarationError: a value that the API does not take.
    """
    return {column: support_access.wanted(want[support_access.OPTION]) for column in columns(want)}


def actual(want: Want, found: Record) -> dict[str, Any]:
    """What these columns hold."""
    return {column: support_access.actual(found[column]) for column in columns(want)}


def shown(want: Want) -> dict[str, Any]:
    """The options of this file that were declared, as the task returns them."""
    result = {option: support_access.wanted(want[option]) for option in declared(want)}
    if want.get("device_urls") is not None:
        result["device_urls"] = want["device_urls"]
    return result


def failures(outcome: Outcome) -> dict[str, Any]:
    """What a result says of changes of device URLs that failed."""
    return cloud_only_failures(outcome, {_WEB_ACCESSIBLE: "device_urls"})


def device_urls(balena: Balena, want: Want, found: Record) -> list[Change]:
    """Compare the public URLs of all devices of the application, in one read."""
    if want.get("device_urls") is None:
        return []
    column = _WEB_ACCESSIBLE
    within = {"belongs_to__application": found["id"]}
    devices = read_rows(balena, "device", within, select=["id", "uuid", column])
    return compare(
        "device",
        [Row((device["uuid"],), {column: want["device_urls"]}) for device in devices],
        [Row((device["uuid"],), {column: bool(device[column])}, {}, device["id"]) for device in devices],
    )
