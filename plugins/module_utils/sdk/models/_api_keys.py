# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._namespace import api_call

if TYPE_CHECKING:
    from .. import Balena


def new_key(
    sdk: Balena,
    path: str,
    body: dict[str, Any],
    name: str | None = None,
    description: str | None = None,
    expiry_date: str | None = None,
) -> str:
    """Make an API key.

    Args:
        sdk: the SDK instance.
        path: the endpoint for keys of this kind.
        body: what the endpoint needs besides.
        name: a name for the key.
        description: a description for the key.
        expiry_date: when the key stops working, as an ISO 8601 date and time.

    Returns:
        The key. It cannot be read again.
    """
    optional = {"name": name, "description": description, "expiryDate": expiry_date}
    given = {field: value for field, value in optional.items() if value is not None}
    key: str = api_call(sdk, "POST", path, {**body, **given}, shape="text")
    return key


def new_provisioning_key(
    sdk: Balena,
    application: int,
    name: str | None = None,
    description: str | None = None,
    expiry_date: str | None = None,
) -> str:
    """Make an API key that can only register devices in an application.

    Args:
        sdk: the SDK instance.
        application: the application's id.
        name: a name for the key.
        description: a description for the key.
        expiry_date: when the key stops working, as an ISO 8601 date and time.

    Returns:
        The key. It cannot be read again.
    """
    body = {"actorType": "application", "actorTypeId": application, "roles": ["provisioning-api-key"]}
    return new_key(sdk, "/api-key/v2/", body, name, description, expiry_date)
