# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(group_by): groups without any Jinja."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Variables = Mapping[str, Any]

COMMIT_DIGITS = 7


def _release(device: Variables) -> Iterable[str]:
    version, commit = device["release_version"], device["release_commit"]
    return [f"release_{version or commit[:COMMIT_DIGITS]}"] if version or commit else []


def _tags(device: Variables) -> Iterable[str]:
    return [f"tag_{key}_{value}" if value not in (None, "") else f"tag_{key}" for key, value in device["tags"].items()]


def _by(variable: str, kind: str | None = None) -> Callable[[Variables], Iterable[str]]:
    def names(device: Variables) -> Iterable[str]:
        value = device[variable]
        return [f"{kind or variable}_{value}"] if value not in (None, "") else []

    return names


#: The choices of C(group_by), each with the raw group names of a device.
GROUPINGS: dict[str, Callable[[Variables], Iterable[str]]] = {
    "application": _by("application"),
    "cpu_architecture": _by("cpu_architecture"),
    "device_type": _by("device_type"),
    "fleet": _by("application", "fleet"),
    "online": lambda device: ["online" if device["is_online"] else "offline"],
    "organization": _by("organization"),
    "os_version": _by("os_version"),
    "release": _release,
    "status": _by("overall_status", "status"),
    "supervisor_version": _by("supervisor_version"),
    "tags": _tags,
}


def raw_group_names(device: Variables, group_by: Sequence[str], prefix: str) -> list[str]:
    """Names of the groups of a device, before Ansible makes them valid.

    :param device: its variables without prefix.
    """
    return [prefix + name for grouping in group_by for name in GROUPINGS[grouping](device)]
