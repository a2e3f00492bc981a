# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules about several rows that the server checks after a write, with the sentences that it answers."""

from __future__ import annotations

from ..http.responses import BadRequest
from ..store.store import Row, Store
from .services import TARGETS
from .write import Write, after

SUCCESSFUL = 'has a status that is equal to "success"'
COMMIT = (
    f"It is necessary that each application that owns a release1 that {SUCCESSFUL} and has a commit1,"
    f" owns at most one release2 that {SUCCESSFUL} and has a commit2 that is equal to the commit1."
)
RELEASE_VERSION = (
    f"It is necessary that each application that owns a release1 that {SUCCESSFUL} and is not invalidated and has a"
    f" release version, owns at most one release2 that {SUCCESSFUL} and is not invalidated and has a release version"
    " that is of the release1."
)
REASON = "It is necessary that each release that has an invalidation reason, is invalidated."
FLEET_TARGET = (
    f"It is necessary that each release that should be running on an application, {SUCCESSFUL} and belongs to the"
    " application."
)
PINNED = (
    f"It is necessary that each release that is pinned to a device, {SUCCESSFUL} and belongs to an application1 that"
    " the device belongs to."
)
PUSHED = f"It is necessary that each image that {SUCCESSFUL}, has a push timestamp."
OPERATES_SUCCESS = f"It is necessary that each release that should operate a device, {SUCCESSFUL}."
OPERATES = (
    "It is necessary that each release that should operate a device that is of a device type,"
    " belongs to an application that is host and is for the device type."
)
MANAGES_SUCCESS = (
    f"It is necessary that each release that should manage a device, {SUCCESSFUL} and has a semver major that is"
    " greater than 0 or has a semver minor that is greater than 0 or has a semver patch that is greater than 0."
)
SUPERVISORS = tuple(
    f"balena_os/{architecture}-supervisor"
    for architecture in ("aarch64", "amd64", "armv7hf", "i386", "i386-nlp", "rpi")
)
MANAGES = (
    "It is necessary that each release that should manage a device that is of a device type1, belongs to an application"
    " that is public and is not host and has a slug that is equal to "
    + " or ".join(f'"{slug}"' for slug in SUPERVISORS)
    + " and is for a device type2 that is of a cpu architecture that is supported by the device type1."
)
BINDING = (*TARGETS, "is_of__device_type", "belongs_to__application")
MULTICONTAINER = (
    "It is necessary that each application that owns a release that contains at least 2 images,"
    " has an application type that supports multicontainer."
)


@after("create update", "release")
def check_release(write: Write) -> None:
    """Commits and versions of successful releases; what depends on their success."""
    store = write.store
    for row in write.rows:
        if row["invalidation_reason"] is not None and not row["is_invalidated"]:
            raise BadRequest(REASON)
        if row["status"] == "success":
            _check_alone(store, row)
            continue
        if store.ids("application", should_be_running__release=row["id"]):
            raise BadRequest(FLEET_TARGET)
        if store.ids("device", is_pinned_on__release=row["id"]):
            raise BadRequest(PINNED)


def _check_alone(store: Store, row: Row) -> None:
    fleet = row["belongs_to__application"]
    if len(store.ids("release", belongs_to__application=fleet, status="success", commit=row["commit"])) > 1:
        raise BadRequest(COMMIT)
    version = row["release_version"]
    same = {"belongs_to__application": fleet, "status": "success", "is_invalidated": 0, "release_version": version}
    if version is not None and not row["is_invalidated"] and len(store.ids("release", **same)) > 1:
        raise BadRequest(RELEASE_VERSION)


@after("create update", "application")
def check_fleet(write: Write) -> None:
    """A fleet's target is one of its successful releases."""
    if write.values.get("should_be_running__release") is None:
        return
    release = write.store.get("release", write.values["should_be_running__release"])
    for row in write.rows:
        if release is None or release["status"] != "success" or release["belongs_to__application"] != row["id"]:
            raise BadRequest(FLEET_TARGET)


@after("create update", "device")
def check_device(write: Write) -> None:
    """What a device is pinned on, operated and managed by."""
    store = write.store
    if not any(name in write.values for name in BINDING):
        return
    for row in write.rows:
        fleet = row["belongs_to__application"]
        pinned = store.get("release", row["is_pinned_on__release"] or 0)
        if pinned and (pinned["status"] != "success" or pinned["belongs_to__application"] != fleet):
            raise BadRequest(PINNED)
        _check_operating(store, row)
        _check_managing(store, row)


def _check_operating(store: Store, device: Row) -> None:
    release = store.get("release", device["should_be_operated_by__release"] or 0)
    if release is None:
        return
    if release["status"] != "success":
        raise BadRequest(OPERATES_SUCCESS)
    host = store.get("application", release["belongs_to__application"]) or {}
    if not host["is_host"] or host["is_for__device_type"] != device["is_of__device_type"]:
        raise BadRequest(OPERATES)


def _check_managing(store: Store, device: Row) -> None:
    release = store.get("release", device["should_be_managed_by__release"] or 0)
    if release is None:
        return
    numbered = release["semver_major"] or release["semver_minor"] or release["semver_patch"]
    if release["status"] != "success" or not numbered:
        raise BadRequest(MANAGES_SUCCESS)
    fleet = store.get("application", release["belongs_to__application"]) or {}
    types = store.query("device_type", id=[fleet["is_for__device_type"], device["is_of__device_type"]])
    alike = len({row["is_of__cpu_architecture"] for row in types}) == 1
    if not fleet["is_public"] or fleet["is_host"] or fleet["slug"] not in SUPERVISORS or not alike:
        raise BadRequest(MANAGES)


@after("create update", "image")
def check_image(write: Write) -> None:
    """A successful image has been pushed."""
    if any(row["status"] == "success" and row["push_timestamp"] is None for row in write.rows):
        raise BadRequest(PUSHED)


@after("create", "image__is_part_of__release")
def check_containers(write: Write) -> None:
    """Only some application types have more than one container."""
    store = write.store
    for row in write.rows:
        if len(store.ids("image__is_part_of__release", is_part_of__release=row["is_part_of__release"])) < 2:
            continue
        release = store.get("release", row["is_part_of__release"]) or {}
        fleet = store.get("application", release["belongs_to__application"]) or {}
        if not (store.get("application_type", fleet["application_type"]) or {})["supports_multicontainer"]:
            raise BadRequest(MULTICONTAINER)
