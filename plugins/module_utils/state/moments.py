# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates and times: as people declare them, and as the API stores them."""

from __future__ import annotations

import datetime

from .plan import DeclarationError

UTC = datetime.timezone.utc


def declared(text: str, option: str) -> datetime.datetime:
    """The moment that an option means.

    :param text: ISO 8601, such as C(2030-01-31) or C(2030-01-31T12:00:00Z); UTC if it has no zone.
    :param option: the option's name, for the message.
    :raises DeclarationError: no date and time.
    """
    found = _parsed(text)
    if found is None:
        raise DeclarationError(
            f"{option} '{text}' is no date and time such as 2030-01-31 or 2030-01-31T12:00:00Z (UTC if it has no zone)"
        )
    return found


def as_stored(moment: datetime.datetime) -> str:
    """The text that the API stores for a moment."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(value: object) -> datetime.datetime | None:
    """The moment that the API says, if it says one."""
    return _parsed(str(value)) if value else None


def now() -> datetime.datetime:
    """The present, in UTC."""
    return datetime.datetime.now(UTC)


def _parsed(text: str) -> datetime.datetime | None:
    try:
        found = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
