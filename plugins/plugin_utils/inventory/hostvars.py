# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain variables of a host, without prefix. docs/inventory.md lists them; they are the facts of info modules."""

from __future__ import annotations

from ...module_utils.domain.devices.facts import SECRET_COLUMNS, Row, addresses, shape

__all__ = ["SECRET_COLUMNS", "UNIQUE", "Row", "addresses", "shape"]

#: Variables that differ from device to device; the values of all others repeat.
UNIQUE = frozenset({
    "id", "uuid", "device_name", "note", "last_connectivity_event", "created_at", "ip_addresses", "mac_addresses",
    "services", "variables", "config_variables",
})  # fmt: skip
