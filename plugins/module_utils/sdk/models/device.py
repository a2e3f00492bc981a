# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.device``: devices and what belongs to them."""

from __future__ import annotations

import datetime
import uuid as uuid_module

from .. import _clock, errors
from .._odata_filter import iso_date
from .._related import related
from .._unset import UNSET, given
from ..hup import is_architecture_compatible
from ._api_keys import new_key, new_provisioning_key
from ._device_history import DeviceHistory
from ._device_os import DeviceOs
from ._device_releases import DeviceReleases
from ._device_supervisor import DeviceSupervisor
from ._device_values import (
    DeviceConfigVariables,
    DeviceEnvVariables,
    DeviceServiceVariables,
    DeviceTags,
)
from ._ids import APPLICATION, DEVICE
from ._namespace import Nested, Options, Row

_LOCAL_MODE = "RESIN_SUPERVISOR_LOCAL_MODE"
_LOCK_OVERRIDE = "RESIN_OVERRIDE_LOCK"
#: How long the key that registers a device lives.
_PROVISIONING_TIME = datetime.timedelta(minutes=10)
#: The registration service may take this long (seconds).
_REGISTRATION_TIMEOUT = 30.0
#: How long the key lives that registers one device.
_PROVISIONING_TIME = datetime.timedelta(minutes=10)


class DeviceModel(DeviceOs, DeviceSupervisor, DeviceReleases):
    """``balena.models.device``"""

    tags = Nested(DeviceTags)
    config_var = Nested(DeviceConfigVariables)
    env_var = Nested(DeviceEnvVariables)
    service_var = Nested(DeviceServiceVariables)
    history = Nested(DeviceHistory)

    def generate_unique_key(self) -> str:
        """Make a uuid for a new device: 32 hexadecimal digits. Nothing is sent."""
        return uuid_module.uuid4().hex

    def register(
        self, application_slug_or_uuid_or_id: str | int, uuid: str, device_type_slug: str | None = None
    ) -> Row:
        """Register a new device in an application, as the user whose token the SDK holds.

        Args:
            application_slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            uuid: the new device's uuid, for example from :meth:`generate_unique_key`.
            device_type_slug: the slug or an alias of its device type; left out: the application's.

        Returns:
            ``id``, ``uuid`` and ``api_key`` of the device.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaInvalidDeviceType: there is no such device type, or it cannot run the application's containers.
            BalenaError: the token is not a user's.
            BalenaRequestError: the API refused the request, for example because the uuid is taken (409).
        """
        user = self._sdk.auth.get_user_info()["id"]
        type_with_architecture = {"$select": "slug", "$expand": {"is_of__cpu_architecture": {"$select": "slug"}}}
        options = {"$select": "id", "$expand": {"is_for__device_type": type_with_architecture}}
        application = APPLICATION.get(self._sdk, application_slug_or_uuid_or_id, options)
        device_type = related(application, "is_for__device_type")
        if device_type_slug is not None:
            device_type = self._compatible_type(device_type_slug, type_with_architecture, device_type)
        # Only now that all was checked: a key that is not used would stay.
        expiry = iso_date(_clock.now() + _PROVISIONING_TIME)
        key = new_provisioning_key(self._sdk, application["id"], UNSET, "Created by SDK to register a device", expiry)
        body = {"user": user, "application": application["id"], "device_type": device_type["slug"], "uuid": uuid}
        return self._register(body, key)

    def _compatible_type(self, slug: str, options: Options, application_type: Row) -> Row:
        wanted: Row = self._sdk.models.device_type.get(slug, options)
        architectures = [related(found, "is_of__cpu_architecture")["slug"] for found in (wanted, application_type)]
        if not is_architecture_compatible(*architectures):
            raise errors.BalenaInvalidDeviceType(f"Incompatible device type: {slug}")
        return wanted

    def _register(self, body: Row, key: str) -> Row:
        answer = self._sdk.request.send(
            method="POST",
            url="/device/register",
            base_url=self._sdk.options.api_root,
            body=body,
            send_token=False,
            headers={"Authorization": f"Bearer {key}"},
            timeout=_REGISTRATION_TIMEOUT,
            shape="row",
        )
        if answer.status_code != 201:
            raise errors.BalenaRequestError(answer.body, answer.status_code)
        registered: Row = answer.body
        return registered

    def generate_device_key(
        self,
        uuid_or_id: str | int,
        key_name: str | None = UNSET,
        key_description: str | None = UNSET,
        key_expiry_date: str | None = UNSET,
    ) -> str:
        """Make an API key that acts as the device.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            key_name: a name for the key.
            key_description: a description for the key.
            key_expiry_date: when the key stops working, as an ISO 8601 date and time; None for never.

        Returns:
            The key. It cannot be read again.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        path = f"/api-key/device/{DEVICE.existing_id(self._sdk, uuid_or_id)}/device-key"
        return new_key(self._sdk, path, given(name=key_name, description=key_description, expiryDate=key_expiry_date))

    def enable_local_mode(self, uuid_or_id: str | int) -> None:
        """Put a device into local mode: it stops updating, and can be worked on in its own network.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaError: the device does not support local mode; the message says why.
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        fields = ["id", "os_version", "os_variant", "supervisor_version", "last_connectivity_event"]
        device = DEVICE.get(self._sdk, uuid_or_id, {"$select": fields})
        support = self.get_local_mode_support(device)
        if not support["supported"]:
            raise errors.BalenaError(support["message"])
        self.config_var.set(device["id"], _LOCAL_MODE, "1")

    def disable_local_mode(self, uuid_or_id: str | int) -> None:
        """Take a device out of local mode.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        self.config_var.set(uuid_or_id, _LOCAL_MODE, "0")

    def is_in_local_mode(self, uuid_or_id: str | int) -> bool:
        """Say whether a device is in local mode.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        return self.config_var.get(uuid_or_id, _LOCAL_MODE) == "1"

    def enable_lock_override(self, uuid_or_id: str | int) -> None:
        """Let a device update although its application holds the update lock.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        self.config_var.set(uuid_or_id, _LOCK_OVERRIDE, "1")

    def disable_lock_override(self, uuid_or_id: str | int) -> None:
        """Let a device respect the update lock again.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        self.config_var.set(uuid_or_id, _LOCK_OVERRIDE, "0")

    def has_lock_override(self, uuid_or_id: str | int) -> bool:
        """Say whether a device updates although its application holds the update lock.

        Args:
            uuid_or_id: the device's full uuid, or its id.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        variable = {"$select": "value", "$filter": {"name": _LOCK_OVERRIDE}}
        application = {"$select": "id", "$expand": {"application_config_variable": variable}}
        expand = {"device_config_variable": variable, "belongs_to__application": application}
        device = self.get(uuid_or_id, {"$expand": expand})
        own = device["device_config_variable"]
        values = own or related(device, "belongs_to__application")["application_config_variable"]
        return bool(values) and values[0]["value"] == "1"
