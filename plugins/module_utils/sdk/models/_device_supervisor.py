# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device does at once: reboot, restart a service, answer a ping. The device has to be online."""

from __future__ import annotations

from typing import Any

from .._related import related
from ._device_reads import DeviceReads
from ._ids import DEVICE
from ._namespace import Row
from ._supervisor import force_data, locked_is_special, supervise


class DeviceSupervisor(DeviceReads):
    """What a device does at once."""

    def ping(self, uuid_or_id: str | int) -> None:
        """Check that a device's supervisor answers.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaRequestError: the device is offline, or its supervisor does not answer.
        """
        self._supervise(uuid_or_id, "ping", method="GET")

    def get_application_info(self, uuid_or_id: str | int) -> Row:
        """Read what a device says about its application. Only for devices with a single container.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Returns:
            ``appId``, ``commit``, ``containerId``, ``env``, ``imageId``.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        info: Row = self._supervise(uuid_or_id, "v1/apps/{app}", method="GET", select="supervisor_version")
        return info

    def get_supervisor_state(self, uuid_or_id: str | int) -> Row:
        """Read what a device's supervisor says about itself.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Returns:
            ``api_port``, ``commit``, ``ip_address``, ``os_version``, ``status``, ``supervisor_version`` and so on.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        state: Row = supervise(self._sdk, "v1/device", {"uuid": self._field(uuid_or_id, "uuid"), "method": "GET"})
        return state

    def identify(self, uuid_or_id: str | int) -> None:
        """Let a device blink.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        supervise(self._sdk, "v1/blink", {"uuid": DEVICE.get(self._sdk, uuid_or_id, {"$select": "uuid"})["uuid"]})

    def restart_application(self, uuid_or_id: str | int) -> Any:
        """Restart all containers of a device's application.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Returns:
            What the supervisor answered.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        with locked_is_special():
            return self._supervise(uuid_or_id, "v1/restart", lambda app: {"appId": app}, select="supervisor_version")

    def start_application(self, uuid_or_id: str | int) -> str:
        """Start a device's application. Only for devices with a single container.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Returns:
            The container's id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        answer = self._supervise(uuid_or_id, "v1/apps/{app}/start", select="supervisor_version")
        container: str = answer["containerId"]
        return container

    def stop_application(self, uuid_or_id: str | int) -> str:
        """Stop a device's application. Only for devices with a single container.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Returns:
            The container's id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        with locked_is_special():
            answer = self._supervise(uuid_or_id, "v1/apps/{app}/stop", select="supervisor_version")
        container: str = answer["containerId"]
        return container

    def reboot(self, uuid_or_id: str | int, *, force: bool | None = False) -> Row:
        """Reboot a device.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            force: ignore update locks.

        Returns:
            What the supervisor answered.

        Raises:
            BalenaDeviceNotFound: there is no such device, or it is offline.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: the device's supervisor refused.
        """
        device = DEVICE.id_of(self._sdk, uuid_or_id)
        with DEVICE.missing_on(404, uuid_or_id), locked_is_special():
            answer: Row = supervise(self._sdk, "v1/reboot", {"deviceId": device, "data": force_data(force)})
        return answer

    def shutdown(self, uuid_or_id: str | int, *, force: bool | None = False) -> None:
        """Shut a device down. Nothing but its power switch brings it back.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            force: ignore update locks.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        with locked_is_special():
            self._supervise(uuid_or_id, "v1/shutdown", force_data(force))

    def purge(self, uuid_or_id: str | int) -> None:
        """Empty a device's data volumes (``/data``).

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        with locked_is_special():
            self._supervise(uuid_or_id, "v1/purge", lambda app: {"appId": app})

    def update(self, uuid_or_id: str | int, *, force: bool | None = False) -> None:
        """Let a device look for an update of its application now.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            force: ignore update locks.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        self._supervise(uuid_or_id, "v1/update", force_data(force))

    def start_service(self, uuid_or_id: str | int, image_id: int) -> None:
        """Start one service of a device.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            image_id: the id of the image that the service runs (``image_id`` in ``current_services_by_app``).

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        self._service(uuid_or_id, image_id, "start")

    def stop_service(self, uuid_or_id: str | int, image_id: int) -> None:
        """Stop one service of a device.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            image_id: the id of the image that the service runs (``image_id`` in ``current_services_by_app``).

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        with locked_is_special():
            self._service(uuid_or_id, image_id, "stop")

    def restart_service(self, uuid_or_id: str | int, image_id: int) -> None:
        """Restart one service of a device.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            image_id: the id of the image that the service runs (``image_id`` in ``current_services_by_app``).

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: the device is offline, or its supervisor refused.
        """
        with locked_is_special():
            self._service(uuid_or_id, image_id, "restart")

    def _service(self, uuid_or_id: str | int, image_id: int, action: str) -> None:
        path = f"v2/applications/{{app}}/{action}-service"
        self._supervise(uuid_or_id, path, lambda app: {"appId": app, "imageId": image_id}, select="supervisor_version")

    def _supervise(
        self,
        uuid_or_id: str | int,
        path: str,
        data: Any = None,
        *,
        method: str | None = None,
        select: str | None = None,
    ) -> Any:
        """Call the supervisor of a device whose application has to be named too.

        Args:
            uuid_or_id: the device.
            path: the path below ``/supervisor/``; ``{app}`` stands for the application's id.
            data: what to send to the supervisor, or a function that makes it from the application's id.
            method: the method of the device's own API, if it is not POST.
            select: a field of the device to read besides its id.
        """
        device = self._with_application(uuid_or_id, select)
        application = related(device, "belongs_to__application")["id"]
        body: Row = {"deviceId": device["id"], "appId": application}
        if method is not None:
            body["method"] = method
        if data is not None:
            body["data"] = data(application) if callable(data) else data
        return supervise(self._sdk, path.format(app=application), body)

    def _with_application(self, uuid_or_id: str | int, field: str | None) -> Row:
        select = ["id"] if field is None else ["id", field]
        options = {"$select": select, "$expand": {"belongs_to__application": {"$select": "id"}}}
        return DEVICE.get(self._sdk, uuid_or_id, options)
