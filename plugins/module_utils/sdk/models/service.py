# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.service``: the containers that applications consist of, and their variables."""

from __future__ import annotations

from typing import Any

from ._ids import APPLICATION, SERVICE
from ._keyed_values import Value, Variables
from ._listing import ByApplication, ByService
from ._namespace import Namespace, Nested, Options, Row


class ServiceVariables(Variables, ByService, ByApplication):
    """``balena.models.service.var``: what the containers of one service find in their environment."""

    resource, parent, parent_field = "service_environment_variable", SERVICE, "service"
    to_application = ("service", "application")

    def get(self, service_id_or_natural_key: int | dict[str, Any], key: str) -> str | None:
        """Read the value of one variable.

        Args:
            service_id_or_natural_key: the service's id, or ``{"application": slug, uuid or id, "service_name": name}``.
            key: the variable's name.

        Returns:
            The value, or None if there is no such variable.

        Raises:
            BalenaServiceNotFound: there is no such service.
            BalenaApplicationNotFound: there is no such application.
        """
        return self._get(service_id_or_natural_key, key)

    def set(self, service_id_or_natural_key: int | dict[str, Any], key: str, value: Value) -> None:
        """Set one variable, whether or not it exists.

        Args:
            service_id_or_natural_key: the service's id, or ``{"application": slug, uuid or id, "service_name": name}``.
            key: the variable's name.
            value: text, or a number, True or False, which are stored as text.

        Raises:
            BalenaServiceNotFound: there is no such service.
            BalenaApplicationNotFound: there is no such application.
        """
        self._set(service_id_or_natural_key, key, value)

    def remove(self, service_id_or_natural_key: int | dict[str, Any], key: str) -> None:
        """Remove one variable, if it exists.

        Args:
            service_id_or_natural_key: the service's id, or ``{"application": slug, uuid or id, "service_name": name}``.
            key: the variable's name.

        Raises:
            BalenaServiceNotFound: there is no such service.
            BalenaApplicationNotFound: there is no such application.
        """
        self._remove(service_id_or_natural_key, key)


class ServiceModel(Namespace):
    """``balena.models.service``"""

    var = Nested(ServiceVariables)

    def get_all_by_application(self, slug_or_uuid_or_id: str | int, options: Options | None = None) -> list[Row]:
        """List the services of an application.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            options: pine options, for example ``{"$select": ["id", "service_name"]}``.

        Returns:
            The services as the API sends them.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several applications match.
        """
        expand = {"$select": "id", "$expand": {"service": options or {}}}
        services: list[Row] = APPLICATION.get(self._sdk, slug_or_uuid_or_id, expand)["service"]
        return services
