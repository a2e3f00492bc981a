# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What v6 of the API lets a client write in other words."""

from __future__ import annotations

from typing import Any

from ..http.responses import BadRequest
from ..store.store import Store

TYPE_FIELDS = {"application": "is_for__device_type", "device": "is_of__device_type"}
FINAL = {"draft": False, "final": True}


def translated(store: Store, resource: str, body: dict[str, Any]) -> dict[str, Any]:
    """A body of v6 with the names of the fields that are stored."""
    out = dict(body)
    if resource in TYPE_FIELDS and "device_type" in out:
        row = store.get("device_type", slug=out.pop("device_type"))
        if row is None:
            raise BadRequest
        out[TYPE_FIELDS[resource]] = row["id"]
    if out.get("depends_on__application") is not None or out.get("is_managed_by__device") is not None:
        raise BadRequest
    if resource == "release" and isinstance(out.get("release_type"), str):
        kind = out.pop("release_type")
        if kind not in FINAL:
            raise BadRequest('It is necessary that each release has a release type that is "final" or "draft".')
        if out.get("is_final") not in (None, FINAL[kind]):
            raise BadRequest("Conflict between the provided is_final and release_type values")
        out["is_final"] = FINAL[kind]
    return out
