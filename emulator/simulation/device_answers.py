# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What online devices answer: the supervisor behind the API's proxy, and the service that updates their OS."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from ..access import Actor
from ..http.responses import ApiError, answer_json, answer_text
from .device_life import REBOOT_SECONDS

if TYPE_CHECKING:
    from ..api import Api
    from ..store.store import Row, Store
    from .clock import Clock
    from .simulation import Simulation

Action = Callable[["Row", dict[str, Any]], Response]
FOREVER = float("inf")
LOCKED = 423
# What an update lock stops, unless it is forced.
LOCKABLE = re.compile(r"v1/(reboot|shutdown|purge|restart|apps/\d+/(start|stop))|v2/applications/\d+/\w+-service")
SERVICE = re.compile(r"v2/applications/(\d+)/(start|stop|restart)-service")
APP = re.compile(r"v1/apps/(\d+)(?:/(start|stop))?")


class Devices:
    """Endpoints that reach devices. Offline devices are left to the API, whose answers were recorded."""

    def __init__(self, api: Api, store: Store, clock: Clock, simulation: Simulation) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self._simulation = simulation
        self._actions: dict[str, Action] = {
            "ping": lambda device, body: answer_text("OK"),
            "v1/healthy": lambda device, body: answer_text("OK"),
            "v1/blink": lambda device, body: answer_text(""),
            "v1/update": self._update,
            "v1/purge": lambda device, body: answer_text("OK"),
            "v1/restart": lambda device, body: answer_text("OK"),
            "v1/reboot": lambda device, body: self._turn_off(device, REBOOT_SECONDS),
            "v1/shutdown": lambda device, body: self._turn_off(device, FOREVER),
            "v1/device": self._state,
        }

    def supervisor(self, request: Request, actor: Actor, action: str) -> Response | None:
        """A call to the supervisors of the devices that the body names; None if none of them is online."""
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return None
        online = [device for device in self._devices(actor, body) if device["is_online"]]
        if not online:
            return None
        act = self._find_action(action.strip("/"))
        if act is None:
            return answer_text("Not found", 404)
        if LOCKABLE.fullmatch(action.strip("/")) and not self._is_forced(body) and any(map(self._is_locked, online)):
            return answer_text("Updates are locked", LOCKED)
        answers = [act(device, body) for device in online]
        return answers[0]

    def _devices(self, actor: Actor, body: dict[str, Any]) -> list[Row]:
        names = {"uuid": "uuid", "deviceId": "id", "appId": "belongs_to__application"}
        wanted = {field: body[name] for name, field in names.items() if body.get(name) is not None}
        found = self._store.query("device", **wanted) if wanted else []
        return [row for row in found if self._api.may(actor, "update", "device", row["id"])]

    def _find_action(self, action: str) -> Action | None:
        service, app = SERVICE.fullmatch(action), APP.fullmatch(action)
        if service:
            return lambda device, body: self._service(device, body, service[2])
        if app:
            return lambda device, body: self._application(device, app[2])
        return self._actions.get(action)

    @staticmethod
    def _is_forced(body: dict[str, Any]) -> bool:
        data = body.get("data")
        return isinstance(data, dict) and bool(data.get("force"))

    def _is_locked(self, device: Row) -> bool:
        if self._simulation.is_locked(device["uuid"]):
            return True
        until = device["is_locked_until__date"]
        if until is None or until <= self._clock.iso():
            return False
        overrides = [
            *self._store.query("device_config_variable", device=device["id"], name="RESIN_OVERRIDE_LOCK"),
            *self._store.query(
                "application_config_variable",
                application=device["belongs_to__application"],
                name="RESIN_OVERRIDE_LOCK",
            ),
        ]
        return not (overrides and overrides[0]["value"] == "1")

    def _update(self, device: Row, body: dict[str, Any]) -> Response:
        if self._is_forced(body):
            self._simulation.force_update(device["uuid"])
        return answer_text("", 204)

    def _turn_off(self, device: Row, seconds: float) -> Response:
        self._simulation.take_offline(device["uuid"], seconds)
        return answer_json({"Data": "OK", "Error": None}, 202)

    def _state(self, device: Row, body: dict[str, Any]) -> Response:
        release = self._store.get("release", device["is_running__release"]) if device["is_running__release"] else None
        version = device["os_version"]
        return answer_json(
            {
                "api_port": "48484",
                "commit": release["commit"] if release else None,
                "download_progress": device["download_progress"],
                "ip_address": device["ip_address"],
                "os_version": version,
                "status": device["status"],
                "supervisor_version": device["supervisor_version"],
                "update_downloaded": False,
                "update_failed": False,
                "update_pending": device["status"] in ("Downloading", "Installing"),
            }
        )

    def _application(self, device: Row, action: str | None) -> Response:
        installs = self._store.query("image_install", device=device["id"], status=["Running", "exited"])
        container = device["uuid"][:12]
        if action is not None:
            status = "Running" if action == "start" else "exited"
            self._store.update("image_install", [row["id"] for row in installs], status=status)
            return answer_json({"containerId": container})
        release = self._store.get("release", device["is_running__release"]) if device["is_running__release"] else None
        image = self._store.get("image", installs[0]["installs__image"]) if installs else None
        variables = self._store.query("device_environment_variable", device=device["id"])
        return answer_json(
            {
                "appId": str(device["belongs_to__application"]),
                "commit": release["commit"] if release else None,
                "containerId": container,
                "env": {row["name"]: row["value"] for row in variables},
                "imageId": image["is_stored_at__image_location"] if image else None,
            }
        )

    def _service(self, device: Row, body: dict[str, Any], action: str) -> Response:
        data = body.get("data") or {}
        status = "exited" if action == "stop" else "Running"
        installs = self._store.ids("image_install", device=device["id"], installs__image=data.get("imageId"))
        if not installs:
            return answer_text("Service not found", 404)
        self._store.update("image_install", installs, status=status)
        return answer_text("OK")

    def os_update_status(self, request: Request, actor: Actor, version: str, uuid: str) -> Response:
        """How the OS update of a device goes."""
        self._device(actor, uuid)
        status = self._simulation.os_update_status(uuid)
        asked = {"target_version": status["version"]} if status["version"] else {}
        failed = status["status"] == "error"
        return answer_json(
            {"status": status["status"], "parameters": asked, "error": "failed" if failed else "", "fatal": failed}
        )

    def start_os_update(self, request: Request, actor: Actor, version: str, uuid: str) -> Response:
        """Begin an update of a device's OS to a version."""
        device = self._device(actor, uuid)
        parameters = (request.get_json(silent=True) or {}).get("parameters") or {}
        target = parameters.get("target_version")
        if not target:
            return answer_text("A target version is required", 400)
        if not device["is_online"]:
            return answer_json({"message": "failed", "status": "error"}, 500)
        self._simulation.start_os_update(uuid, str(target))
        return answer_json({"status": "configuring", "parameters": parameters, "fatal": False})

    def _device(self, actor: Actor, uuid: str) -> Row:
        device = self._store.get("device", uuid=uuid)
        if device is None or not self._api.may(actor, "update", "device", device["id"]):
            raise ApiError(400, "Bad uuid", "text/plain")
        return device
