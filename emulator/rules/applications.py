# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets: names, slugs, uuids, device types, deletion."""

from __future__ import annotations

import re

from ..http.responses import BadRequest, NotFound, Refused
from ..store.store import Store
from .write import Write, after, before

NAME = re.compile(r"[a-zA-Z0-9_-]+")
UUID4 = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")


def _check_name(name: str | None) -> None:
    if name is not None and not NAME.fullmatch(name):
        raise BadRequest("App name may only contain [a-zA-Z0-9_-].")


def slug_of(store: Store, organization: int, name: str) -> str:
    """`handle/name` in lower case; empty for an unknown organization."""
    row = store.get("organization", organization)
    return f"{row['handle']}/{name.lower()}" if row else ""


@before("create", "application")
def prepare(write: Write) -> None:
    """Name, uuid and slug of a new fleet, which tracks the latest release whatever is asked."""
    values = write.values
    _check_name(values.get("app_name"))
    uuid = values.get("uuid")
    if uuid is not None and not UUID4.fullmatch(uuid):
        raise BadRequest("Application UUID must be a 32 character long lower case UUID version 4.")
    values["should_track_latest_release"] = True
    if values.get("organization") is None:
        raise Refused("no organization")
    if "app_name" not in values:
        raise BadRequest("Missing application name")
    values["slug"] = slug_of(write.store, values["organization"], values["app_name"])


@before("update", "application")
def check_changes(write: Write) -> None:
    """A new name must be a good one, a new device type of the same architecture."""
    name = write.values.get("app_name")
    _check_name(name or None)
    device_type = write.values.get("is_for__device_type")
    if device_type is not None and write.ids:
        types = write.store.query("device_type", id=[device_type, *(row["is_for__device_type"] for row in write.rows)])
        if len({row["is_of__cpu_architecture"] for row in types}) > 1:
            raise BadRequest("The new default device type should be of the same cpu architecture as the previous one.")


@after("update", "application")
def follow_with_slug(write: Write) -> None:
    """The slug follows the name and the organization."""
    if write.values.get("app_name") is None and write.values.get("organization") is None:
        return
    from ..store.model import base_model
    from .checks import check_unique

    for row in write.rows:
        slug = slug_of(write.store, row["organization"], row["app_name"])
        check_unique(write.store, base_model()["application"], [{"slug": slug}], [row["id"]])
        write.store.update("application", row["id"], slug=slug)


@before("delete", "application")
def let_go(write: Write) -> None:
    """A fleet that is named by a key must be there; its target release is released first."""
    if not write.ids and write.by_key:
        raise NotFound("Application(s) not found.")
    if write.ids:
        write.store.update("application", write.ids, should_be_running__release=None)
        devices = write.store.ids("device", belongs_to__application=write.ids)
        if devices:
            write.store.update("device", devices, is_pinned_on__release=None)
