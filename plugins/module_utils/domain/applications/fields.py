# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an application consists of, as far as it is declared: how each option is written, stored and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...engine.fields import Field, Resource, flag, name_schema, text
from ...engine.plan import NamedId
from ..devices.fields import PUBLIC_URL
from ..devices.support_access import SUPPORT_ACCESS
from ..devices.types import named
from ..query import Record

_CLASSES = ["fleet", "app", "block"]


def _held_type(expanded: Sequence[Record]) -> NamedId | None:
    """The device type; an application that holds a host OS can lack one."""
    return named(expanded[0]) if expanded else None


def _shown_type(device_type: NamedId | None) -> str | None:
    return device_type.label if device_type else None


#: A planner gets the row of the device type where a task has its name.
DEVICE_TYPE = Field(
    "device_type",
    ("is_for__device_type",),
    {"type": "str"},
    stored=named,
    held=_held_type,
    shown=_shown_type,
    document=name_schema("Slug or alias of the default device type; needed to create the fleet."),
)
#: Declared of an application, and a property of each of its devices.
DEVICE_URLS = replace(
    PUBLIC_URL,
    option="device_urls",
    document={"type": "boolean", "description": "Whether the devices have public URLs, unless they say otherwise."},
)

APPLICATION = Resource(
    "application",
    (text("slug", "slug"),),
    (
        DEVICE_TYPE,
        Field(
            "class",
            ("is_of__class",),
            {"type": "str", "choices": _CLASSES},
            "fleet",
            fixed=True,
            document={"enum": _CLASSES, "description": "Cannot be changed after the creation."},
        ),
        text("uuid", "uuid", None, fixed=True),
        flag("track_latest_release", "should_track_latest_release", usual=True, set_by_server=True),
        flag("public", "is_public", "Whether everybody can see the fleet."),
        flag("archived", "is_archived", "Whether the fleet is archived."),
        SUPPORT_ACCESS,
    ),
)
#: What a document says of a fleet.
SETTINGS = (*(field for field in APPLICATION.fields if field.document), DEVICE_URLS)
