# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the steps of a plan reach: one thing each, or all devices of an application."""

from __future__ import annotations

from collections.abc import Iterable

from ..engine.plan import Change, Key, Plan, Step

#: What an application or service has, and all its devices get.
_REACHING = ("application_environment_variable", "application_config_variable", "service_environment_variable")
_TARGET = frozenset(("should_be_running__release", "should_track_latest_release"))
#: What the names of all resources begin with that belong to devices.
_OF_DEVICES = ("device", "service_install")


def of_device(step: Step) -> bool:
    """Whether a step is about a device."""
    return step.resource.startswith(_OF_DEVICES)


def subject(step: Step) -> Key:
    """What a step is about: the beginning of its key. A device that is declared by its name has two parts there."""
    by_name = step.action != "act" and of_device(step) and "/" in step.key[0]
    return step.key[: 2 if by_name else 1]


def reaches_all(resource: str, action: str, columns: Iterable[str]) -> bool:
    """Whether all devices of an application get what a step changes.

    :param columns: those that it changes.
    """
    return resource in _REACHING or (
        resource == "application" and action == "update" and not _TARGET.isdisjoint(columns)
    )


def is_for_all(change: Change) -> bool:
    """Whether all devices of an application get a planned change."""
    return reaches_all(change.resource, change.action, change.body)


def touched(plan: Plan) -> int:
    """How many of its subjects a plan changes. What reaches all devices of an application touches all of them."""
    if any(is_for_all(change) for change in plan.changes):
        return plan.subjects
    return min(len({subject(step) for step in plan.steps}), plan.subjects)
