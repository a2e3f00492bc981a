# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets and devices described in YAML, and how a description becomes rows."""
