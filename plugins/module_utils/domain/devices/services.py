# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which containers of a device are services of its application.

A supervisor from 18.2 on also reports containers of its own and of the host. Their services belong to other
applications, and may be called like those of the device's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

#: What L(own) needs of C(image/is_a_build_of__service).
SERVICE: dict[str, Any] = {"$select": ["service_name", "application"]}


def own(device: Row) -> list[Row]:
    """The rows of C(image_install) whose services belong to the device's application.

    :param device: with C(belongs_to__application) and C(image_install), whose services were read with L(SERVICE).
    """
    home = _id(device.get("belongs_to__application"))
    installs: list[Row] = [row for row in device.get("image_install") or () if service_of(row)]
    return [row for row in installs if _id(service_of(row).get("application", {"__id": home})) == home]


def service_of(install: Row) -> Row:
    """The service that an installed image is a build of; an empty row if that cannot be seen."""
    for relation in ("image", "is_a_build_of__service"):
        rows = install.get(relation) or []
        install = rows[0] if rows else {}
    return install


def _id(reference: Any) -> int | None:
    """The id of a reference, expanded (a list of one row) or not (C({"__id": 1}))."""
    row = (reference[0] if reference else {}) if isinstance(reference, list) else reference or {}
    found: int | None = row.get("id", row.get("__id"))
    return found
