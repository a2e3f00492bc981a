# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices report: their state, the images that they download and run, their tags."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from ..http.responses import BadRequest, Unauthorized, answer_empty
from ..http.routing import Call, route
from ..odata import Options, Target
from ..odata.nodes import Literal
from ..store.model import base_model
from ..store.store import Row
from ..writer import writer_for

TEXTS = tuple(
    "status os_version os_variant supervisor_version provisioning_state ip_address mac_address api_secret cpu_id"
    " storage_block_device update_status device_name note".split()
)
NUMBERS = tuple(
    "provisioning_progress api_port memory_usage memory_total storage_usage storage_total cpu_temp cpu_usage"
    " download_progress".split()
)
FLAGS = ("is_online", "is_undervolted")
ONLY_V2 = ("device_name", "note", "download_progress")
NEVER_NULL = ("status", "supervisor_version", "ip_address", "mac_address", "api_port", "is_online", "is_undervolted")
UPDATE_ORDER = ("aborted", "rejected", "downloading", "downloaded", "applying changes", "done")
LARGEST = 2147483647


def _reported(state: Row, version: int) -> Row:
    """The fields of the device that a report sets; wrong types are an empty 400."""
    fields: Row = {}
    kinds_of: tuple[tuple[tuple[str, ...], tuple[type, ...]], ...]
    kinds_of = ((TEXTS, (str,)), (NUMBERS, (int, float)), (FLAGS, (bool,)))
    for names, kinds in kinds_of:
        for name in names:
            if name not in state or (name in ONLY_V2 and version == 3):
                continue
            value = state[name]
            if value is None and name not in NEVER_NULL:
                fields[name] = None
                continue
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                raise BadRequest
            fields[name] = value
    return _fitted(fields)


def _fitted(fields: Row) -> Row:
    """Devices may report what does not fit: it is cut, not refused."""
    if fields.get("os_variant") not in ("dev", "prod", None):
        del fields["os_variant"]
    if fields.get("cpu_id"):
        fields["cpu_id"] = fields["cpu_id"].lower()
        if not fields["cpu_id"].isprintable() or not fields["cpu_id"].isascii():
            del fields["cpu_id"]
    for name, value in fields.items():
        bounds = base_model()["device"].fields[name].bounds
        if isinstance(value, str) and bounds is not None:
            fields[name] = value[: bounds.high]
        elif name in NUMBERS and value is not None:
            fields[name] = min(int(value), LARGEST)
    return fields


def _own_device(call: Call, uuid: str) -> Row:
    device = call.store.get("device", uuid=uuid)
    if device is None or (call.actor.of == "device" and call.actor.row["id"] != device["id"]):
        raise Unauthorized
    if call.actor.of == "user" and not call.may("update", "device", device["id"]):
        raise Unauthorized
    return device


def _patch(call: Call, device: Row, fields: Row) -> None:
    changed = {name: value for name, value in fields.items() if device[name] != value}
    if changed:
        writer = writer_for(call.store, call.actor)
        writer.update(Target("device", {"id": Literal(device["id"])}), Options(), changed)


@route("PATCH", "/device/v3/state", needs="key")
def report_v3(call: Call) -> Response:
    """A report of one or more devices."""
    body = call.body
    states = {uuid: state for uuid, state in body.items() if isinstance(state, dict)}
    if not states:
        raise Unauthorized
    for uuid, state in states.items():
        device = _own_device(call, uuid)
        fields = _reported(state, 3)
        apps = state.get("apps")
        if apps is not None and not isinstance(apps, dict):
            raise BadRequest
        installs = _installs(call, device, apps or {}, fields)
        _patch(call, device, fields)
        if apps is not None:
            _record_installs(call, device["id"], installs)
    return answer_empty()


def _installs(call: Call, device: Row, apps: Row, fields: Row) -> list[Row]:
    """The images of a report; what it says of releases goes into the fields. Unknown ones are 401."""
    installs: list[Row] = []
    for fleet_uuid, app in apps.items():
        fleet = call.store.get("application", uuid=fleet_uuid)
        reported = app.get("releases") or {}
        commits = {*reported, *([app["release_uuid"]] if app.get("release_uuid") else [])}
        wanted = {"belongs_to__application": fleet["id"] if fleet else 0, "commit": list(commits), "status": "success"}
        releases = {row["commit"]: row for row in call.store.query("release", **wanted)}
        if len(releases) != len(commits):
            raise Unauthorized
        if fleet and fleet["id"] == device["belongs_to__application"]:
            if app.get("release_uuid"):
                fields["is_running__release"] = releases[app["release_uuid"]]["id"]
            statuses = [r["update_status"] for r in reported.values() if r.get("update_status") in UPDATE_ORDER]
            if statuses:
                fields["update_status"] = min(statuses, key=UPDATE_ORDER.index)
        for commit, release in reported.items():
            installs += [_install(call, releases[commit], s) for s in (release.get("services") or {}).values()]
    return installs


