# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole fleet as it is: what is planned from, exported, and looked at for drift.

It is read in two requests, one more each for provisioning keys and build variables, and two for collaborators, whatever
the number of its devices (beyond L(DEVICES_PAGE) of them, one for each page).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...sdk.errors import BalenaRequestError
from ..access import people
from ..devices.types import WITH_ARCHITECTURE
from ..keys.owners import Owner, keys_of
from ..query import PAGE, Record
from ..releases.names import COLUMNS
from ..rows import read_rows
from ..selector import find_application

if TYPE_CHECKING:
    from ...sdk import Balena

#: Devices in one answer; each comes with its tags, variables and services.
DEVICES_PAGE = 2000

_VARIABLE: dict[str, Any] = {"$select": ["id", "name", "value"]}
_TAG: dict[str, Any] = {"$select": ["id", "tag_key", "value"]}
_RELEASE: dict[str, Any] = {"$select": ["id", "commit", "raw_version"]}
_HOST_RELEASE: dict[str, Any] = {"$select": ["id", "raw_version"]}

#: Relations of the application. Whole rows are read beside them, here and below: to select a column that a server
#: does not have is an error, and which it has differs between balenaCloud and the versions of openBalena.
APPLICATION: dict[str, Any] = {
    "organization": {"$select": ["id", "handle"]},
    "is_for__device_type": WITH_ARCHITECTURE,
    "should_be_running__release": _RELEASE,
    "application_tag": _TAG,
    "application_environment_variable": _VARIABLE,
    "application_config_variable": _VARIABLE,
    "service": {
        "$select": ["id", "service_name"],
        "$orderby": "service_name asc",
        "$expand": {"service_environment_variable": _VARIABLE},
    },
    "owns__release": {"$select": [*COLUMNS, "is_passing_tests"], "$orderby": "created_at desc"},
    "owns__device": {"$count": {}},
}
#: Relations of each device. What a service is called is known from the application.
DEVICE: dict[str, Any] = {
    "belongs_to__application": {"$select": ["id", "slug"]},
    "is_of__device_type": WITH_ARCHITECTURE,
    "device_tag": _TAG,
    "device_environment_variable": _VARIABLE,
    "device_config_variable": _VARIABLE,
    "service_install": {
        "$select": ["id", "installs__service"],
        "$expand": {"device_service_environment_variable": _VARIABLE},
    },
    "is_running__release": _RELEASE,
    "should_be_running__release": _RELEASE,
    "is_pinned_on__release": _RELEASE,
    "should_be_operated_by__release": _HOST_RELEASE,
    "should_be_managed_by__release": _HOST_RELEASE,
}


@dataclass(frozen=True)
class LiveFleet:
    """A fleet as it is.

    :param application: the row with L(APPLICATION); its releases are C(owns__release), the newest first.
    :param devices: the rows with L(DEVICE), ordered by uuid.
    :param build: the build variables; None where the server has none (openBalena) or they were not asked for.
    :param access: the collaborators; None where the server has none (openBalena) or they were not asked for.
    :param keys: the provisioning keys, the newest first; None where the server shows none or they were not asked for.
    """

    application: Record
    devices: tuple[Record, ...] = ()
    build: tuple[Record, ...] | None = None
    keys: tuple[Record, ...] | None = None
    access: people.People | None = None

    @property
    def slug(self) -> str:
        """What the fleet is called: organization/name."""
        slug: str = self.application["slug"]
        return slug

    @property
    def services(self) -> dict[int, str]:
        """The names of the fleet's services by their ids."""
        return {row["id"]: row["service_name"] for row in self.application["service"]}

    def installs(self, device: Record) -> dict[str, Record]:
        """A device's installations of the fleet's services, by the services' names.

        A device that came from another fleet may still have some of that fleet's services; they are left out.
        """
        names = self.services
        rows = ((names.get(row["installs__service"]["__id"]), row) for row in device["service_install"])
        return {name: row for name, row in rows if name is not None}


def read(
    balena: Balena,
    fleet: str | int,
    *,
    keys: bool = True,
    build: bool = True,
    devices: bool = True,
    access: Collection[str] | None = None,
) -> LiveFleet | None:
    """Read a fleet with all that a fleet document can say of it.

    :param fleet: its slug (or what else L(find_application) takes).
    :param keys: also read its provisioning keys; an openBalena server shows none.
    :param build: also read its build variables.
    :param devices: also read its devices.
    :param access: also read its collaborators, of whom these are declared (see L(people.read_people)).
    :returns: None when there is no such fleet that the token can see.
    """
    application = find_application(balena, fleet, select=None, expand=APPLICATION)
    if application is None:
        return None
    rows = _devices(balena, application) if devices else ()
    variables = _build(balena, application) if build else None
    found = _keys(balena, application) if keys else None
    if build and variables is None and not found:
        found = None  # a server without build variables is an openBalena server, which shows no keys of a fleet
    return LiveFleet(application, rows, variables, found, _access(balena, application, access))


def _devices(balena: Balena, application: Record) -> tuple[Record, ...]:
    rows = read_rows(
        balena, "device", {"belongs_to__application": application["id"]}, expand=DEVICE, page_size=DEVICES_PAGE
    )
    return tuple(sorted(rows, key=lambda row: row["uuid"]))


def _build(balena: Balena, application: Record) -> tuple[Record, ...] | None:
    options = {**_VARIABLE, "$filter": {"application": application["id"]}}
    try:
        return tuple(balena.pine.get_all("build_environment_variable", options=options, page_size=PAGE))
    except BalenaRequestError as error:
        # The token is good, as the fleet was read with it: the server has no such resource (recording 01).
        if error.status_code != 401:
            raise
        return None


def _access(balena: Balena, application: Record, declared: Collection[str] | None) -> people.People | None:
    if declared is None:
        return None
    try:
        return people.read_people(balena, people.APPLICATION, application["id"], declared)
    except BalenaRequestError as error:
        if error.status_code != 401:  # as above
            raise
        return None


def _keys(balena: Balena, application: Record) -> tuple[Record, ...]:
    owner = Owner(application["actor"]["__id"], application["id"], (application["slug"],))
    return tuple(keys_of(balena, [owner])[owner])


def named(rows: Collection[Record], key: str = "name") -> dict[str, str]:
    """Variables (or with C(tag_key), tags) as people write them; in the order of their names.

    :param rows: with the column C(key), and C(value).
    """
    return {row[key]: row["value"] for row in sorted(rows, key=lambda row: row[key])}
