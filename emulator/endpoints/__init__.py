# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of the API beside its resources, by topic; importing registers them."""

from __future__ import annotations

from . import auth, device_logs, device_reports, device_state, device_types, keys, provisioning, services, storage

__all__ = [
    "auth",
    "device_logs",
    "device_reports",
    "device_state",
    "device_types",
    "keys",
    "provisioning",
    "services",
    "storage",
]
