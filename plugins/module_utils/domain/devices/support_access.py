# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access for balena's support staff until a date: the same for applications and devices."""

from __future__ import annotations

from dataclasses import replace

from ...engine import dates
from ...engine.fields import moment
from ...engine.plan import DeclarationError

COLUMN = "is_accessible_by_support_until__date"
_END = moment(
    "support_access_until",
    COLUMN,
    "Let balena's support in until then, such as 2030-01-31; an empty text ends it. Only on balenaCloud.",
    cloud_only=True,
)


def _stored(declared: str) -> str | None:
    """The declared end of the access as the API stores it.

    :raises DeclarationError: not a date and time, or one that has passed (the API would give no access).
    """
    end: str | None = _END.stored(declared)
    if end and not _lasting(end):
        raise DeclarationError(f"{_END.option} '{declared}' has passed; an empty text ends the access")
    return end


def _lasting(end: str | None) -> str | None:
    """Access that has ended is none."""
    found = dates.read(end)
    return end if found and found > dates.now() else None


SUPPORT_ACCESS = replace(_END, stored=_stored, exported=_lasting)
