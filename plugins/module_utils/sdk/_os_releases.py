# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn the releases of host applications into OS versions.

balenaOS is delivered as releases of one host application for each device type and kind of release ("default", and
"esr" for extended support). Old releases keep their version in tags, because it is not a semantic version.
"""

from __future__ import annotations

import functools
from typing import Any

from . import os_version
from ._related import related

Row = dict[str, Any]

DEFAULT_TYPE = "default"
ESR_TYPE = "esr"

# How the tag of old releases spells the variants.
_VARIANTS = {"production": "prod", "development": "dev"}
# Lines of ESR releases, and the tag of the host application that tells the oldest version of each.
_LINES = (("next", "esr-next"), ("current", "esr-current"), ("sunset", "esr-sunset"))


def _tags(rows: list[Row] | None) -> dict[str, str]:
    return {row["tag_key"]: row["value"] for row in rows or []}


def _line(phase: str | None, version: str, application_tags: dict[str, str]) -> str | None:
    """Tell which line a version belongs to: "next", "current", "sunset", "outdated", or None for none."""
    if phase is not None:
        return "outdated" if phase == "end-of-life" else phase
    for line, tag in _LINES:
        # all patches of a version belong to the same line
        if application_tags.get(tag) and os_version.satisfies(version, f"^{application_tags[tag]}"):
            return line
    return "outdated" if _os_type(application_tags).lower() == ESR_TYPE else None


def _os_type(application_tags: dict[str, str]) -> str:
    return application_tags.get("release-policy", DEFAULT_TYPE)


def _numbers_from_tags(release: Row, tags: dict[str, str]) -> tuple[str, str, str] | None:
    """Return stripped version, variant and version of an old release; None if its tags have no version."""
    named = tags.get("variant")
    variant = _VARIANTS.get(named, named) if named is not None else release["variant"]
    stripped = tags.get("version")
    if stripped is None:
        return None
    return stripped, variant, ".".join(part for part in (stripped, variant) if part)


def _numbers(release: Row, tags: dict[str, str]) -> tuple[str, str, str] | None:
    """Return version without variant, variant, and full version of a release; None if it has no version."""
    raw_version = release["raw_version"]
    parsed = None if raw_version.startswith("0.0.0") else os_version.parse(raw_version)
    if parsed is None:
        return _numbers_from_tags(release, tags)
    build = ".".join(part for part in parsed["build"] if part != release["variant"])
    return "+".join(part for part in (parsed["version"], build) if part), release["variant"], raw_version


def _os_version(release: Row, application_tags: dict[str, str]) -> Row | None:
    tags = _tags(release.get("release_tag"))
    numbers = _numbers(release, tags)
    if numbers is None:
        return None
    stripped, variant, raw_version = numbers
    version = {
        **release,
        "raw_version": raw_version,
        "variant": variant,
        "osType": _os_type(application_tags),
        "strippedVersion": stripped,
        "basedOnVersion": tags.get("meta-balena-base", stripped),
    }
    line = _line(release.get("phase"), stripped, application_tags)
    if line is not None:
        version["line"] = line
    return version


def os_versions(host_applications: list[Row]) -> dict[str, list[Row]]:
    """Collect the OS versions of each device type, the highest first.

    Args:
        host_applications: applications with ``is_for__device_type``, ``application_tag`` and ``owns__release``
            (with ``release_tag``) expanded.

    Returns:
        By device type slug, the releases, each with ``strippedVersion`` (no variant), ``basedOnVersion`` (the
        balenaOS that an ESR is made of), ``osType`` ("default" or "esr"), and ``line`` if it belongs to one.
    """
    by_device_type: dict[str, list[Row]] = {}
    for application in host_applications:
        if not application["is_for__device_type"]:
            continue
        versions = by_device_type.setdefault(related(application, "is_for__device_type")["slug"], [])
        tags = _tags(application.get("application_tag"))
        found = (_os_version(release, tags) for release in application.get("owns__release") or [])
        versions += [version for version in found if version is not None]
    for versions in by_device_type.values():
        versions.sort(key=functools.cmp_to_key(lambda a, b: os_version.rcompare(a["raw_version"], b["raw_version"])))
    return by_device_type


def choose_version(version_or_range: str, versions: list[Row]) -> str | None:
    """Choose one of OS versions that are sorted with the highest first.

    Args:
        version_or_range: "latest", a version, or a range.
        versions: rows with ``raw_version``.

    Returns:
        The ``raw_version`` of the chosen one, or None.
    """
    if version_or_range == "latest":
        return versions[0]["raw_version"] if versions else None
    known = [row["raw_version"] for row in versions]
    # A version that exists is meant exactly, not as a range that other variants satisfy too.
    return version_or_range if version_or_range in known else os_version.max_satisfying(known, version_or_range)
