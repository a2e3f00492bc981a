# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices (and fleets) should run: their target state, in both of its shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug import Response

from ..http.responses import Unauthorized, answer_empty, answer_json
from ..http.routing import Call, route
from ..store.store import Row, Store

POLL_INTERVAL = 600_000
CLOUD_POLL_INTERVAL = 900_000
LABELS_OF_CONFIG = {
    "RESIN_SUPERVISOR_UPDATE_STRATEGY": "io.resin.update.strategy",
    "RESIN_SUPERVISOR_HANDOVER_TIMEOUT": "io.resin.update.handover-timeout",
}
HOST_LABELS = {"io.balena.image.store": "root"}


@dataclass
class Target:
    """A release that something should run, and for whom its state is made."""

    store: Store
    release: Row | None
    fleet: Row
    device: Row | None
    config: dict[str, str]


def _values(store: Store, resource: str, name: str = "name", **equals: Any) -> dict[str, str]:
    return {row[name]: row["value"] for row in store.query(resource, **equals)}


def config_of(call: Call, fleet: Row, device: Row | None) -> dict[str, str]:
    """The configuration of a device: its fleet's, then its own."""
    store, in_cloud = call.store, call.flavor == "cloud"
    config = {"RESIN_SUPERVISOR_NATIVE_LOGGER": "true"} if in_cloud else {}
    config |= _values(store, "application_config_variable", application=fleet["id"])
    if device is not None:
        config.update(_values(store, "device_config_variable", device=device["id"]))
    hidden = ("BALENA_UI", "RESIN_UI", "RESIN_HOST_LOG_TO_DISPLAY")
    config = {name: value for name, value in config.items() if not name.startswith(hidden)}
    given = config.get("RESIN_SUPERVISOR_POLL_INTERVAL", "")
    least = CLOUD_POLL_INTERVAL if in_cloud else POLL_INTERVAL
    config["RESIN_SUPERVISOR_POLL_INTERVAL"] = str(max(int(given) if given.isdigit() else 0, least))
    return config


def _environment(target: Target, linked: Row, service: Row) -> dict[str, str]:
    store, device = target.store, target.device
    environment = _values(store, "image_environment_variable", release_image=linked["id"])
    environment.update(_values(store, "application_environment_variable", application=target.fleet["id"]))
    environment.update(_values(store, "service_environment_variable", service=service["id"]))
    if device is not None:
        environment.update(_values(store, "device_environment_variable", device=device["id"]))
        own = {"device": device["id"], "service": service["id"]}
        environment.update(_values(store, "device_service_environment_variable", **own))
    return environment


def _labels(target: Target, linked: Row, service: Row) -> dict[str, str]:
    labels = dict(HOST_LABELS) if target.fleet["is_host"] else {}
    labels.update(_values(target.store, "image_label", "label_name", release_image=linked["id"]))
    labels.update(_values(target.store, "service_label", "label_name", service=service["id"]))
    for name, label in LABELS_OF_CONFIG.items():
        if name in target.config:
            labels.setdefault(label, target.config[name])
    return labels


def _services(target: Target) -> dict[str, tuple[Row, Row, dict[str, Any]]]:
    """Each service of the release: its row, its image's row and what the device needs to know."""
    store, release = target.store, target.release or {}
    services: dict[str, tuple[Row, Row, dict[str, Any]]] = {}
    for linked in store.query("image__is_part_of__release", is_part_of__release=release["id"]):
        image = store.get("image", linked["image"]) or {}
        service = store.get("service", image["is_a_build_of__service"]) or {}
        place = image["is_stored_at__image_location"] + (f"@{image['content_hash']}" if image["content_hash"] else "")
        about = {
            "image": place.lower(), "environment": _environment(target, linked, service),
            "labels": _labels(target, linked, service),
        }  # fmt: skip
        services[service["service_name"]] = (service, image, about)
    return services


def _composed(release: Row, service: str) -> dict[str, Any] | None:
    composed = (release["composition"].get("services") or {}).get(service)
    return None if composed is None else {key: value for key, value in composed.items() if key != "build"}


