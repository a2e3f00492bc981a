# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which balenaOS each device should get, and whether it can: decided for all of them before any is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...engine.plan import DeclarationError, NamedId
from ...sdk import os_version
from ...sdk._related import related
from ...sdk.errors import HUPActionError
from ...sdk.hup import check_update
from ..query import Record
from .names import VersionName

#: Available versions (rows of C(OsModel.get_available_os_versions)) by the slug of a device type.
Available = Mapping[str, Sequence[Record]]

#: Which OS a device should have.
COLUMN = "should_be_operated_by__release"

_VARIANTS = ("dev", "prod")


@dataclass(frozen=True)
class Device:
    """One device, its OS as it is, and what it should get.

    :param current: its version with the variant, C(6.0.41+prod); None when it never reported one.
    :param target: the version to update to, C(raw_version) of a release; None when it stays as it is.
    :param release: the release of the target, or of the version that it has already.
    :param strays: it runs that version already, but is meant to get another one.
    :param problem: why it cannot get what was declared.
    """

    row: Record
    current: str | None
    target: str | None = None
    release: NamedId | None = None
    strays: bool = False
    problem: str | None = None

    @property
    def uuid(self) -> str:
        """The device's uuid."""
        uuid: str = self.row["uuid"]
        return uuid


def queued(row: Record) -> NamedId | None:
    """The OS that a device should have so far."""
    releases = row.get(COLUMN)
    return NamedId(releases[0]["id"], releases[0]["raw_version"]) if releases else None


def slug_of(row: Record) -> str:
    """The device type of a device."""
    slug: str = related(row, "is_of__device_type")["slug"]
    return slug


def bare(version: str | None) -> str | None:
    """A version without variant: C(balenaOS 2.50.1+rev1.prod) is C(2.50.1+rev1); None if it is not a version."""
    parsed = os_version.parse(version)
    if parsed is None:
        return None
    build = [part for part in parsed["build"] if part not in _VARIANTS]
    return "+".join([parsed["version"], *([".".join(build)] if build else [])])


def decide(row: Record, current: str | None, wanted: VersionName, available: Available, os_type: str) -> Device:
    """What one device should get.

    :param row: with C(os_version), C(os_variant), and expanded, its device type and the OS that it should have.
    :param current: its version with the variant.
    :param os_type: C(default) or C(esr); only these versions can be meant by a range or a word.
    :raises DeclarationError: there is no such version for its device type.
    """
    chosen = _choose(row, wanted, available, os_type)
    release = NamedId(chosen["id"], chosen["raw_version"])
    device = Device(row, current, release=release)
    running, meant = bare(row["os_version"]), chosen["strippedVersion"]
    if running is None:
        return Device(row, current, chosen["raw_version"], release)
    order = os_version.compare(running, meant)
    if order == 0:
        meanwhile = queued(row)
        return replace(device, strays=meanwhile is not None and meanwhile != release)
    if order > 0 and wanted.is_word:
        return device
    try:
        check_update(slug_of(row), current, chosen["raw_version"], chosen["basedOnVersion"])
    except HUPActionError as error:
        return Device(row, current, release=release, problem=f"it runs {running}: {error}")
    return Device(row, current, chosen["raw_version"], release)


def _choose(row: Record, wanted: VersionName, available: Available, os_type: str) -> Record:
    slug = slug_of(row)
    fitting = [known for known in available.get(slug, ()) if _fits(known, row["os_variant"])]
    versions = [known["strippedVersion"] for known in fitting]
    if wanted.kind == "exact":
        # With its variant, a version is meant exactly; without, whatever variant fits the device.
        exact = [known["raw_version"] for known in available.get(slug, ())]
        version = wanted.choose(exact, recommended=None)
        found = next((known for known in available.get(slug, ()) if known["raw_version"] == version), None)
        found = found or _with_version(fitting, wanted.choose(versions, recommended=None))
    else:
        fitting = [known for known in fitting if known["osType"] == os_type]
        versions = [known["strippedVersion"] for known in fitting]
        found = _with_version(fitting, wanted.choose(versions, recommended=next(_recommended(fitting), None)))
    if found is None:
        raise _missing(wanted, slug, versions)
    return found


def _missing(wanted: VersionName, slug: str, versions: Sequence[str]) -> DeclarationError:
    return wanted.missing(f"balenaOS for the device type {slug}", versions)


def _fits(known: Record, variant: str | None) -> bool:
    """Whether a version is for the variant of a device; newer ones are for both."""
    return not known["variant"] or not variant or known["variant"] == variant


def _with_version(versions: Sequence[Record], stripped: str | None) -> Record | None:
    return next((known for known in versions if known["strippedVersion"] == stripped), None)


def _recommended(versions: Sequence[Record]) -> Any:
    """What is fit for everybody: no pre-release and no known issues."""
    return (
        known["strippedVersion"]
        for known in versions
        if not known.get("known_issue_list") and not os_version.prerelease(known["raw_version"])
    )
