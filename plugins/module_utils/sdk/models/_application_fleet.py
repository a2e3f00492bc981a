# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done to all devices of an application at once."""

from __future__ import annotations

import datetime
from typing import Any

from .._text import js_text
from ._application_reads import ApplicationReads
from ._ids import APPLICATION
from ._namespace import api_call
from ._supervisor import force_data, locked_is_special, supervise
from ._support_access import NO_ACCESS, access_until


class ApplicationFleet(ApplicationReads):
    """What can be done to all devices of an application at once."""

    def restart(self, slug_or_uuid_or_id: str | int) -> None:
        """Restart the containers of all devices.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaSupervisorLockedError: an update lock is held.
        """
        application = APPLICATION.existing_id(self._sdk, slug_or_uuid_or_id)
        with locked_is_special():
            api_call(self._sdk, "POST", f"/application/{application}/restart")

    def purge(self, app_id: int) -> None:
        """Empty the data volumes (``/data``) of all devices.

        Args:
            app_id: the application's id; other names of it are not understood here.

        Raises:
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: no device is online, or the API refused the request.
        """
        self._supervise_all("purge", app_id, {"appId": js_text(app_id)})

    def shutdown(self, app_id: int, *, force: bool | None = False) -> None:
        """Shut all devices down. Nothing but their power switch brings them back.

        Args:
            app_id: the application's id; other names of it are not understood here.
            force: ignore update locks.

        Raises:
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: no device is online, or the API refused the request.
        """
        self._supervise_all("shutdown", app_id, force_data(force))

    def reboot(self, app_id: int, *, force: bool | None = False) -> None:
        """Reboot all devices.

        Args:
            app_id: the application's id; other names of it are not understood here.
            force: ignore update locks.

        Raises:
            BalenaSupervisorLockedError: an update lock is held.
            BalenaRequestError: no device is online, or the API refused the request.
        """
        self._supervise_all("reboot", app_id, force_data(force))

    def _supervise_all(self, action: str, app_id: int, data: dict[str, Any]) -> None:
        with locked_is_special():
            supervise(self._sdk, f"v1/{action}", {"appId": app_id, "data": data})

    def enable_device_urls(self, slug_or_uuid_or_id: str | int) -> None:
        """Give all devices a public URL.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        self._set_device_urls(slug_or_uuid_or_id, True)

    def disable_device_urls(self, slug_or_uuid_or_id: str | int) -> None:
        """Take the public URL away from all devices.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        self._set_device_urls(slug_or_uuid_or_id, False)

    def _set_device_urls(self, slug_or_uuid_or_id: str | int, enabled: bool) -> None:
        application = APPLICATION.existing_id(self._sdk, slug_or_uuid_or_id)
        of_application = {"$filter": {"belongs_to__application": application}}
        self._sdk.pine.patch("device", {"is_web_accessible": enabled}, options=of_application)

    def grant_support_access(self, slug_or_uuid_or_id: str | int, expiry_timestamp: float | datetime.datetime) -> None:
        """Let balena's support staff see and reach all devices, until a date.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            expiry_timestamp: when the access ends: milliseconds since 1970, or a datetime.

        Raises:
            BalenaInvalidParameterError: the date is not in the future.
            BalenaApplicationNotFound: there is no such application.
        """
        self._update(slug_or_uuid_or_id, access_until(expiry_timestamp))

    def revoke_support_access(self, slug_or_uuid_or_id: str | int) -> None:
        """End the access of balena's support staff.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        self._update(slug_or_uuid_or_id, NO_ACCESS)
