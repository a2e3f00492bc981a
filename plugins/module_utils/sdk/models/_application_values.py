# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags and variables of applications."""

from __future__ import annotations

from ._ids import APPLICATION
from ._keyed_values import Tags, Value, Variables
from ._listing import ByApplication


class ApplicationTags(Tags, ByApplication):
    """``balena.models.application.tags``"""

    resource, parent, parent_field = "application_tag", APPLICATION, "application"

    def set(self, slug_or_uuid_or_id: str | int, tag_key: str, value: Value) -> None:
        """Set one tag, whether or not it exists.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            tag_key: the tag's key.
            value: text, or a number, True or False, which are stored as text.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        self._set(slug_or_uuid_or_id, tag_key, value)

    def remove(self, slug_or_uuid_or_id: str | int, tag_key: str) -> None:
        """Remove one tag, if it exists.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            tag_key: the tag's key.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        self._remove(slug_or_uuid_or_id, tag_key)


class _ApplicationVariables(Variables, ByApplication):
    parent, parent_field = APPLICATION, "application"

    def get(self, slug_or_uuid_or_id: str | int, key: str) -> str | None:
        """Read the value of one variable.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            key: the variable's name.

        Returns:
            The value, or None if there is no such variable.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        return self._get(slug_or_uuid_or_id, key)

    def set(self, slug_or_uuid_or_id: str | int, key: str, value: Value) -> None:
        """Set one variable, whether or not it exists.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            key: the variable's name.
            value: text, or a number, True or False, which are stored as text.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        self._set(slug_or_uuid_or_id, key, value)

    def remove(self, slug_or_uuid_or_id: str | int, key: str) -> None:
        """Remove one variable, if it exists.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            key: the variable's name.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        self._remove(slug_or_uuid_or_id, key)


class ApplicationConfigVariables(_ApplicationVariables):
    """``balena.models.application.config_var``: what configures the devices, ``BALENA_*`` and ``RESIN_*``."""

    resource = "application_config_variable"


class ApplicationEnvVariables(_ApplicationVariables):
    """``balena.models.application.env_var``: what all containers of all devices find in their environment."""

    resource = "application_environment_variable"


class ApplicationBuildVariables(_ApplicationVariables):
    """``balena.models.application.build_var``: what the builder finds in its environment."""

    resource = "build_environment_variable"
