# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that the API passes on to the supervisor, the agent on the device.

They are always a POST to ``/supervisor/...``; a ``method`` in the body names another one for the device. The device
has to be online.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .. import errors
from ._namespace import api_call, has_status

if TYPE_CHECKING:
    from .. import Balena


def supervise(sdk: Balena, path: str, body: dict[str, Any]) -> Any:
    """Call the supervisor of a device, or of all devices of an application, through the API.

    Args:
        sdk: the SDK instance.
        path: the path below ``/supervisor/``, for example ``v1/reboot``.
        body: ``deviceId`` and/or ``appId`` or ``uuid`` say which devices, ``data`` is for the supervisor.

    Returns:
        What the supervisor answered.

    Raises:
        BalenaRequestError: the device is offline (404), an update lock is held (423), or the call failed.
    """
    return api_call(sdk, "POST", f"/supervisor/{path}", body)


@contextmanager
def locked_is_special() -> Iterator[None]:
    """Turn a 423 of the requests inside into ``BalenaSupervisorLockedError``."""
    try:
        yield
    except errors.BalenaRequestError as error:
        if has_status(error, 423):
            raise errors.BalenaSupervisorLockedError() from error
        raise


def force_data(force: bool | None) -> dict[str, Any]:
    """Build the ``data`` of the calls that can override update locks."""
    return {"force": bool(force)}
