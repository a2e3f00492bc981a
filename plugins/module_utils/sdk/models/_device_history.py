# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of devices."""

from __future__ import annotations

import datetime
from typing import Any

from .. import _clock, errors
from .._options import merge_options
from ._ids import APPLICATION, is_full_uuid
from ._listing import Listed
from ._namespace import Options, Row, is_id


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
            BalenaInvalidParameterError: this is neither a full uuid nor an id, or a date is not a datetime.
        """
        if not is_id(uuid_or_id) and not is_full_uuid(uuid_or_id):
            raise errors.BalenaInvalidParameterError("uuid_or_id", uuid_or_id)
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
            BalenaInvalidParameterError: a date is not a datetime.
        """
        application = APPLICATION.existing_id(self._sdk, slug_or_uuid_or_id)
        return self._between(from_date, to_date, {"belongs_to__application": application}, options)

    def _between(self, from_date: Any, to_date: Any, where: Options, options: Options | None) -> list[Row]:
        if isinstance(from_date, datetime.timedelta):
            from_date = _clock.now() - from_date
        limits: Options = {}
        for name, operator, date in (("from_date", "$ge", from_date), ("to_date", "$le", to_date)):
            if date is None:
                continue
            if not isinstance(date, datetime.datetime):
                raise errors.BalenaInvalidParameterError(name, date)
            limits = merge_options(limits, {"$filter": {"created_at": {operator: date}}})
        return self._rows(merge_options(limits, {"$filter": where})["$filter"], options)
