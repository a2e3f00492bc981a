# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device on this machine: OpenSSH's sshd, a container engine, and the emulator that knows of them."""

from __future__ import annotations

from .device import Device, Service
from .kit import DeviceKit
from .sshd import SshServer

__all__ = ["Device", "DeviceKit", "Service", "SshServer"]
