# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device consists of, as far as it is declared: how each option is written, stored and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...engine.fields import Field, Resource, flag, text
from ...engine.plan import DeclarationError
from .support_access import SUPPORT_ACCESS

_LIMITS = {"latitude": 90, "longitude": 180}


def _stored_name(name: str) -> str:
    # Recording 05: the API refuses line breaks and more than 255 characters.
    if not name.strip() or len(name) > 255 or "\n" in name or "\r" in name:
        raise DeclarationError(f"name '{name}' is not a valid device name: 1 to 255 characters without line breaks")
    return name


def _stored_location(location: Mapping[str, Any]) -> tuple[str, ...]:
    if all(location.get(option) is None for option in _LIMITS):
        return ("",) * len(_LIMITS)
    for option, limit in _LIMITS.items():
        if location.get(option) is None or not -limit <= location[option] <= limit:
            raise DeclarationError(
                f"location: {option} must be a number of degrees from {-limit} to {limit}, not '{location.get(option)}'"
            )
    return tuple(_degrees(location[option]) for option in _LIMITS)


def _shown_location(*degrees: str) -> dict[str, float] | None:
    return None if "" in degrees else {option: float(value) for option, value in zip(_LIMITS, degrees, strict=True)}


def _degrees(value: Any) -> str:
    """A coordinate as the API keeps it: text, empty where there is none; one number is always written alike."""
    if value in (None, ""):
        return ""
    try:
        return f"{float(value):.10f}".rstrip("0").rstrip(".")
    except ValueError:
        return str(value)


NAME = text(
    "name",
    "device_name",
    stored=_stored_name,
    document={
        "type": "string",
        "pattern": r"^(?=.*\S)[^\r\n]{1,255}$(?!\n)",
        "errorMessage": "is not a valid device name: 1 to 255 characters without line breaks",
    },
)
#: An openBalena server shows the column and cannot change it.
PUBLIC_URL = flag(
    "public_url", "is_web_accessible", "Whether port 80 can be reached at a public URL. Only on balenaCloud."
)
_NOTE = text(
    "note",
    "note",
    document={"type": "string", "maxLength": 1_000_000, "description": "A note; an empty text removes it."},
)
_LOCATION = Field(
    "location",
    tuple(f"custom_{option}" for option in _LIMITS),
    {"type": "dict", "options": {option: {"type": "float"} for option in _LIMITS}},
    stored=_stored_location,
    held=_degrees,
    shown=_shown_location,
    cloud_only=True,
    document={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            option: {"type": "number", "minimum": -limit, "maximum": limit} for option, limit in _LIMITS.items()
        },
        "anyOf": [{"required": list(_LIMITS)}, {"maxProperties": 0}],
        "errorMessage": "needs latitude (-90 to 90) and longitude (-180 to 180), in degrees; {} lets balena guess",
        "description": "Where a device is. Only on balenaCloud.",
    },
)

DEVICE = Resource(
    "device",
    (text("uuid", "uuid"),),
    (
        NAME,
        _NOTE,
        _LOCATION,
        PUBLIC_URL,
        # What state: deactivated declares. The official SDKs deactivate devices that exist; that a device can begin
        # inactive is nowhere said.
        flag(
            "active",
            "is_active",
            "Whether the device is used and billed. Only on balenaCloud.",
            spec={},
            usual=True,
            set_by_server=True,
            cloud_only=True,
        ),
        SUPPORT_ACCESS,
    ),
)

#: Kept as config variables of these names, as the official SDK writes them; the value is "1" or "0".
SWITCHES = (
    flag("local_mode", "RESIN_SUPERVISOR_LOCAL_MODE", "Whether the device is in local mode."),
    flag(
        "lock_override",
        "RESIN_OVERRIDE_LOCK",
        "Whether the device updates although its containers hold the update lock.",
    ),
)
#: What differs from device to device, so that it can be said of each.
OF_EACH = (NAME, _NOTE, _LOCATION)
#: What can be said of many devices at once.
COMMON = (*(field for field in DEVICE.fields if field is not NAME), *SWITCHES)
