# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who we are."""

from __future__ import annotations

VERSION = "2.0.0"
# The version of the JavaScript SDK whose methods this SDK mirrors.
REFERENCE_VERSION = "23.2.15"
CLIENT = f"community.balena/{VERSION}"
USER_AGENT = f"{CLIENT} (+https://github.com/ansible-collections/community.balena)"
