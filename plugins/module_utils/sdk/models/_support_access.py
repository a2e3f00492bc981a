# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access for balena's support staff, until a date: the same for applications and devices."""

from __future__ import annotations

import datetime
from typing import Any

from .. import _clock, errors
from .._odata_filter import iso_date
from ._namespace import is_id

#: What to write to take the access away.
NO_ACCESS: dict[str, Any] = {"is_accessible_by_support_until__date": None}


def access_until(expiry_timestamp: float | datetime.datetime) -> dict[str, Any]:
    """Return what to write to give access.

    Args:
        expiry_timestamp: when the access ends: milliseconds since 1970, or a datetime (UTC if it says no time zone).

    Raises:
        BalenaInvalidParameterError: this is not a point in time in the future.
    """
    if isinstance(expiry_timestamp, datetime.datetime):
        until: Any = iso_date(expiry_timestamp)
        milliseconds = datetime.datetime.fromisoformat(until.replace("Z", "+00:00")).timestamp() * 1000
    elif is_id(expiry_timestamp) or isinstance(expiry_timestamp, float):
        milliseconds = until = expiry_timestamp
    else:
        raise errors.BalenaInvalidParameterError("expiry_timestamp", expiry_timestamp)
    if milliseconds <= _clock.epoch() * 1000:
        raise errors.BalenaInvalidParameterError("expiry_timestamp", expiry_timestamp)
    return {"is_accessible_by_support_until__date": until}
