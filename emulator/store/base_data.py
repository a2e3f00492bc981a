# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills an empty store with what the recordings' server held before each scenario (base_data.json)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from .store import Store
from .values import new_location

# What an application of the base data says in other words than a row does.
NOT_COLUMNS = {"name_in_recordings", "organization", "device_type", "application_type", "application_tags",
               "services", "releases", "should_be_running__release"}  # fmt: skip
COMPUTED = {"raw_version", "semver", "is_final", "release_tag", "images", "commit"}


def fill(store: Store, base: Mapping[str, Any]) -> None:
    """Add users, organizations, device types and applications, all or none."""
    with store.transaction():
        _fill(store, base)


def _fill(store: Store, base: Mapping[str, Any]) -> None:
    store.insert("user", username="guest")
    user = base["user"]
    admin = store.insert("user", username=user["username"], email=user["email"])
    store.secrets[user["username"]] = user["password"]
    service_key = store.insert("api_key", key="vpn_service_api_key", is_of__actor=store.insert("actor"))
    store.insert("api_key__has__role", api_key=service_key, role="service.vpn")
    for organization in base["organizations"]:
        row = store.insert("organization", name=organization["name"], handle=organization["handle"])
        store.insert("organization_membership", user=admin, is_member_of__organization=row)
    for architecture in base["cpu_architectures"]:
        store.insert("cpu_architecture", slug=architecture["slug"])
    for kind in base["application_types"]:
        store.insert("application_type", **kind)
    for device_type in base["device_types"]:
        _device_type(store, device_type)
    for application in base["applications"]:
        _application(store, application)


def id_of(store: Store, resource: str, **equals: Any) -> int:
    """The id of the one row that has these values."""
    row = store.get(resource, **equals)
    if row is None:
        raise LookupError(f"there is no {resource} with {equals}")
    return int(row["id"])


def _device_type(store: Store, data: Mapping[str, Any]) -> None:
    architecture = id_of(store, "cpu_architecture", slug=data["arch"])
    row = store.insert("device_type", slug=data["slug"], name=data["name"], is_of__cpu_architecture=architecture)
    for alias in data["aliases"]:
        store.insert("device_type_alias", device_type=row, is_referenced_by__alias=alias)


def _application(store: Store, data: Mapping[str, Any]) -> None:
    fields = {key: value for key, value in data.items() if key not in NOT_COLUMNS}
    application = store.insert(
        "application", **fields,
        organization=id_of(store, "organization", handle=data["organization"]),
        is_for__device_type=id_of(store, "device_type", slug=data["device_type"]),
        application_type=id_of(store, "application_type", slug=data["application_type"]),
    )  # fmt: skip
    for tag in data["application_tags"]:
        store.insert("application_tag", application=application, **tag)
    services = {name: store.insert("service", application=application, service_name=name) for name in data["services"]}
    releases = {r["raw_version"]: _release(store, application, services, r) for r in data["releases"]}
    if data["should_be_running__release"] is not None:
        target = releases[data["should_be_running__release"]]
        store.update("application", application, should_be_running__release=target)


def _release(store: Store, application: int, services: Mapping[str, int], data: Mapping[str, Any]) -> int:
    fields = {key: value for key, value in data.items() if key not in COMPUTED}
    core, _plus, build = data["semver"].partition("+")
    numbers, _dash, prerelease = core.partition("-")
    major, minor, patch = (int(part) for part in numbers.split("."))
    release = store.insert(
        "release", **fields, belongs_to__application=application, semver_major=major, semver_minor=minor,
        semver_patch=patch, semver_prerelease=prerelease, semver_build=build,
        commit=hashlib.sha1(f"{application}/{data['raw_version']}".encode(), usedforsecurity=False).hexdigest(),
        is_finalized_at__date=store.now() if data["is_final"] else None,
    )  # fmt: skip
    for tag in data["release_tag"]:
        store.insert("release_tag", release=release, **tag)
    for image in data["images"]:
        fields = {key: value for key, value in image.items() if key != "service"}
        fields["image_size"] = int(image["image_size"])
        row = store.insert(
            "image", **fields, is_a_build_of__service=services[image["service"]],
            is_stored_at__image_location=new_location(),
        )  # fmt: skip
        store.insert("image__is_part_of__release", image=row, is_part_of__release=release)
    return release