def _install(call: Call, release: Row, service: Row) -> Row:
    if not isinstance(service.get("image"), str):
        raise BadRequest
    image = call.store.get("image", is_stored_at__image_location=service["image"].split("@")[0])
    if image is None:
        raise Unauthorized
    link = {"image": image["id"], "is_part_of__release": release["id"]}
    if not call.store.ids("image__is_part_of__release", **link):
        raise Unauthorized
    fields = {"installs__image": image["id"], "is_provided_by__release": release["id"]}
    for name in ("status", "download_progress"):
        if name in service:
            fields[name] = service[name]
    return fields


def _record_installs(call: Call, device: int, installs: list[Row]) -> None:
    """Set what is installed; images that are not reported any more count as deleted."""
    store, known = call.store, base_model()["image_install"].fields["status"].choices
    for fields in installs:
        if fields.get("status") not in known:
            fields.pop("status", None)
        row = store.get("image_install", device=device, installs__image=fields["installs__image"])
        if row is None:
            store.insert("image_install", device=device, **{"status": "Unknown", **fields})
        else:
            store.update("image_install", row["id"], **fields)
    reported = {fields["installs__image"] for fields in installs}
    gone = [
        row["id"]
        for row in store.query("image_install", device=device)
        if row["installs__image"] not in reported and row["status"] != "deleted"
    ]
    if gone:
        store.update("image_install", gone, status="deleted", download_progress=None)


@route("PATCH", "/device/v2/<uuid>/state", needs="key")
def report_v2(call: Call) -> Response:
    """A report as old supervisors send it."""
    device = _own_device(call, call.params["uuid"])
    local = call.body.get("local")
    if not isinstance(local, dict):
        raise BadRequest
    if "name" in local:
        local = {**local, "device_name": local["name"]}
    fields = _reported(local, 2)
    if "should_be_running__release" in local:
        fields["is_pinned_on__release"] = local["should_be_running__release"]
    if "is_on__commit" in local:
        _run_commit(call, device, local["is_on__commit"], fields)
    _patch(call, device, fields)
    if isinstance(local.get("apps"), dict):
        _record_installs(call, device["id"], _installs_v2(local["apps"]))
    return answer_empty()


def _run_commit(call: Call, device: Row, commit: Any, fields: Row) -> None:
    if commit is None:
        fields["is_running__release"] = None
        return
    wanted = {"belongs_to__application": device["belongs_to__application"], "commit": commit, "status": "success"}
    release = call.store.get("release", **wanted)
    if release is not None:
        fields["is_running__release"] = release["id"]


def _installs_v2(apps: Row) -> list[Row]:
    installs = []
    for app in apps.values():
        for image, service in ((app or {}).get("services") or {}).items():
            if not str(image).isdigit() or not str(service.get("releaseId")).isdigit():
                raise BadRequest
            fields = {"installs__image": int(image), "is_provided_by__release": int(service["releaseId"])}
            installs.append({**fields, **{k: service[k] for k in ("status", "download_progress") if k in service}})
    return installs


@route("PATCH", "/device/v3/tags", needs="key")
def tags(call: Call) -> Response:
    """Set tags of devices by their keys."""
    for uuid, wanted in call.body.items():
        device = _own_device(call, uuid)
        if not isinstance(wanted, dict) or not all(isinstance(value, str) for value in wanted.values()):
            raise BadRequest
        writer = writer_for(call.store, call.actor)
        for key, value in wanted.items():
            row = call.store.get("device_tag", device=device["id"], tag_key=key)
            if row is None:
                writer.create(Target("device_tag"), {"device": device["id"], "tag_key": key, "value": value})
            elif row["value"] != value:
                writer.update(Target("device_tag", {"id": Literal(row["id"])}), Options(), {"value": value})
    return answer_empty()
