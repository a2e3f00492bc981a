# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps of a plan reach all devices of an application."""

from __future__ import annotations

from collections.abc import Iterable

#: What an application or service has, and all its devices get.
_REACHING = ("application_environment_variable", "application_config_variable", "service_environment_variable")
_TARGET = frozenset(("should_be_running__release", "should_track_latest_release"))


def reaches_all(resource: str, action: str, columns: Iterable[str]) -> bool:
    """Whether all devices of an application get what a step changes.

    :param columns: those that it changes.
    """
    return resource in _REACHING or (
        resource == "application" and action == "update" and not _TARGET.isdisjoint(columns)
    )
