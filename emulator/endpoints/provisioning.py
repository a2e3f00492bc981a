# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New devices: registration, and the configuration file of an OS image."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from ..http.responses import ApiError, BadRequest, Conflict, NotFound, answer_json
from ..http.routing import Call, route
from ..odata import Target
from ..rules.supervisor import Version, version_key
from ..store.store import Store
from ..writer import writer_for
from .keys import expiry, make_key

REPORTED = ("supervisor_version", "os_version", "os_variant", "mac_address")
# 1.2.0, the newest that is too old.
OLDEST: Version = ((1, 2, 0), True, (), 0)
PLACES = {
    "listenPort": 48484,
    "vpnPort": 443,
    "apiEndpoint": "https://api.oba.local",
    "vpnEndpoint": "cloudlink.oba.local",
    "registryEndpoint": "registry2.oba.local",
    "deltaEndpoint": "https://delta.oba.local",
    "mixpanelToken": "__unused__",
    "logsEndpoint": "https://logs.oba.local",
    "balenaRootCA": "",
}


def whole_number(value: Any) -> int | None:
    """An id that may be sent as a text; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value).strip()
    return int(text) if text.lstrip("+-").isdigit() else None


def device_type_id(store: Store, slug: str) -> int:
    """The id of the device type that has this slug or alias; 404 when there is none."""
    alias = store.get("device_type_alias", is_referenced_by__alias=slug)
    row = store.get("device_type", alias["device_type"]) if alias else store.get("device_type", slug=slug)
    if row is None:
        raise NotFound(f"Unknown device type {slug}")
    return int(row["id"])


def _check_registration(body: dict[str, Any]) -> None:
    for name in ("device_type", "uuid", "api_key", *REPORTED):
        if body.get(name) is not None and not isinstance(body[name], str):
            raise BadRequest
    if body.get("user") is not None and whole_number(body["user"]) is None:
        raise BadRequest("User ID must be a valid integer")
    if whole_number(body.get("application")) is None:
        raise BadRequest("Application ID must be a valid integer")
    if body.get("device_type") is None:
        raise BadRequest("Device type must be specified")
    if body.get("uuid") is None:
        raise BadRequest("UUID must be specified")


@route("POST", "/device/register", needs="key")
def register(call: Call) -> Response:
    """A new device and its key."""
    body = call.body
    _check_registration(body)
    fields = {name: body[name] for name in REPORTED if body.get(name) is not None}
    if fields.get("os_variant") not in ("dev", "prod"):
        fields.pop("os_variant", None)
    fields.update(
        uuid=body["uuid"], belongs_to__application=whole_number(body["application"]),
        is_of__device_type=device_type_id(call.store, body["device_type"]),
    )  # fmt: skip
    writer = writer_for(call.store, call.actor)
    try:
        device = writer.create(Target("device"), fields)["id"]
    except Conflict as conflict:
        if "uuid" in str(conflict.body):
            # old devices look for the text
            raise ApiError(409, '"uuid" must be unique.', "text/html") from None
        raise
    key = make_key(call.store, "device", device, body.get("api_key"))
    return answer_json({"id": device, "uuid": body["uuid"], "api_key": key}, 201)


@route("GET POST", "/download-config", needs="user")
def download_config(call: Call) -> Response:
    """The config.json of an OS image for a fleet, with a new provisioning key."""
    body = {**call.request.args.to_dict(), **call.body}
    fleet_id = whole_number(body.get("appId"))
    if not fleet_id:
        raise BadRequest("An appId is required.")
    if not body.get("version"):
        raise BadRequest("A version is required.")
    expires = expiry(body.get("provisioningKeyExpiryDate"))
    fleet = call.find("application", id=fleet_id)
    if fleet is None:
        raise NotFound("You do not have permission to access this application")
    device_type = body.get("deviceType")
    if device_type is None:
        device_type = (call.store.get("device_type", fleet["is_for__device_type"]) or {})["slug"]
    device_type_id(call.store, device_type)
    version = version_key(str(body["version"]))
    if version is None or version <= OLDEST:
        raise BadRequest("balenaOS versions <= 1.2.0 are no longer supported, please update")
    name, description = body.get("provisioningKeyName"), body.get("provisioningKeyDescription")
    key = make_key(call.store, "application", fleet_id, name=name, description=description, expiry_date=expires)
    return answer_json(_config(body, fleet_id, device_type, call.actor.row["id"], key))


def _config(body: dict[str, Any], fleet: int, device_type: str, user: int, key: str) -> dict[str, Any]:
    minutes = whole_number(body.get("appUpdatePollInterval"))
    config = {
        "applicationId": fleet, "deviceType": device_type, "userId": user,
        "appUpdatePollInterval": 60000 * (minutes or 1), "apiKey": key, **PLACES,
    }  # fmt: skip
    if body.get("network") == "wifi":
        config.update(wifiSsid=body.get("wifiSsid"), wifiKey=body.get("wifiKey"))
    if body.get("developmentMode") in (True, "true", "on"):
        config["developmentMode"] = True
    return config
