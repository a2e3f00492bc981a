# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates and times: as people declare them, and as the API stores them."""

from __future__ import annotations

import datetime
import re

from .plan import DeclarationError

UTC = datetime.timezone.utc

#: What all supported versions of Python read alike, and the API stores.
_TEXT = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?P<fraction>\.[0-9]{1,6})?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)


def declared(text: str, option: str) -> datetime.datetime:
    """The moment that an option means.

    :param text: ISO 8601, such as C(2030-01-31) or C(2030-01-31T12:00:00Z); UTC if it has no zone.
    :param option: the option's name, for the message.
    :raises DeclarationError: no date and time.
    """
    found = _parsed(text)
    if found is None:
        raise DeclarationError(
            f"{option} '{text}' is not a date and time such as 2030-01-31 or 2030-01-31T12:00:00Z (UTC if it has no "
            "zone; in the years 1 to 9999)"
        )
    return found


def later(moment: datetime.datetime, seconds: float, option: str) -> datetime.datetime:
    """The moment that comes so many seconds, which an option says, after another.

    :raises DeclarationError: after the end of the calendar.
    """
    try:
        return moment + datetime.timedelta(seconds=seconds)
    except OverflowError:
        raise DeclarationError(f"{option} {seconds} ends after the year 9999; it is a number of seconds") from None


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
    """The moment in UTC; None if the text is none, or one that is out of the calendar in UTC."""
    parts = _TEXT.fullmatch(text.strip())
    if not parts:
        return None
    zone = parts["zone"] or "Z"
    plain = f"{parts['date']}T{parts['time'] or '00:00'}{'' if zone in 'Zz' else zone}"
    try:
        found = datetime.datetime.fromisoformat(plain)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found.replace(microsecond=int((parts["fraction"] or ".")[1:].ljust(6, "0")))
