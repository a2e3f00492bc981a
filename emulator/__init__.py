# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A balena API on this machine: for the demo, for tests of the collection and of users' own playbooks."""

from __future__ import annotations

from .emulator import SEEDS, Emulator
from .remote import EmulatorControl, EmulatorProcess

__all__ = ["SEEDS", "Emulator", "EmulatorControl", "EmulatorProcess"]
