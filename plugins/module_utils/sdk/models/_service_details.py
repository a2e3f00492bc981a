# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services run on a device: the expansion that reads them, and the summary that is made of it."""

from __future__ import annotations

from typing import Any

from .._related import related_or_none
from ._namespace import Options, Row

#: Expands a device's installed images, with their services and releases.
SERVICE_DETAILS: Options = {
    "$expand": {
        "image_install": {
            "$select": ["id", "download_progress", "status", "install_date"],
            "$filter": {"status": {"$ne": "deleted"}},
            "$expand": {
                "image": {
                    "$select": ["id"],
                    "$expand": {"is_a_build_of__service": {"$select": ["id", "service_name"]}},
                },
                "is_provided_by__release": {"$select": ["id", "commit", "raw_version"]},
            },
        }
    }
}


def with_current_services(device: Row) -> Row:
    """Return a device that was read with :data:`SERVICE_DETAILS`, with ``current_services`` added.

    ``current_services`` has the services' names as keys; each value lists the containers of the service, the one that
    was installed last first.
    """
    services: dict[str, list[Row]] = {}
    for install in device.get("image_install") or []:
        image = related_or_none(install, "image")
        service = related_or_none(image, "is_a_build_of__service") if image else None
        if image is None or service is None:
            continue  # the token may not see it
        services.setdefault(service["service_name"], []).append(_container(install, image, service))
    for containers in services.values():
        containers.sort(key=lambda container: container.get("install_date") or "", reverse=True)
    return {**device, "current_services": services}


def _container(install: Row, image: Row, service: Row) -> Row:
    release: dict[str, Any] = (install.get("is_provided_by__release") or [{}])[0]
    details = {name: value for name, value in install.items() if name not in ("image", "is_provided_by__release")}
    return {
        **details,
        "service_id": service["id"],
        "image_id": image["id"],
        "commit": release.get("commit"),
        "raw_version": release.get("raw_version"),
        "release_id": release.get("id"),
    }
