# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a builder makes a release through the API: a running release, its images, then the result."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .clock import iso_time

if TYPE_CHECKING:
    from ..inside import InsideClient
    from ..store.store import Store

IMAGE_SIZE = 40_000_000
BUILD_SECONDS = 300.0
RUNNING: Mapping[str, Any] = {"status": "running"}


@dataclass(frozen=True)
class ReleaseSpec:
    """What is built. started: seconds since 1970; services: name to id; result: fields of the finished release."""

    application: int
    commit: str
    started: float
    services: Mapping[str, int]
    version: str | None = None
    is_final: bool = True
    result: Mapping[str, Any] = field(default_factory=dict)


def make_release(client: InsideClient, spec: ReleaseSpec) -> int:
    """Make a release that is built, with an image for each service; its id."""
    pushed = iso_time(spec.started + BUILD_SECONDS / 2)
    built = {"status": "success", "image_size": IMAGE_SIZE, "end_timestamp": pushed, "push_timestamp": pushed}
    release = begin_release(client, spec, built)
    finished = {"status": "success", "end_timestamp": iso_time(spec.started + BUILD_SECONDS), **spec.result}
    client.change("release", release, **finished)
    return release


def begin_release(client: InsideClient, spec: ReleaseSpec, built: Mapping[str, Any] | None = None) -> int:
    """Make the release as it is while its images are built (or have been, which fields say); its id."""
    fields: dict[str, Any] = {} if spec.version is None else {"semver": spec.version}
    if not spec.is_final:
        # That it is a draft can only be said now.
        fields["is_final"] = False
    release = client.add(
        "release",
        belongs_to__application=spec.application,
        commit=spec.commit,
        status="running",
        source="cloud",
        composition={"version": "2.4", "services": {name: {"build": f"./{name}"} for name in spec.services}},
        start_timestamp=iso_time(spec.started),
        **fields,
    )["id"]
    for name, service in spec.services.items():
        digest = hashlib.sha256(f"{spec.commit}/{name}".encode()).hexdigest()
        image = client.add(
            "image",
            is_a_build_of__service=service,
            project_type="Standard Dockerfile",
            content_hash=f"sha256:{digest}",
            start_timestamp=iso_time(spec.started),
            **(built or RUNNING),
        )["id"]
        client.add("release_image", image=image, is_part_of__release=release)
    return int(release)


def finish_release(client: InsideClient, release: int, moment: float, status: str) -> None:
    """End the build of a release and its images."""
    end, images = iso_time(moment), client.find("release_image", f"is_part_of__release eq {release}", "image")
    for row in images:
        pushed = {"image_size": IMAGE_SIZE, "push_timestamp": end} if status == "success" else {}
        client.change("image", row["image"]["__id"], status=status, end_timestamp=end, **pushed)
    client.change("release", release, status=status, end_timestamp=end)


def version_of(release: Mapping[str, Any]) -> str:
    """Version of a stored release, such as `6.0.41` or `2.50.1+rev1`."""
    text = f"{release['semver_major']}.{release['semver_minor']}.{release['semver_patch']}"
    text += f"-{release['semver_prerelease']}" if release["semver_prerelease"] else ""
    return text + (f"+{release['semver_build']}" if release["semver_build"] else "")


def host_releases(store: Store, device_type: int) -> dict[str, int]:
    """The releases of the OS for a device type: version to id."""
    hosts = store.ids("application", is_host=1, is_for__device_type=device_type)
    return {version_of(row): row["id"] for row in store.query("release", belongs_to__application=hosts)}
