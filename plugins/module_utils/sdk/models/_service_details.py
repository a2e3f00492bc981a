# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services run on a device: the expansion that reads them, and the summary that is made of it."""

from __future__ import annotations

from typing import Any

from .._related import related_or_none
from ._namespace import Options, Row

#: Expands a device's installed images, with their services, releases and applications.
SERVICE_DETAILS: Options = {
    "$expand": {
        "image_install": {
            "$select": ["id", "download_progress", "status", "install_date"],
            "$filter": {"status": {"$ne": "deleted"}},
            "$expand": {
                "installs__image": {
                    "$select": ["id"],
                    "$expand": {"is_a_build_of__service": {"$select": ["id", "service_name"]}},
                },
                "is_provided_by__release": {
                    "$select": ["id", "commit", "raw_version"],
                    "$expand": {"belongs_to__application": {"$select": ["slug"]}},
                },
            },
        }
    }
}

_RELATIONS = ("installs__image", "is_provided_by__release")
# The key of what was installed without a release, or whose application the token may not see; the reference's own.
_OF_NO_APPLICATION = "undefined"


def with_current_services_by_app(device: Row) -> Row:
    """Return a device that was read with :data:`SERVICE_DETAILS`, with ``current_services_by_app`` added.

    It has the slugs of applications as keys (besides the fleet's own, those of the supervisor and the host), below
    each the names of services, and as values lists of the service's containers, the one installed last first.
    """
    by_app: dict[str, dict[str, list[Row]]] = {}
    installs = device.get("image_install") or []
    newest_first = sorted(installs, key=lambda install: install.get("install_date") or "", reverse=True)
    for install in newest_first:
        image = related_or_none(install, "installs__image")
        service = related_or_none(image, "is_a_build_of__service") if image else None
        if image is None or service is None:
            continue  # the token may not see it
        release = related_or_none(install, "is_provided_by__release") or {}
        application = related_or_none(release, "belongs_to__application") if release else None
        services = by_app.setdefault(application["slug"] if application else _OF_NO_APPLICATION, {})
        services.setdefault(service["service_name"], []).append(_container(install, image, service, release))
    return {**device, "image_install": newest_first, "current_services_by_app": by_app}


def _container(install: Row, image: Row, service: Row, release: dict[str, Any]) -> Row:
    details = {name: value for name, value in install.items() if name not in _RELATIONS}
    return {
        **details,
        "service_id": service["id"],
        "image_id": image["id"],
        "commit": release.get("commit"),
        "raw_version": release.get("raw_version"),
        "release_id": release.get("id"),
    }
