# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices, as balena_device_info returns them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from .. import read_more
from ..options import DeviceSelection, ReadMore
from ..query import Record
from ..selector import any_name, select_devices
from .facts import EXPANSIONS, SERVICES, shape

if TYPE_CHECKING:
    from ...sdk import Balena


class Want(DeviceSelection, ReadMore):
    """The options of the module balena_device_info."""

    services: bool


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The devices that are selected, in one request.

    :param want: the options of the module balena_device_info.
    """
    asked = read_more.wanted(want)
    own = {**EXPANSIONS, "image_install": SERVICES} if want["services"] else EXPANSIONS
    with asked.reading():
        rows = chosen(balena, want, select=None, expand=asked.expansions(own))
    foreign = asked.expand.keys() - own.keys()
    return {"devices": [{**_facts(row, foreign), **asked.given(row)} for row in rows]}


def chosen(balena: Balena, want: DeviceSelection, **reading: Any) -> list[Record]:
    """The devices that an info module is about: with C(allow_empty), those that exist of the ones that are named."""
    lenient = any_name if want["allow_empty"] else None
    return select_devices(balena, want, everywhere=True, may_be_missing=lenient, **reading)


def _facts(row: Record, foreign: Collection[str]) -> dict[str, Any]:
    """The facts that the inventory has too, with the name under the word that the other modules have for it."""
    facts = shape(row, foreign=foreign)
    name = facts.pop("device_name")
    return {"id": facts.pop("id"), "uuid": facts.pop("uuid"), "name": name, **facts}
