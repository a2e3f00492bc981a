# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags and variables of devices."""

from __future__ import annotations

from .. import errors
from ._ids import DEVICE, Kind, is_full_uuid
from ._keyed_values import Tags, Value, Variables, read_value, set_value
from ._listing import ByApplication, ByDevice, belongs_to
from ._namespace import Options, is_id


class DeviceTags(Tags, ByDevice, ByApplication):
    """``balena.models.device.tags``"""

    resource, parent, parent_field = "device_tag", DEVICE, "device"
    to_application = ("device", "belongs_to__application")

    def set(self, uuid_or_id: str | int, tag_key: str, value: Value) -> None:
        """Set one tag, whether or not it exists.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            tag_key: the tag's key.
            value: text, or a number, True or False, which are stored as text.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        self._set(uuid_or_id, tag_key, value)

    def remove(self, uuid_or_id: str | int, tag_key: str) -> None:
        """Remove one tag, if it exists.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            tag_key: the tag's key.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        self._remove(uuid_or_id, tag_key)


class _DeviceVariables(Variables, ByDevice, ByApplication):
    parent, parent_field = DEVICE, "device"
    to_application = ("device", "belongs_to__application")

    def get(self, uuid_or_id: str | int, key: str) -> str | None:
        """Read the value of one variable.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            key: the variable's name.

        Returns:
            The value, or None if there is no such variable.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return self._get(uuid_or_id, key)

    def set(self, uuid_or_id: str | int, key: str, value: Value) -> None:
        """Set one variable, whether or not it exists.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            key: the variable's name.
            value: text, or a number, True or False, which are stored as text.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        self._set(uuid_or_id, key, value)

    def remove(self, uuid_or_id: str | int, key: str) -> None:
        """Remove one variable, if it exists.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            key: the variable's name.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        self._remove(uuid_or_id, key)


class DeviceConfigVariables(_DeviceVariables):
    """``balena.models.device.config_var``: what configures a device, ``BALENA_*`` and ``RESIN_*``."""

    resource = "device_config_variable"


class DeviceEnvVariables(_DeviceVariables):
    """``balena.models.device.env_var``: what all containers of a device find in their environment."""

    resource = "device_environment_variable"


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
            uuid_or_id: the device's full uuid, or its id.
            service_name_or_id: the service's name or id.
            key: the variable's name.

        Returns:
            The value, or None if there is no such variable or service.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return read_value(self._sdk, self.resource, self._one(DEVICE, uuid_or_id, service_name_or_id, key))

    def set(self, uuid_or_id: str | int, service_name_or_id: str | int, key: str, value: Value) -> None:
        """Set one variable, whether or not it exists.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            service_name_or_id: the service's name or id.
            key: the variable's name.
            value: text, or a number, True or False, which are stored as text.

        Raises:
            BalenaServiceNotFound: the device does not exist, or does not have this service.
            BalenaAmbiguousDevice: the device has several services of this name.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        if uuid_or_id is None:
            raise errors.BalenaInvalidParameterError("uuid_or_id", uuid_or_id)
        if is_full_uuid(uuid_or_id):
            device = belongs_to(("device", "uuid"), uuid_or_id)
        else:
            device = {"device": DEVICE.id_of(self._sdk, uuid_or_id)}
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
        """Remove one variable, if it exists.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            service_name_or_id: the service's name or id.
            key: the variable's name.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        self._sdk.pine.delete(
            self.resource, options={"$filter": self._one(DEVICE, uuid_or_id, service_name_or_id, key)}
        )

    def _one(self, kind: Kind, uuid_or_id: str | int, service: str | int, key: str) -> Options:
        path = ("installs__service",) if is_id(service) else ("installs__service", "service_name")
        install = {"device": kind.existing_id(self._sdk, uuid_or_id), **belongs_to(path, service)}
        return {"service_install": {"$any": {"$alias": "si", "$expr": {"si": install}}}, "name": key}
