# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of each resource can be taken back, what it is called, and how it is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...engine.inverse import Kind
from ..host_os import supervisors, targets
from ..variables.compare import RESOURCES


@dataclass(frozen=True)
class Place:
    """Rows that belong to another one and have a name there.

    :param parent: the column that says what a row belongs to, and the resource of that.
    :param name: the column that has the name.
    """

    parent: str
    name: str


_VARIABLES = {resource: Place(parent, "name") for resource, parent in RESOURCES.values()}
_TAGS = {f"{parent}_tag": Place(parent, "tag_key") for parent in ("application", "device", "release")}
#: Variables and tags, which are found by what they belong to and their names.
PLACES: Mapping[str, Place] = {**_VARIABLES, **_TAGS}

_OLDER = "devices do not go back to an older version"
_DEVICE = {
    "value": "the device",
    "device_name": "its name",
    "note": "its note",
    "custom_latitude": "its latitude",
    "custom_longitude": "its longitude",
    "is_web_accessible": "its public URL",
    "is_active": "whether it is active",
    "is_accessible_by_support_until__date": "the access of support",
    "belongs_to__application": "its fleet",
    "is_pinned_on__release": "its pin",
    supervisors.COLUMN: "the version of its supervisor",
    targets.COLUMN: "the version of its balenaOS",
}
_APPLICATION = {
    "value": "the fleet",
    "app_name": "its name",
    "is_for__device_type": "its device type",
    "should_be_running__release": "its release",
    "should_track_latest_release": "whether it tracks its latest release",
    "is_public": "whether it is public",
    "is_archived": "whether it is archived",
    "is_accessible_by_support_until__date": "the access of support",
}
_PEOPLE = "it is not in the account who they were; declare them again with balena_application_member"

KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(_VARIABLES, Kind("variable")),
    **dict.fromkeys(_TAGS, Kind("tag")),
    "device": Kind(
        columns=_DEVICE,
        lost="with a device that is deleted, its key and its history are gone; provision it again",
        forward={supervisors.COLUMN: _OLDER, targets.COLUMN: _OLDER},
    ),
    "application": Kind(columns=_APPLICATION, lost="with a fleet that is deleted, its releases and devices are gone"),
    "service": Kind("service", stays="releases may have been built for it", lost="it comes back with a release"),
    "service_install": Kind(comes_along=True),
    "api_key": Kind("key", lost="the value of a key is told only once; make a new one"),
    "user_application_membership": Kind("member", lost=_PEOPLE),
    "invitee__is_invited_to__application": Kind("invitation", lost=_PEOPLE),
}
