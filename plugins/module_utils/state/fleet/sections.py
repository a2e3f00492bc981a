# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of a fleet document, by which a task is limited to some of it."""

from __future__ import annotations

SECTIONS = (
    "application",
    "devices",
    "groups",
    "tags",
    "services",
    "variables",
    "provisioning_keys",
    "supervisor",
    "os",
    "release",
)
