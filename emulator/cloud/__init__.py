# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flavor `cloud`: what balenaCloud has beyond the open server."""
