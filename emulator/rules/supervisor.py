# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which supervisor and which OS release a device should have, by what it reports and by what is asked."""

from __future__ import annotations

import re

from ..http.responses import BadRequest
from ..store.store import Row, Store
from .releases import parsed, raw_version
from .sentences import SUPERVISORS
from .write import Write, after, before

Version = tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...], int]
NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?")


def version_key(text: str | None) -> Version | None:
    """What versions are compared by (`balenaOS 2.112.12+rev1` too); None when there is none in the text."""
    found = NUMBERS.search(text or "")
    if found is None:
        return None
    major, minor, patch, prerelease, build = found.groups()
    parts = [part for part in (prerelease or "").split(".") if part]
    labels = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)
    revision = re.search(r"(?:^|\.)rev(\d+)", build or "")
    return (int(major), int(minor), int(patch)), not prerelease, labels, int(revision.group(1)) if revision else 0


def _architecture(store: Store, device_type: int) -> int | None:
    row = store.get("device_type", device_type)
    return row["is_of__cpu_architecture"] if row else None


def supervisor_release(store: Store, version: str, device_type: int) -> int | None:
    """The supervisor release of a version for the architecture of a device type."""
    parts = parsed(version)
    architecture = _architecture(store, device_type)
    for fleet in store.query("application", slug=SUPERVISORS, is_public=1, is_host=0) if parts else ():
        if _architecture(store, fleet["is_for__device_type"]) == architecture:
            found = store.query("release", belongs_to__application=fleet["id"], status="success", **(parts or {}))
            found.sort(key=lambda row: (row["revision"] is not None, row["revision"] or 0, row["created_at"]))
            if found:
                return int(found[-1]["id"])
    return None


def os_release(store: Store, version: str, variant: str, device_type: int) -> int | None:
    """The host app's release of an OS version (`balenaOS 2.112.12`) and variant for a device type."""
    found = NUMBERS.search(version)
    parts = parsed(found.group()) if found else None
    hosts = store.ids("application", is_host=1, is_for__device_type=device_type)
    if parts is None or not hosts:
        return None
    revision = version_key(version)
    wanted = [revision[3] if revision else 0, None]
    rows = [
        row
        for row in store.query("release", belongs_to__application=hosts, status="success", **parts)
        if row["revision"] in wanted and row["variant"] in (variant, "")
    ]
    rows.sort(key=lambda row: (row["revision"] is not None, row["created_at"]))
    return int(rows[-1]["id"]) if rows else None


@before("create", "device")
def adopt_reported(write: Write) -> None:
    """A device that registers with its versions should keep them."""
    values, store = write.values, write.store
    device_type = values.get("is_of__device_type")
    if device_type is None:
        return
    if values.get("os_version") and values.get("os_variant"):
        release = os_release(store, values["os_version"], values["os_variant"], device_type)
        if release is not None:
            values["should_be_operated_by__release"] = release
    if values.get("supervisor_version"):
        release = supervisor_release(store, values["supervisor_version"], device_type)
        if release is not None:
            values["should_be_managed_by__release"] = release


@before("update", "device")
def adopt_first_supervisor(write: Write) -> None:
    """A device that reports its supervisor for the first time should have that one."""
    version = write.values.get("supervisor_version")
    for row in write.rows if version else ():
        if row["supervisor_version"] is None:
            release = supervisor_release(write.store, version or "", row["is_of__device_type"])
            if release is not None:
                write.store.update("device", row["id"], should_be_managed_by__release=release)


@before("update", "device")
def check_supervisor(write: Write) -> None:
    """Supervisors are not downgraded."""
    wanted = write.values.get("should_be_managed_by__release")
    rows = [row for row in write.rows if wanted is not None]
    if not any(row["supervisor_version"] is not None for row in rows):
        return
    release = write.store.get("release", wanted)
    if release is None or release["is_invalidated"]:
        raise BadRequest(f"Could not find a supervisor release with this ID {wanted}")
    new = version_key(raw_version(write.store, release["id"]))
    for row in rows:
        old = row["should_be_managed_by__release"]
        if old is not None and _older(new, version_key(raw_version(write.store, old))):
            raise BadRequest("Attempt to downgrade supervisor, which is not allowed")


def _older(new: Version | None, old: Version | None) -> bool:
    return new is not None and old is not None and new < old


@after("update", "device")
def check_os(write: Write) -> None:
    """Nor is the OS."""
    wanted = write.values.get("should_be_operated_by__release")
    if wanted is None:
        return
    versions = [key for row in write.rows if (key := version_key(row["os_version"])) is not None]
    if not versions:
        return
    release = write.store.get("release", wanted)
    if release is None or release["is_invalidated"] or release["status"] != "success":
        raise BadRequest(f"Could not find a hostapp release with this ID {wanted}")
    new = version_of(write.store, release)
    if new is None:
        raise BadRequest(f"Could not find the version for the hostapp release with ID: {wanted}")
    if new < max(versions):
        raise BadRequest("Attempt to downgrade hostapp, which is not allowed")


def version_of(store: Store, release: Row) -> Version | None:
    """The version of an OS release, which old ones have in a tag."""
    numbers = release["semver_major"], release["semver_minor"], release["semver_patch"]
    if any(numbers):
        text = ".".join(map(str, numbers))
        text += f"-{release['semver_prerelease']}" if release["semver_prerelease"] else ""
        return version_key(text + (f"+{release['semver_build']}" if release["semver_build"] else ""))
    tag = store.get("release_tag", release=release["id"], tag_key="version")
    return version_key(tag["value"]) if tag else None


@after("update", "device")
def follow_reported_os(write: Write) -> None:
    """A device that runs a newer OS than it should, should run that one."""
    if write.values.get("os_version") is None and write.values.get("os_variant") is None:
        return
    for row in write.rows:
        reported = version_key(row["os_version"])
        if reported is None or row["os_variant"] not in ("dev", "prod"):
            continue
        target = write.store.get("release", row["should_be_operated_by__release"] or 0)
        if target is not None and not _older(version_of(write.store, target), reported):
            continue
        release = os_release(write.store, row["os_version"], row["os_variant"], row["is_of__device_type"])
        if release is not None or target is not None:
            write.store.update("device", row["id"], should_be_operated_by__release=release)
            from .services import install

            install(write.store, [row["id"]])
