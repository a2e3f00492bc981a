# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access for balena's support staff until a date: the same for applications and devices."""

from __future__ import annotations

import datetime
from typing import Any

from ..plan import DeclarationError

COLUMN = "is_accessible_by_support_until__date"
OPTION = "support_access_until"


def wanted(text: str) -> str | None:
    """The declared end of the access as the API stores it; None (an empty text was given): there is no access.

    :raises DeclarationError: not a date and time, or one that has passed (the API would give no access).
    """
    if not text.strip():
        return None
    moment = _moment(text)
    if moment is None:
        raise DeclarationError(
            f"{OPTION} '{text}' is no date and time such as 2030-01-31 or 2030-01-31T12:00:00Z (UTC if it has no zone)"
        )
    if moment <= datetime.datetime.now(datetime.timezone.utc):
        raise DeclarationError(f"{OPTION} '{text}' has passed; an empty text ends the access")
    return _as_stored(moment)


def actual(value: Any) -> str | None:
    """What the API says, in the form of L(wanted)."""
    moment = _moment(str(value)) if value else None
    return _as_stored(moment) if moment else None


def _moment(text: str) -> datetime.datetime | None:
    try:
        found = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)


def _as_stored(moment: datetime.datetime) -> str:
    text = moment.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
