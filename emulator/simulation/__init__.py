# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that live: they follow their targets, answer, go offline and fail, on a clock of their own."""
