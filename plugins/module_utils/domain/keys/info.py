# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API keys without their values, as balena_api_key_info returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import read_more
from ..options import ReadMore
from .owners import COLUMNS, Owned, describe, find, keys_of

if TYPE_CHECKING:
    from ...sdk import Balena


class Want(Owned, ReadMore):
    """The options of the module balena_api_key_info."""

    name: str | None


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The keys of a user, an application or devices, in two or three requests.

    :param want: the options of the module balena_api_key_info.
    """
    asked = read_more.wanted(want)
    owners = find(balena, want)
    with asked.reading():
        keys = keys_of(balena, owners, name=want["name"], select=asked.select(COLUMNS), expand=asked.expansions())
    return {"api_keys": [{**describe(owner, row), **asked.given(row)} for owner, rows in keys.items() for row in rows]}
