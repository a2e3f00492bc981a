# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that are replaced: the old one is touched only when the new one is there.

A key that was to be replaced must stay when its successor could not be made; who uses it would be locked out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..sdk.errors import BalenaError, BalenaRequestError
from .plan import Change, Writer

if TYPE_CHECKING:
    from ..sdk import Balena


class Replacement:
    """Which successors were made, during one run of a plan.

    The plan names its changes so that the key of an old thing begins with the key of its successor.
    """

    def __init__(self, expected: set[tuple[str, ...]]) -> None:
        """Know the keys of the successors that the plan makes."""
        self._missing = set(expected)

    def made(self, key: tuple[str, ...]) -> None:
        """A successor is there now."""
        self._missing.discard(key)

    def writer(self, write: Callable[[Balena, Change], Any]) -> Writer:
        """A writer of a change to something old, which refuses while its successor is missing."""

        def guarded(balena: Balena, change: Change) -> None:
            if any(change.key[: len(key)] == key for key in self._missing):
                raise BalenaError("its successor could not be made, so it stays as it is")
            write(balena, change)

        return guarded


def remove(balena: Balena, change: Change) -> None:
    """Delete the row of a change; that it is gone already is fine."""
    try:
        balena.pine.delete(change.resource, change.id or 0)
    except BalenaRequestError as error:
        if error.status_code != 404:
            raise


def update(balena: Balena, change: Change) -> None:
    """Send what differs of a change to its row."""
    balena.pine.patch(change.resource, change.body, change.id or 0)
