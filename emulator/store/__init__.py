# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator holds: the data model, the database below it, and the values that it makes itself."""
