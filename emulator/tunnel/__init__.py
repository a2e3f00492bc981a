# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's tunnel to the ports of devices: TLS, then HTTP CONNECT."""
