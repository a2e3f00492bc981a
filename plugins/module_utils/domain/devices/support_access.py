# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access for balena's support staff until a date: the same for applications and devices."""

from __future__ import annotations

from typing import Any

from ...engine import dates
from ...engine.fields import text
from ...engine.plan import DeclarationError

COLUMN = "is_accessible_by_support_until__date"
_OPTION = "support_access_until"


def _stored(end: str) -> str | None:
    """The declared end of the access as the API stores it; None (an empty text was given): there is no access.

    :raises DeclarationError: not a date and time, or one that has passed (the API would give no access).
    """
    if not end.strip():
        return None
    moment = dates.declared(end, _OPTION)
    if moment <= dates.now():
        raise DeclarationError(f"{_OPTION} '{end}' has passed; an empty text ends the access")
    return dates.as_stored(moment)


def _held(value: Any) -> str | None:
    """What the API says, in the form of L(_stored)."""
    moment = dates.read(value)
    return dates.as_stored(moment) if moment else None


def _exported(end: str | None) -> str | None:
    """Access that has ended is none."""
    moment = dates.read(end)
    return end if moment and moment > dates.now() else None


SUPPORT_ACCESS = text(
    _OPTION,
    COLUMN,
    None,
    stored=_stored,
    held=_held,
    exported=_exported,
    cloud_only=True,
    document={
        "type": "string",
        "description": "Let balena's support in until then, such as 2030-01-31; an empty text ends it. Only on "
        "balenaCloud.",
    },
)
