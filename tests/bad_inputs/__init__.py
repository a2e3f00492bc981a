# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong values, derived from what options, documents and sources are declared to take."""
