# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.key``: the public SSH keys of the user who is logged in."""

from __future__ import annotations

from .. import errors
from ._namespace import Namespace, Options, Row

_RESOURCE = "user__has__public_key"


class KeyModel(Namespace):
    """Public SSH keys."""

    def get_all(self, options: Options | None = None) -> list[Row]:
        """List the user's SSH keys.

        Args:
            options: pine options, for example ``{"$select": ["id", "title"]}``.

        Returns:
            The keys as the API sends them: ``{"id": ..., "title": ..., "public_key": ...}``.
        """
        keys: list[Row] = self._sdk.pine.get(_RESOURCE, options=options)
        return keys

    def get(self, id: int) -> Row:
        """Read one SSH key.

        Args:
            id: the key's id.

        Returns:
            The key as the API sends it.

        Raises:
            BalenaInvalidParameterError: there is no id.
            BalenaKeyNotFound: there is no such key.
        """
        if id is None:
            raise errors.BalenaInvalidParameterError("id", id)
        key: Row | None = self._sdk.pine.get(_RESOURCE, id)
        if key is None:
            raise errors.BalenaKeyNotFound(id)
        return key

    def remove(self, id: int) -> str:
        """Remove one SSH key, if it exists.

        Args:
            id: the key's id.

        Returns:
            The API's answer, "OK".
        """
        answer: str = self._sdk.pine.delete(_RESOURCE, id)
        return answer

    def create(self, title: str, key: str) -> Row:
        """Add an SSH key to the user who is logged in.

        Args:
            title: how the key shall be called.
            key: the public key as one line, as in ``id_ed25519.pub``; blanks around it do not matter.

        Returns:
            The new key as the API sends it, with its ``id``.

        Raises:
            BalenaInvalidParameterError: the key is not text.
            BalenaNotLoggedIn: there is no token, or it is not a user's.
            BalenaRequestError: the API refused the request, for example because the key exists already.
        """
        if not isinstance(key, str):
            raise errors.BalenaInvalidParameterError("key", key)
        body = {"title": title, "public_key": key.strip(), "user": self._sdk.auth.get_user_info()["id"]}
        created: Row = self._sdk.pine.post(_RESOURCE, body, natural_key=("public_key", "user"))
        return created
