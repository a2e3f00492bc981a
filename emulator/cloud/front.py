# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flavor `cloud`: what balenaCloud answers beyond the open server, in front of the API.

Its resources stand in `resources.yml`, what it does to writes of them in `memberships.py`; here are its endpoints. The
shapes follow recorded calls of the JavaScript SDK, so this is less certain than what real answers were recorded for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from ..access import Actor
from ..http.request_log import READING_METHODS
from ..http.responses import ApiError, Unauthorized, answer_error, answer_json
from ..simulation.device_answers import Devices
from .accounts import Accounts
from .billing import Billing
from .builder import Builder
from .history import History
from .images import Images
from .memberships import Invitations

if TYPE_CHECKING:
    from ..api import Api
    from ..simulation.clock import Clock
    from ..simulation.simulation import Simulation
    from ..store.store import Store

Endpoint = Callable[..., "Response | None"]
# Method, path and name of an endpoint.
Path = tuple[str, str, str]
# What may be asked without credentials.
OPEN = frozenset({"register", "verify_email", "config", "download"})
ORGANIZATION_ROLES = ("administrator", "member")
APPLICATION_ROLES = ("developer", "operator", "observer")
FEATURES = ("device:microservices", "org:device-logs")


class Front:
    """Stands in front of the API and answers what the API does not: online devices, and all of the cloud flavor."""

    def __init__(self, api: Api, store: Store, clock: Clock, simulation: Simulation, flavor: str) -> None:
        self._api = api
        self._store = store
        self.accounts = Accounts(api, store, clock)
        self.invitations = Invitations(store)
        devices = Devices(api, store, clock, simulation)
        self._history: History | None = None
        self._builder: Builder | None = None
        self._endpoints: dict[str, Endpoint] = {"supervisor": devices.supervisor}
        paths = [("POST", "/supervisor/<path:action>", "supervisor")]
        if flavor == "cloud":
            self._builder = Builder(api, store, clock, simulation)
            paths += self._add_cloud(devices, Billing(store, clock), self._builder)
            self._history = History(store, clock)
            simulation.after_step.append(self._history.update)
        self._urls = url_map(tuple(paths))

    def _add_cloud(self, devices: Devices, billing: Billing, builder: Builder) -> list[Path]:
        accounts = self.accounts
        routes: list[tuple[str, str, str, Endpoint]] = [
            ("GET", "/config", "config", self._config),
            ("POST", "/user/register", "register", accounts.register),
            ("POST", "/user/v1/verify-email", "verify_email", accounts.verify_email),
            ("GET", "/auth/totp/setup", "totp_setup", accounts.totp_setup),
            ("POST", "/auth/totp/verify", "totp_verify", accounts.totp_verify),
            ("POST", "/auth/totp/disable", "totp_disable", accounts.totp_disable),
            ("POST", "/<any(user, org):kind>/v1/invitation/<token>", "accept", self.invitations.accept),
            ("POST", "/v7/organization", "new_organization", accounts.create_organization),
            ("DELETE", "/v7/organization(<int:organization>)", "old_organization", accounts.delete_organization),
            ("GET", "/<any(v1, v2):version>/<uuid>/resinhup", "os_status", devices.os_update_status),
            ("POST", "/<any(v1, v2):version>/<uuid>/resinhup", "os_update", devices.start_os_update),
            ("GET", "/download", "download", Images(self._store).download),
            ("POST", "/v3/buildFromUrl", "build", builder.build_from_url),
            *billing.routes(),
        ]
        self._endpoints |= {name: endpoint for _method, _path, name, endpoint in routes}
        return [(method, path, name) for method, path, name, _endpoint in routes]

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        if self._builder is not None:
            self._builder.settle()
        answer = self._answer(request)
        if self._history is not None and request.method not in READING_METHODS:
            self._history.update(actor=self._who(request).id)
        return answer

    def _answer(self, request: Request) -> Response:
        try:
            name, values = self._urls.bind_to_environ(request.environ).match()
        except HTTPException:
            return self._api(request)
        try:
            actor = self._who(request)
            if actor.id is None and name not in OPEN:
                raise Unauthorized
            answer = self._endpoints[name](request, actor, **values)
        except ApiError as error:
            return answer_error(error)
        # An endpoint that has nothing to say leaves it to the API.
        return self._api(request) if answer is None else answer

    def track_devices(self, actor: int | None = None) -> None:
        """Bring the device history up to date, after somebody added devices behind the API's back."""
        if self._history is not None:
            self._history.update(actor=actor)

    def _who(self, request: Request) -> Actor:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        return self._api.credentials.actor(token if scheme.lower() == "bearer" else request.args.get("apikey"))

    def _config(self, request: Request, actor: Actor) -> Response:
        return answer_json(
            {
                # A domain on balenaCloud. Here it says the scheme as well: the actions service is on this very port.
                "deviceUrlsBase": request.host_url.rstrip("/"),
                "mainUrl": request.host_url.rstrip("/"),
                "apiUrl": request.host_url.rstrip("/"),
                "registryUrl": "registry2.balena-cloud.com",
                "vpnUrl": "vpn.balena-cloud.com",
                "deviceTypes": [
                    {"slug": row["slug"], "name": row["name"], "state": "RELEASED"}
                    for row in self._store.query("device_type")
                ],
            }
        )


@functools.cache
def url_map(paths: tuple[Path, ...]) -> Map:
    """The paths as a map; made once, since that takes longer than all else that a new API needs."""
    return Map([Rule(path, endpoint=name, methods=[method]) for method, path, name in paths], strict_slashes=False)


def fill_roles(store: Store) -> None:
    """The roles that memberships have, and the features that credits are for; who is a member is an administrator."""
    with store.transaction():
        store.insert_many("organization_membership_role", [{"name": name} for name in ORGANIZATION_ROLES])
        store.insert_many("application_membership_role", [{"name": name} for name in APPLICATION_ROLES])
        store.insert_many("feature", [{"title": slug.split(":")[1], "slug": slug} for slug in FEATURES])
        role = store.ids("organization_membership_role", name="administrator")[0]
        store.update(
            "organization_membership",
            store.ids("organization_membership"),
            organization_membership_role=role,
            effective_seat_role="administrator",
        )
