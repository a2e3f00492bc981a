# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OS images to download, and builds from a URL, of the cloud flavor."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from werkzeug import Request, Response

from ..access import Actor
from ..http.responses import answer_json, answer_text
from ..inside import InsideClient
from ..simulation.builds import ReleaseSpec, host_releases, make_release

if TYPE_CHECKING:
    from ..api import Api
    from ..simulation.clock import Clock
    from ..store.store import Store

# Enough that a client has to read in several parts.
IMAGE_BYTES = 256 * 1024


class Images:
    """Endpoints of images."""

    def __init__(self, store: Store, clock: Clock, api: Api) -> None:
        self._store = store
        self._clock = clock
        self._api = api

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

    def build_from_url(self, request: Request, actor: Actor) -> Response:
        """A release made of an archive: built at once, with the services that the fleet has (`main` if none)."""
        owner, name = request.args.get("owner", ""), request.args.get("app", "")
        application = self._store.get("application", slug=f"{owner}/{name}".lower())
        url = (request.get_json(silent=True) or {}).get("url")
        if application is None or not self._api.may(actor, "update", "application", application["id"]):
            return answer_text("Not found", 404)
        if not str(url).startswith(("http://", "https://")):
            failure = {"started": False, "error": "Error", "message": "Failed to download archive"}
            return answer_json(failure, 400)
        client = InsideClient(self._api, authorization=request.headers.get("Authorization"))
        services = {
            row["service_name"]: row["id"] for row in self._store.query("service", application=application["id"])
        } or {"main": int(client.add("service", application=application["id"], service_name="main")["id"])}
        commit = hashlib.sha1(f"{url}{self._store.now()}".encode(), usedforsecurity=False).hexdigest()
        release = make_release(client, ReleaseSpec(application["id"], commit, self._clock.timestamp(), services))
        return answer_json({"started": True, "releaseId": release})
