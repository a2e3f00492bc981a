# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.service``: the containers that applications consist of, and their variables."""

from __future__ import annotations

from ._ids import APPLICATION, SERVICE
from ._keyed_values import Variables
from ._listing import ByApplication, ByService
from ._namespace import Namespace, Nested, Options, Row


class ServiceVariables(Variables, ByService, ByApplication):
    """``balena.models.service.var``: what the containers of one service find in their environment."""

    resource, parent, parent_field = "service_environment_variable", SERVICE, "service"
    to_application = ("service", "application")


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
            BalenaRequestError: the API refused the request.
        """
        expand = {"$select": "id", "$expand": {"service": options or {}}}
        services: list[Row] = APPLICATION.get(self._sdk, slug_or_uuid_or_id, expand)["service"]
        return services
