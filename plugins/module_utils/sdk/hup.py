# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of host OS updates ("hup"), and of which CPU architecture can run whose containers.

The platform has one mechanism for updates, `balenahup`. On a few device types it must also migrate the disk layout
when it gets to a certain version, and is called `takeover` then. The limits are those of balena-hup-action-utils, as
recorded.
"""

from __future__ import annotations

from . import os_version
from .errors import HUPActionError

#: From this version on a device can be updated ...
_MIN_SOURCE = "2.14.0+rev1"
#: ... to this one or a later one.
_MIN_TARGET = "2.16.0+rev1"
#: The versions that need another disk layout.
_TAKEOVER_AT = {
    "jetson-xavier": "6.0.50",
    "jetson-xavier-nx-devkit": "6.0.50+rev1",
    "jetson-xavier-nx-devkit-emmc": "6.0.39",
}
#: Versions above this are named after the year: those with extended support (ESR). The others are rolling releases.
_LAST_ROLLING_MAJOR = 2000

# An OS of the architecture on the left also runs containers that were built for those on the right.
_ALSO_RUNS = {"aarch64": ("armv7hf", "rpi"), "armv7hf": ("rpi",)}


def _variant(parsed: os_version.ParsedVersion) -> str | None:
    parts = [*parsed["build"], *parsed["prerelease"]]
    return next((variant for variant in ("dev", "prod") if variant in parts), None)


def _without_variant(parsed: os_version.ParsedVersion) -> str:
    build = [part for part in parsed["build"] if part not in ("dev", "prod")]
    return "+".join([parsed["version"], ".".join(build)]) if build else parsed["version"]


def _check_direction(
    current: os_version.ParsedVersion, current_version: str, target: os_version.ParsedVersion, target_version: str
) -> None:
    """Refuse downgrades, updates to the same version, and changes between development and production."""
    target_variant = _variant(target)
    if target_variant is not None and (_variant(current) == "dev") != (target_variant == "dev"):
        raise HUPActionError("Updates cannot be performed between development and production balenaOS variants")
    order = os_version.compare(target_version, current_version)
    if order < 0:
        raise HUPActionError("OS downgrades are not allowed")
    if order == 0:
        raise HUPActionError("Current OS version matches Target OS version")


def _check_limits(current_version: str, target_version: str) -> None:
    if os_version.lt(current_version, _MIN_SOURCE):
        raise HUPActionError(f"Current OS version must be >= {_MIN_SOURCE}")
    if os_version.lt(target_version, _MIN_TARGET):
        raise HUPActionError(f"Target OS version must be >= {_MIN_TARGET}")


def update_type(device_type: str, current_version: str | None, target_version: str | None) -> str:
    """Tell by which mechanism a device would be updated.

    Args:
        device_type: canonical device type slug (no alias).
        current_version: OS version that the device runs, with its variant.
        target_version: OS version to update to; without a variant it fits both variants.

    Returns:
        "balenahup" or "takeover".

    Raises:
        HUPActionError: the update is not possible; the message says why.
    """
    current = os_version.parse(current_version)
    if current is None or current_version is None:
        raise HUPActionError("Invalid current balenaOS version")
    target = os_version.parse(target_version)
    if target is None or target_version is None:
        raise HUPActionError("Invalid target balenaOS version")
    _check_direction(current, current_version, target, target_version)
    _check_limits(current_version, target_version)
    takeover_at = _TAKEOVER_AT.get(device_type)
    # A development variant sorts below the plain version; it has crossed the takeover version all the same.
    if (
        takeover_at
        and os_version.lt(_without_variant(current), takeover_at)
        and os_version.gte(target_version, takeover_at)
    ):
        return "takeover"
    return "balenahup"


def check_update(device_type: str, current_version: str | None, target_version: str, based_on: str | None) -> None:
    """Refuse an update that cannot work.

    Args:
        device_type: canonical device type slug (no alias).
        current_version: OS version that the device runs, with its variant.
        target_version: OS version to update to.
        based_on: the rolling release that the target is made of, if it has extended support (ESR). Those are numbered
            by years, so a device with a rolling release is compared with that.

    Raises:
        HUPActionError: the update is not possible; the message says why.
    """
    update_type(device_type, current_version, target_version)
    if based_on is not None and not is_esr(current_version) and is_esr(target_version):
        update_type(device_type, current_version, based_on)


def is_esr(version: str | None) -> bool:
    """Tell from its number whether a version has extended support: ``2024.10.2``."""
    return (os_version.major(version) or 0) > _LAST_ROLLING_MAJOR


def is_supported_update(device_type: str, current_version: str | None, target_version: str | None) -> bool:
    """Tell whether `update_type` knows a way; the arguments are the same."""
    try:
        update_type(device_type, current_version, target_version)
    except HUPActionError:
        return False
    return True


def is_architecture_compatible(os_architecture: str, application_architecture: str) -> bool:
    """Tell whether an OS of one CPU architecture (slug) runs containers that were built for another."""
    return application_architecture in (os_architecture, *_ALSO_RUNS.get(os_architecture, ()))
