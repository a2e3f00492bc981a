# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, variables and the history of devices."""

from __future__ import annotations

import datetime
from typing import Any

from .. import _clock, errors
from .._options import merge_options
from ._ids import APPLICATION, DEVICE, Kind, is_full_uuid
from ._keyed_values import Tags, Variables, read_value, set_value
from ._listing import ByApplication, ByDevice, Listed, belongs_to
from ._namespace import Options, Row, is_id


class DeviceTags(Tags, ByDevice, ByApplication):
    """``balena.models.device.tags``"""

    resource, parent, parent_field = "device_tag", DEVICE, "device"
    to_application = ("device", "belongs_to__application")


class DeviceConfigVariables(Variables, ByDevice, ByApplication):
    """``balena.models.device.config_var``: what configures a device, ``BALENA_*`` and ``RESIN_*``."""

    resource, parent, parent_field = "device_config_variable", DEVICE, "device"
    to_application = ("device", "belongs_to__application")


class DeviceEnvVariables(Variables, ByDevice, ByApplication):
    """``balena.models.device.env_var``: what all containers of a device find in their environment."""

    resource, parent, parent_field = "device_environment_variable", DEVICE, "device"
    to_application = ("device", "belongs_to__application")


class DeviceServiceVariables(ByDevice, ByApplication):
    """``balena.models.device.service_var``: what one service finds in its environment on one device.

    A service is named by its id, or by its name in the device's application.
    """

    resource, order = "device_service_environment_variable", "name asc"
    to_device = ("service_install", "device")
    to_application = ("service_install", "device", "belongs_to__application")
    ordered_by_device = False

    def get(self, uuid_or_id: str | int, service_name_or_id: str | int, key: str) -> str | None:
        """Read the value of one variable.

        Args:
            uuid_or_id: the device's uuid, the beginning of its uuid, or its id.
            service_name_or_id: the service's name or id.
            key: the variable's name.

        Returns:
            The value, or None if there is no such variable or service.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaAmbiguousDevice: several uuids begin like this.
            BalenaRequestError: the API refused the request.
        """
        return read_value(self._sdk, self.resource, self._one(DEVICE, uuid_or_id, service_name_or_id, key))

    def set(self, uuid_or_id: str | int, service_name_or_id: str | int, key: str, value: Any) -> None:
        """Set one variable, whether or not it exists.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            service_name_or_id: the service's name or id.
            key: the variable's name.
            value: the value; it is stored as text.

        Raises:
            BalenaServiceNotFound: the device does not exist, or does not have this service.
            BalenaAmbiguousDevice: the device has several services of this name.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaRequestError: the API refused the request.
        """
        if is_full_uuid(uuid_or_id):
            device = belongs_to(("device", "uuid"), uuid_or_id)
        else:
            device = {"device": DEVICE.exact.id_of(self._sdk, uuid_or_id)}
        if is_id(service_name_or_id):
            service: Options = {"installs__service": service_name_or_id}
        else:
            named = {"$any": {"$alias": "s", "$expr": {"s": {"service_name": service_name_or_id}}}}
            service = {"installs__service": named}
        where: Options = {"$select": "id", "$filter": {**device, **service}}
        installs = self._sdk.pine.get("service_install", options=where)
        if not installs:
            raise errors.BalenaServiceNotFound(service_name_or_id)
        if len(installs) > 1:
            raise errors.BalenaAmbiguousDevice(uuid_or_id)
        set_value(self._sdk, self.resource, {"service_install": installs[0]["id"], "name": key}, value)

    def remove(self, uuid_or_id: str | int, service_name_or_id: str | int, key: str) -> None:
        """Remove one variable. A variable that does not exist is no error.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            service_name_or_id: the service's name or id.
            key: the variable's name.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
            BalenaRequestError: the API refused the request.
        """
        self._sdk.pine.delete(
            self.resource, options={"$filter": self._one(DEVICE.exact, uuid_or_id, service_name_or_id, key)}
        )

    def _one(self, kind: Kind, uuid_or_id: str | int, service: str | int, key: str) -> Options:
        path = ("installs__service",) if is_id(service) else ("installs__service", "service_name")
        install = {"device": kind.existing_id(self._sdk, uuid_or_id), **belongs_to(path, service)}
        return {"service_install": {"$any": {"$alias": "si", "$expr": {"si": install}}}, "name": key}


class DeviceHistory(Listed):
    """``balena.models.device.history``: which device was in which application, when. Only on balenaCloud."""

    resource = "device_history"

    def get_all_by_device(
        self,
        uuid_or_id: str | int,
        options: Options | None = None,
        *,
        from_date: datetime.datetime | datetime.timedelta | None = datetime.timedelta(days=7),
        to_date: datetime.datetime | None = None,
    ) -> list[Row]:
        """List the history of one device.

        Args:
            uuid_or_id: the device's full uuid, or its id. The device may have been deleted.
            options: pine options; they are merged with the defaults.
            from_date: only what was recorded since then: a date, or how long ago; None for all.
            to_date: only what was recorded until then.

        Returns:
            The records.

        Raises:
            BalenaInvalidParameterError: this is neither a full uuid nor an id, or a date is none.
            BalenaRequestError: the API refused the request.
        """
        if not is_id(uuid_or_id) and not is_full_uuid(uuid_or_id):
            raise errors.BalenaInvalidParameterError("uuidOrId", uuid_or_id)
        field = "tracks__device" if is_id(uuid_or_id) else "uuid"
        return self._between(from_date, to_date, {field: uuid_or_id}, options)

    def get_all_by_application(
        self,
        slug_or_uuid_or_id: str | int,
        options: Options | None = None,
        *,
        from_date: datetime.datetime | datetime.timedelta | None = datetime.timedelta(days=7),
        to_date: datetime.datetime | None = None,
    ) -> list[Row]:
        """List the history of all devices of one application.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            options: pine options; they are merged with the defaults.
            from_date: only what was recorded since then: a date, or how long ago; None for all.
            to_date: only what was recorded until then.

        Returns:
            The records.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaInvalidParameterError: a date is none.
            BalenaRequestError: the API refused the request.
        """
        application = APPLICATION.existing_id(self._sdk, slug_or_uuid_or_id)
        return self._between(from_date, to_date, {"belongs_to__application": application}, options)

    def _between(self, from_date: Any, to_date: Any, where: Options, options: Options | None) -> list[Row]:
        if isinstance(from_date, datetime.timedelta):
            from_date = _clock.now() - from_date
        limits: Options = {}
        for name, operator, date in (("fromDate", "$ge", from_date), ("toDate", "$le", to_date)):
            if date is None:
                continue
            if not isinstance(date, datetime.datetime):
                raise errors.BalenaInvalidParameterError(name, date)
            limits = merge_options(limits, {"$filter": {"created_at": {operator: date}}})
        return self._rows(merge_options(limits, {"$filter": where})["$filter"], options)
