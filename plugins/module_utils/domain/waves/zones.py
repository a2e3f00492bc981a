# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time zones by their names in the IANA database, such as Europe/Berlin."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ...engine import dates
from ...engine.near import near
from ...engine.plan import DeclarationError

#: What counts where nothing says another one. It needs no database.
UTC = "UTC"


def find(name: Any, where: str) -> tzinfo:
    """The time zone of a name.

    :param where: what says the name, such as an option, for the message.
    :raises DeclarationError: there is no such zone, or no database of zones on the controller.
    """
    text = str(name).strip()
    if text == UTC:
        return dates.UTC
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DeclarationError(f"{where}: {_unknown(text)}") from error


def _unknown(name: str) -> str:
    known = available_timezones()
    if not known:
        return (
            f"'{name}' cannot be looked up, since the controller has no database of time zones. Install the package "
            "tzdata of its operating system, or the Python library tzdata; UTC works without"
        )
    meant = near(name, sorted(known)) or "; names are such as Europe/Berlin"
    return f"'{name}' is not known here{meant}"
