# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which supervisor devices should have, as the module balena_supervisor_update declares it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...sdk import os_version
from ...sdk.errors import BalenaError
from ...sdk.models.os import OsModel
from ...sdk.supervisor import check_choice
from ..plan import NamedId, Plan, Row, compare
from ..reading import Record
from ..selector import select_devices
from . import device_types
from .os_names import VersionName, read_version_name, refuse_all

if TYPE_CHECKING:
    from ...sdk import Balena

Want = Mapping[str, Any]

#: Which supervisor a device should have.
COLUMN = "should_be_managed_by__release"

_COLUMNS = ("supervisor_version", "os_version")
_EXPAND: dict[str, Any] = {
    "is_of__device_type": device_types.WITH_ARCHITECTURE,
    COLUMN: {"$select": ["id", "raw_version"]},
}


def plan(balena: Balena, want: Want) -> Plan:
    """What has to change for devices to get the declared supervisor.

    :param want: the options of the module balena_supervisor_update.
    :raises DeclarationError: a version that does not exist for the architecture of a device, or that a device cannot
        get; names the devices. Nothing is written then.
    """
    wanted = read_version_name(want["version"], "version")
    rows = select_devices(balena, want, select=_COLUMNS, expand=_EXPAND)
    targets = choose(balena, wanted, rows)
    refuse_all("supervisor", wanted, [(row, problem(row, targets[row["uuid"]])) for row in rows])
    desired = [Row((row["uuid"],), {COLUMN: targets[row["uuid"]]}) for row in rows]
    actual = [Row((row["uuid"],), {COLUMN: present(row)}, {}, row["id"]) for row in rows]
    changes = compare("device", desired, actual)
    result = {"devices": [_shown(row, targets[row["uuid"]]) for row in rows]}
    return Plan(tuple(changes), len(rows), result)


def choose(balena: Balena, wanted: VersionName, rows: Sequence[Record]) -> dict[str, NamedId]:
    """The supervisor that each device should have, by its uuid; read in one request for each architecture.

    :param rows: with their device types, as L(device_types.WITH_ARCHITECTURE) reads them.
    :raises DeclarationError: there is no such version.
    """
    model = OsModel(balena)
    architectures = {row["uuid"]: device_types.architecture(row["is_of__device_type"][0]) for row in rows}
    targets = {slug: _choose(model, slug, wanted) for slug in sorted(set(architectures.values()))}
    return {uuid: targets[slug] for uuid, slug in architectures.items()}


def _choose(model: OsModel, architecture: str, wanted: VersionName) -> NamedId:
    """The release that the declared version means for an architecture; they are read in one request."""
    releases: Sequence[Record] = model.get_supervisor_releases_for_cpu_architecture(architecture)
    versions = [row["raw_version"] for row in releases]
    version = wanted.choose(versions, recommended=next(_without_issues(releases), None))
    if version is None:
        raise wanted.missing(f"supervisor for the CPU architecture {architecture}", versions)
    return NamedId(next(row["id"] for row in releases if row["raw_version"] == version), version)


def _without_issues(releases: Sequence[Record]) -> Any:
    return (row["raw_version"] for row in releases if not row["known_issue_list"])


def present(row: Record) -> NamedId | None:
    """The supervisor that a device should have so far."""
    releases = row[COLUMN]
    return NamedId(releases[0]["id"], releases[0]["raw_version"]) if releases else None


def problem(row: Record, target: NamedId) -> str | None:
    """Why a device cannot get a supervisor: its own or its OS is too old, or it has or should have a newer one."""
    try:
        check_choice(row)
    except BalenaError as error:
        return str(error)
    should = present(row)
    for version in (row["supervisor_version"], should.label if should else None):
        if version and os_version.gt(version, target.label):
            return f"it has, or should have, {version}, and supervisors are not downgraded"
    return None


def _shown(row: Record, target: NamedId) -> dict[str, Any]:
    return {
        "uuid": row["uuid"],
        "name": row["device_name"],
        "supervisor_version": row["supervisor_version"],
        "target": target.label,
    }
