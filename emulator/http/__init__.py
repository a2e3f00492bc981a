# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and answers: the server, its connections, routes, faults and log."""
