# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._text import js_text
from .._unset import UNSET, given
from ..errors import BalenaRequestError
from ._namespace import api_call, has_status

if TYPE_CHECKING:
    from .. import Balena

#: What a server says of a path that it does not know.
_NO_SUCH_PATH = "Cannot POST"


def new_key(sdk: Balena, path: str, body: dict[str, Any]) -> str:
    """Make an API key.

    Args:
        sdk: the SDK instance.
        path: the endpoint for keys of this kind.
        body: what the endpoint needs to know: ``name``, ``description``, ``expiryDate`` …

    Returns:
        The key. It cannot be read again.
    """
    key: str = api_call(sdk, "POST", path, body, shape="text")
    return key


def new_provisioning_key(
    sdk: Balena,
    application: int,
    name: str | None = UNSET,
    description: str | None = UNSET,
    expiry_date: str | None = UNSET,
) -> str:
    """Make an API key that can only register devices in an application.

    Args:
        sdk: the SDK instance.
        application: the application's id.
        name: a name for the key.
        description: a description for the key.
        expiry_date: when the key stops working, as an ISO 8601 date and time; None for never.

    Returns:
        The key. It cannot be read again.
    """
    body = {"actorType": "application", "actorTypeId": application, "roles": ["provisioning-api-key"]}
    return new_actor_key(sdk, {**body, **given(name=name, description=description, expiryDate=expiry_date)})


def new_actor_key(sdk: Balena, body: dict[str, Any]) -> str:
    """Make an API key of an application or a device.

    Args:
        sdk: the SDK instance.
        body: ``actorType``, ``actorTypeId``, ``roles`` and ``expiryDate`` (None: the key does not end), besides what
            is known of ``name`` and ``description``.

    Returns:
        The key. It cannot be read again.
    """
    try:
        return new_key(sdk, "/api-key/v2/", body)
    except BalenaRequestError as error:
        if not (has_status(error, 404) and _NO_SUCH_PATH in js_text(error.body)):
            raise
        # A server of its own that was not updated for a while; it takes no field that is null.
        return new_key(sdk, "/api-key/v1/", {field: value for field, value in body.items() if value is not None})
