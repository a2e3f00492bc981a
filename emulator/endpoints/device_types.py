# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device types as old clients read them, and the schema of configuration variables."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from werkzeug import Response

from ..http.responses import NotFound, answer_json
from ..http.routing import Call, route
from ..store.store import Row, Store
from .provisioning import device_type_id

DATA = Path(__file__).resolve().parent.parent / "data"
IMAGE_BYTES = 350_000_000


@functools.cache
def _data(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@route("GET", "/config/vars")
def config_vars(call: Call) -> Response:
    """The names that variables may have, and the known configuration variables."""
    data = _data("config_vars")
    schema = data["all"]["configVarSchema"]
    if call.request.args.get("deviceType", "").startswith("raspberry"):
        schema = {**schema, "properties": {**schema["properties"], **data["raspberrypi"]}}
    return answer_json({**data["all"], "configVarSchema": schema})


def _described(store: Store, row: Row) -> dict[str, Any]:
    known = _data("device_types").get(row["slug"])
    if known is not None:
        return {**known, "buildId": "2.112.12"}
    aliases = [a["is_referenced_by__alias"] for a in store.query("device_type_alias", device_type=row["id"])]
    architecture = store.get("cpu_architecture", row["is_of__cpu_architecture"]) or {}
    return {"slug": row["slug"], "version": 1, "aliases": aliases, "name": row["name"], "arch": architecture["slug"],
            "state": "RELEASED", "buildId": "2.112.12"}  # fmt: skip


@route("GET", "/device-types/v1")
def device_types(call: Call) -> Response:
    """Every device type."""
    return answer_json([_described(call.store, row) for row in call.store.query("device_type")])


@route("GET", "/device-types/v1/<slug>")
def device_type(call: Call) -> Response:
    """One device type, by slug or alias."""
    row = call.store.get("device_type", device_type_id(call.store, call.params["slug"]))
    return answer_json(_described(call.store, row or {}))


@route("GET", "/device-types/v1/<slug>/images/<version>/download-size")
def download_size(call: Call) -> Response:
    """How large the image of an OS version is."""
    slug, version = call.params["slug"], call.params["version"]
    device_type_id(call.store, slug)
    if "yocto" not in _data("device_types").get(slug, {}) or not _known(call.store, version):
        raise NotFound(f"Device {slug} not found for {version} version")
    return answer_json({"size": IMAGE_BYTES})


def _known(store: Store, version: str) -> bool:
    from ..rules.releases import PARTS, parsed

    parts = parsed(version.removesuffix(".prod").removesuffix(".dev"))
    return parts is not None and bool(store.ids("release", **{name: parts[name] for name in PARTS[:3]}))


@route("GET", "/os/v1/config")
def os_config(_call: Call) -> Response:
    """What the services of a device need to know of the platform."""
    return answer_json({"services": {}, "schema_version": "1.0.0"})
