# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builder of the cloud flavor: releases made of archives, which take their time and may fail."""

from __future__ import annotations

import hashlib
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from fnmatch import fnmatchcase
from io import BytesIO
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from ..access import Actor
from ..http.responses import answer_json, answer_text
from ..inside import InsideClient
from ..simulation.builds import ReleaseSpec, begin_release, finish_release

if TYPE_CHECKING:
    from ..api import Api
    from ..simulation.clock import Clock
    from ..simulation.simulation import Simulation
    from ..store.store import Row, Store

# Archives on this machine are looked at; those elsewhere are taken for good ones.
OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
FETCH_SECONDS = 10
NO_TARBALL = "Invalid tar header. Maybe the tar is corrupted or it needs to be gunzipped?"


@dataclass
class Build:
    """A build on its way."""

    client: InsideClient
    release: int
    ends: float
    status: str


class Builder:
    """The endpoint that builds, and the builds that have begun."""

    def __init__(self, api: Api, store: Store, clock: Clock, simulation: Simulation) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self._simulation = simulation
        self._builds: list[Build] = []

    def build_from_url(self, request: Request, actor: Actor) -> Response:
        """Begin a release made of an archive, with the services that the fleet has (`main` if none)."""
        owner, name = request.args.get("owner", ""), request.args.get("app", "")
        application = self._store.get("application", slug=f"{owner}/{name}".lower())
        if application is None or not self._api.may(actor, "update", "application", application["id"]):
            return answer_text("Not found", 404)
        url = str((request.get_json(silent=True) or {}).get("url"))
        problem = wrong_with(url)
        if problem is not None:
            return answer_json({"started": False, "error": "Error", "message": problem[1]}, problem[0])
        client = InsideClient(self._api, authorization=request.headers.get("Authorization"))
        return answer_json({"started": True, "releaseId": self._begin(client, application, url)})

    def _begin(self, client: InsideClient, application: Row, url: str) -> int:
        services: dict[str, Any] = {
            row["service_name"]: row["id"] for row in self._store.query("service", application=application["id"])
        } or {"main": int(client.add("service", application=application["id"], service_name="main")["id"])}
        commit = hashlib.sha1(f"{url}{self._store.now()}".encode(), usedforsecurity=False).hexdigest()
        now, settings = self._clock.timestamp(), self._simulation.settings
        release = begin_release(client, ReleaseSpec(application["id"], commit, now, services))
        fails = bool(settings.fail_builds) and fnmatchcase(url, settings.fail_builds)
        ends = now + settings.build_seconds
        self._builds.append(Build(client, release, ends, "failed" if fails else "success"))
        self.settle()
        return release

    def settle(self) -> None:
        """End the builds whose time has come."""
        now = self._clock.timestamp()
        due = [build for build in self._builds if build.ends <= now]
        self._builds = [build for build in self._builds if build.ends > now]
        for build in due:
            if self._store.ids("release", id=build.release):
                finish_release(build.client, build.release, build.ends, build.status)


def wrong_with(url: str) -> tuple[int, str] | None:
    """Status and message of an archive that cannot be built; None: nothing is wrong with it."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return 400, "Failed to download archive"
    if parts.hostname not in OWN_HOSTS:
        return None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=FETCH_SECONDS) as answer:
            content = answer.read()
    except (OSError, urllib.error.URLError):
        return 404, "Failed to fetch tarball from passed URL"
    try:
        with tarfile.open(fileobj=BytesIO(content)):
            return None
    except tarfile.TarError:
        return 502, NO_TARBALL
