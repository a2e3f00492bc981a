# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server does besides storing: its checks, generated values and consequences, by topic."""

from __future__ import annotations

from . import applications, devices, files, keys, releases, sentences, services, supervisor, v6, variables

__all__ = [
    "applications",
    "devices",
    "files",
    "keys",
    "releases",
    "sentences",
    "services",
    "supervisor",
    "v6",
    "variables",
]
