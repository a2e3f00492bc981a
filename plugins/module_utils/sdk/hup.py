# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of host OS updates ("hup"), and of which CPU architecture can run whose containers.

Which mechanism the platform uses for an update depends on the device type and both versions:

- `resinhup11` and `resinhup12`: from OS 1 to a later 1, and from OS 1 to an early 2; a few device types only
- `balenahup`: everything from OS 2.0.0+rev1 on, any device type
- `takeover`: a `balenahup` that must also migrate the disk layout, on the device types and at the version listed

The limits are those of balena-hup-action-utils, as recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from . import os_version
from .errors import HUPActionError


@dataclass(frozen=True)
class _Limits:
    """What one mechanism can do: from `min_source` on, to `min_target` or later but below `max_target`."""

    min_source: str
    min_target: str
    max_target: str | None = None
    takeover_at: str | None = None


_LIMITS = {
    "resinhup11": _Limits("1.8.0", "1.26.0"),
    "resinhup12": _Limits("1.8.0", "2.2.0+rev1", "2.5.1+rev1"),
    "balenahup": _Limits("2.0.0+rev1", "2.2.0+rev1"),
}

_BEAGLEBONES = ("beaglebone-black", "beaglebone-green", "beaglebone-green-wifi")
_UPDATABLE_FROM_OS_1 = ("raspberry-pi", "raspberry-pi2", "raspberrypi3", "intel-nuc", *_BEAGLEBONES)

# (device type, mechanism) -> what differs from the limits above
_DEVICE_TYPE_LIMITS: dict[tuple[str, str], dict[str, Any]] = {
    **{(device_type, "resinhup12"): {"min_source": "1.30.1"} for device_type in _BEAGLEBONES},
    ("intel-edison", "balenahup"): {"min_target": "2.9.7+rev2"},
    ("jetson-tx2", "balenahup"): {"min_source": "2.7.4"},
    ("skx2", "balenahup"): {"min_source": "2.7.4"},
    ("ts4900", "balenahup"): {"min_source": "2.4.1"},
    ("qemux86", "balenahup"): {"min_source": "2.9.3"},
    ("qemux86-64", "balenahup"): {"min_source": "2.9.3"},
    ("jetson-xavier", "balenahup"): {"takeover_at": "6.0.50"},
    ("jetson-xavier-nx-devkit", "balenahup"): {"takeover_at": "6.0.50+rev1"},
    ("jetson-xavier-nx-devkit-emmc", "balenahup"): {"takeover_at": "6.0.39"},
}

# An OS of the architecture on the left also runs containers that were built for those on the right.
_ALSO_RUNS = {"aarch64": ("armv7hf", "rpi"), "armv7hf": ("rpi",)}


def _variant(parsed: os_version.ParsedVersion) -> str | None:
    parts = [*parsed["build"], *parsed["prerelease"]]
    return next((variant for variant in ("dev", "prod") if variant in parts), None)


def _without_variant(parsed: os_version.ParsedVersion) -> str:
    build = [part for part in parsed["build"] if part not in ("dev", "prod")]
    return "+".join([parsed["version"], ".".join(build)]) if build else parsed["version"]


def _mechanism(device_type: str, current_version: str, target_version: str) -> str:
    """Choose by the major versions alone."""
    if os_version.major(current_version) != 1:
        return "balenahup"
    mechanism = {1: "resinhup11", 2: "resinhup12"}.get(os_version.major(target_version) or 0)
    if mechanism is None:
        raise HUPActionError(f"This update request cannot be performed from {current_version} to {target_version}")
    if device_type not in _UPDATABLE_FROM_OS_1:
        raise HUPActionError(f"This update request cannot be performed on '{device_type}'")
    return mechanism


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


def _check_limits(limits: _Limits, current_version: str, target_version: str) -> None:
    if os_version.lt(current_version, limits.min_source):
        raise HUPActionError(f"Current OS version must be >= {limits.min_source}")
    if os_version.lt(target_version, limits.min_target):
        raise HUPActionError(f"Target OS version must be >= {limits.min_target}")
    if limits.max_target and os_version.gte(target_version, limits.max_target):
        raise HUPActionError(f"Target OS version must be < {limits.max_target}")


def update_type(device_type: str, current_version: str | None, target_version: str | None) -> str:
    """Tell by which mechanism a device would be updated.

    Args:
        device_type: canonical device type slug (no alias).
        current_version: OS version that the device runs, with its variant.
        target_version: OS version to update to; without a variant it fits both variants.

    Returns:
        "resinhup11", "resinhup12", "balenahup" or "takeover".

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
    mechanism = _mechanism(device_type, current_version, target_version)
    limits = replace(_LIMITS[mechanism], **_DEVICE_TYPE_LIMITS.get((device_type, mechanism), {}))
    _check_limits(limits, current_version, target_version)
    # A development variant sorts below the plain version; it has crossed the takeover version all the same.
    if (
        limits.takeover_at
        and os_version.lt(_without_variant(current), limits.takeover_at)
        and os_version.gte(target_version, limits.takeover_at)
    ):
        return "takeover"
    return mechanism


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
