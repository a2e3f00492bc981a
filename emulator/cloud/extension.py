# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data model of the cloud flavor: adds `resources.yml` of this folder to the stored model, and rights on it.

The stored model is one for all emulators of a process, so it is extended for both flavors; only the version `cloud` of
it shows what was added.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from werkzeug import Request, Response

from ..access import Actor, Credentials, roles
from ..api import Api
from ..store.model import Field, Model, _connect, base_model, model_of, parse_field, parse_resource
from ..store.store import HasNow, Store
from .memberships import meant
from .rights import rights_of_users

VERSION = "cloud"
USER = "user of the cloud"
HERE = Path(__file__).parent
YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Computed by the open server, which has no device URLs; a plain field here, in a column of its own.
WEB_ACCESSIBLE = "is_web_accessible"
WEB_COLUMN = "web_accessible"


class CloudApi(Api):
    """The API with the resources of the cloud flavor."""

    def _meant(self, actor: Actor, resource: str, body: Any) -> Any:
        return meant(self.store, actor, resource, body) if isinstance(body, dict) else body

    def __init__(self, store: Store, clock: HasNow, flavor: str = VERSION, flaw: str | None = None) -> None:
        super().__init__(store, clock, flavor, flaw)
        self.credentials = CloudCredentials(store)

    def _resource(self, request: Request, actor: Actor, version: str, path: str) -> Response:
        return super()._resource(request, actor, VERSION if version == "v7" else version, path)


class CloudCredentials(Credentials):
    """Users have the rights of the cloud flavor; keys of devices and fleets those of the open server."""

    def actor(self, token: str | None) -> Actor:
        """Who a token stands for."""
        found = super().actor(token)
        return replace(found, role=USER) if found.of == "user" else found


@functools.cache
def extend() -> None:
    """Extend the stored model and the rights, once, before the first database is opened."""
    model = base_model()
    for resource in model.resources.values():
        if "v7" in resource.versions:
            resource.versions += (VERSION,)
        for name, f in resource.fields.items():
            if "v7" in f.versions:
                resource.fields[name] = replace(f, versions=(*f.versions, VERSION))
    for name, data in load("resources.yml").items():
        if name in model.resources:
            model.resources[name].fields |= {key: parse_field(key, text) for key, text in data["fields"].items()}
        else:
            resource = parse_resource(name, data)
            shown = {key: f if "none" in f.versions else only_here(f) for key, f in resource.fields.items()}
            model.resources[name] = replace(resource, fields=shown)
    web = Field(WEB_COLUMN, "bool", required=True, default="false", versions=())
    model["device"].fields[WEB_COLUMN] = web
    _connect(model.resources)
    vars(model).update(vars(Model(model.version, model.resources)))
    model_of(VERSION)["device"].fields[WEB_ACCESSIBLE] = replace(web, name=WEB_ACCESSIBLE, column=WEB_COLUMN)
    roles()[USER] = {**roles()["default-user"], **rights_of_users(load("access.yml"))}


def only_here(f: Field) -> Field:
    """The same field, which this version of the API alone shows."""
    return replace(f, versions=(VERSION,))


def load(name: str) -> dict[str, Any]:
    """The mapping of a YAML file of the emulator."""
    data: dict[str, Any] = yaml.load((HERE / name).read_text(encoding="utf-8"), Loader=YAML)
    return data
