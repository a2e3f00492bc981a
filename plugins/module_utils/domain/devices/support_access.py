# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access for balena's support staff until a date: the same for applications and devices."""

from __future__ import annotations

from typing import Any

from ...engine import dates
from ...engine.plan import DeclarationError

COLUMN = "is_accessible_by_support_until__date"
OPTION = "support_access_until"


def wanted(text: str) -> str | None:
    """The declared end of the access as the API stores it; None (an empty text was given): there is no access.

    :raises DeclarationError: not a date and time, or one that has passed (the API would give no access).
    """
    if not text.strip():
        return None
    moment = dates.declared(text, OPTION)
    if moment <= dates.now():
        raise DeclarationError(f"{OPTION} '{text}' has passed; an empty text ends the access")
    return dates.as_stored(moment)


def actual(value: Any) -> str | None:
    """What the API says, in the form of L(wanted)."""
    moment = dates.read(value)
    return dates.as_stored(moment) if moment else None
