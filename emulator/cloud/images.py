# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OS images to download, of the cloud flavor."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from werkzeug import Request, Response

from ..access import Actor
from ..http.responses import answer_text
from ..simulation.builds import host_releases

if TYPE_CHECKING:
    from ..store.store import Store

# Enough that a client has to read in several parts.
IMAGE_BYTES = 256 * 1024


class Images:
    """Endpoints of images."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def download(self, request: Request, actor: Actor) -> Response:
        """An OS image: bytes that follow from device type and version."""
        slug, version = request.args.get("deviceType", ""), request.args.get("version", "latest")
        alias = self._store.get("device_type_alias", is_referenced_by__alias=slug)
        device_type = self._store.get("device_type", alias["device_type"]) if alias else None
        if device_type is None or not self._has_version(device_type["id"], version):
            return answer_text("Not found", 404)
        seed = hashlib.sha256(f"{device_type['slug']}/{version}".encode()).digest()
        content = seed * (IMAGE_BYTES // len(seed))
        headers = {"Last-Modified": "Tue, 10 Dec 2024 10:00:00 GMT", "X-Transfer-Length": str(len(content))}
        return Response(content, headers=headers, content_type="application/octet-stream")

    def _has_version(self, device_type: int, version: str) -> bool:
        if version == "latest":
            return True
        return version.removesuffix(".prod").removesuffix(".dev") in host_releases(self._store, device_type)
