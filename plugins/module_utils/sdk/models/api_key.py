# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.api_key``: API keys of users, and what is known of those of applications and devices.

The API tells a key's value once, when it is created; afterwards only its name, description and dates.
"""

from __future__ import annotations

from .. import errors
from .._unset import UNSET, given
from ..utils import merge_pine_options
from ._api_keys import new_key
from ._ids import APPLICATION, DEVICE
from ._namespace import Namespace, Options, Row, has_status


class ApiKeyModel(Namespace):
    """API keys."""

    def create(self, *, name: str, expiry_date: str | None = UNSET, description: str | None = None) -> str:
        """Create an API key that can do all that the user can do.

        Args:
            name: how the key shall be called; names are unique for a user.
            expiry_date: when it ends, as ISO 8601 (``2030-01-01T00:00:00.000Z``); None for never. It must be given.
            description: what it is for.

        Returns:
            The key itself. It is secret, and cannot be read again.

        Raises:
            BalenaInvalidParameterError: it is not said when the key ends.
            BalenaNotLoggedIn: there is no token, or it may not create keys.
            BalenaRequestError: the API refused the request, for example because the name is taken.
        """
        if expiry_date is UNSET:
            raise errors.BalenaInvalidParameterError("expiry_date", expected="text or None", given=None)
        try:
            body = {"name": name, "expiryDate": expiry_date, **({"description": description} if description else {})}
            return new_key(self._sdk, "/api-key/user/full", body)
        except errors.BalenaRequestError as error:
            if has_status(error, 401):
                raise errors.BalenaNotLoggedIn from error
            raise

    def get_all(self, options: Options | None = None) -> list[Row]:
        """List all API keys that the token can see, by name.

        Args:
            options: pine options, for example ``{"$select": ["id", "name"]}``.

        Returns:
            The keys as the API sends them, without their values.
        """
        keys: list[Row] = self._sdk.pine.get("api_key", options=merge_pine_options({"$orderby": "name asc"}, options))
        return keys

    def _of_actor(self, actor: int, options: Options | None) -> list[Row]:
        return self.get_all(merge_pine_options({"$filter": {"is_of__actor": actor}}, options))

    def get_all_named_user_api_keys(self, options: Options | None = None) -> list[Row]:
        """List the API keys that the user created, by name.

        Args:
            options: pine options, for example ``{"$select": ["id", "name"]}``.

        Returns:
            The keys as the API sends them, without their values.

        Raises:
            BalenaNotLoggedIn: there is no valid token.
        """
        # Without the condition on the name, keys of a kind that is no longer made would be listed too.
        named = {"is_of__actor": self._sdk.auth.get_actor_id(), "name": {"$ne": None}}
        return self.get_all(merge_pine_options({"$filter": named}, options))

    def get_provisioning_api_keys_by_application(
        self, slug_or_uuid_or_id: str | int, options: Options | None = None
    ) -> list[Row]:
        """List the provisioning keys of an application, by name.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            options: pine options, for example ``{"$select": ["id", "name"]}``.

        Returns:
            The keys as the API sends them, without their values.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several applications match.
        """
        application = APPLICATION.get(self._sdk, slug_or_uuid_or_id, {"$select": "actor"})
        return self._of_actor(application["actor"]["__id"], options)

    def get_device_api_keys_by_device(self, uuid_or_id: str | int, options: Options | None = None) -> list[Row]:
        """List the API keys of a device, by name.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            options: pine options, for example ``{"$select": ["id", "name"]}``.

        Returns:
            The keys as the API sends them, without their values.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        device = DEVICE.get(self._sdk, uuid_or_id, {"$select": "actor"})
        return self._of_actor(device["actor"]["__id"], options)

    def update(
        self,
        id: int,
        *,
        name: str = UNSET,
        description: str | None = UNSET,
        expiry_date: str | None = UNSET,
    ) -> None:
        """Change the name, description or expiry date of an API key; what is not given stays.

        Args:
            id: the key's id.
            name: the new name; it cannot be cleared.
            description: the new description; None clears it.
            expiry_date: the new end as ISO 8601; None means never.

        Raises:
            BalenaInvalidParameterError: the name is empty.
        """
        if name is None or name == "":
            raise errors.BalenaInvalidParameterError("name", name)
        self._sdk.pine.patch("api_key", given(name=name, description=description, expiry_date=expiry_date), id)

    def revoke(self, id: int) -> None:
        """Revoke an API key: whoever uses it is locked out. Nothing happens if there is no such key.

        Args:
            id: the key's id.
        """
        self._sdk.pine.delete("api_key", id)