def _app(target: Target) -> dict[str, Any]:
    """A fleet with its release, as v3 of the state has it."""
    fleet, release = target.fleet, target.release
    app = {"id": fleet["id"], "name": fleet["app_name"], "is_host": fleet["is_host"], "class": fleet["is_of__class"]}
    if release is None:
        return app
    services: dict[str, Any] = {}
    for name, (service, image, about) in _services(target).items():
        services[name] = {"id": service["id"], "image_id": image["id"], **about}
        if image["contract"] is not None:
            services[name]["contract"] = image["contract"]
        composed = _composed(release, name)
        if composed is not None:
            services[name]["composition"] = composed
    shown: dict[str, Any] = {"id": release["id"], **({"services": services} if services else {})}
    composition = release["composition"]
    shown.update({key: composition[key] for key in ("networks", "volumes") if composition.get(key) is not None})
    return {**app, "releases": {release["commit"]: shown}}


def _targets(store: Store, device: Row, fleet: Row, config: dict[str, str]) -> list[Target]:
    """Supervisor, host app and fleet of a device."""
    targets = []
    for name in ("should_be_managed_by__release", "should_be_operated_by__release"):
        release = store.get("release", device[name] or 0)
        if release is not None:
            owner = store.get("application", release["belongs_to__application"]) or {}
            targets.append(Target(store, release, owner, device, {}))
    release = store.get("release", device["is_pinned_on__release"] or fleet["should_be_running__release"] or 0)
    return [*targets, Target(store, release, fleet, device, config)]


def _device_of(call: Call) -> tuple[Row, Row]:
    """The device that a path names, for those who may see it; for an unknown one nothing has changed (304)."""
    device = call.store.get("device", uuid=call.params["uuid"])
    if device is None:
        raise NotModified
    another = call.actor.of == "device" and call.actor.row["id"] != device["id"]
    if another or not call.actor.may("device", "read"):
        raise Unauthorized
    if not call.may("read", "device", device["id"]):
        raise NotModified
    fleet = call.store.get("application", device["belongs_to__application"] or 0)
    if fleet is None:
        raise Unauthorized
    return device, fleet


class NotModified(Exception):
    """304: what devices that the server does not know get."""


@route("GET", "/device/v3/<uuid>/state")
def state_v3(call: Call) -> Response:
    """The target state of a device."""
    try:
        device, fleet = _device_of(call)
    except NotModified:
        return answer_empty(304)
    config = config_of(call, fleet, device)
    _beat(call, device, config)
    apps = {target.fleet["uuid"]: _app(target) for target in _targets(call.store, device, fleet, config)}
    return answer_json({device["uuid"]: {"name": device["device_name"], "apps": apps, "config": config}})


def _beat(call: Call, device: Row, config: dict[str, str]) -> None:
    if call.actor.of == "device":
        call.heartbeats.beat(device["id"], config)


@route("GET", "/device/v2/<uuid>/state")
def state_v2(call: Call) -> Response:
    """The same in the shape that old supervisors read."""
    try:
        device, fleet = _device_of(call)
    except NotModified:
        return answer_empty(304)
    config = config_of(call, fleet, device)
    _beat(call, device, config)
    app = _app_v2(_targets(call.store, device, fleet, config)[-1])
    local = {"name": device["device_name"], "config": config, "apps": {str(fleet["id"]): app}}
    return answer_json({"local": local, "dependent": {"apps": {}, "devices": {}}})


def _app_v2(target: Target) -> dict[str, Any]:
    release = target.release
    if release is None:
        return {"name": target.fleet["app_name"], "services": {}, "networks": {}, "volumes": {}}
    services = {
        str(service["id"]): {
            **(_composed(release, name) or {}), **about, "imageId": image["id"], "serviceName": name, "running": True,
        }
        for name, (service, image, about) in _services(target).items()
    }  # fmt: skip
    composition = release["composition"]
    return {
        "releaseId": release["id"], "commit": release["commit"], "name": target.fleet["app_name"], "services": services,
        "networks": composition.get("networks") or {}, "volumes": composition.get("volumes") or {},
    }  # fmt: skip


@route("GET", "/device/v3/fleet/<uuid>/state", needs="user")
def fleet_state(call: Call) -> Response:
    """What a fleet's devices should run, at its target release or at another one."""
    store = call.store
    fleet = call.find("application", uuid=call.params["uuid"])
    if fleet is None:
        raise Unauthorized
    wanted = call.request.args.get("releaseUuid")
    if not wanted:
        release = store.get("release", fleet["should_be_running__release"] or 0)
    else:
        release = store.get("release", belongs_to__application=fleet["id"], commit=wanted, status="success")
        if release is None:
            raise Unauthorized
    config = config_of(call, fleet, None)
    app = _app(Target(store, release, fleet, None, config))
    return answer_json({fleet["uuid"]: {"name": fleet["app_name"], "apps": {fleet["uuid"]: app}, "config": config}})
