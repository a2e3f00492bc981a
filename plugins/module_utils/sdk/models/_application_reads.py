# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading applications."""

from __future__ import annotations

import math
from typing import Any, Literal, Optional

from .. import errors
from .._options import merge_options
from .._text import js_text
from ._ids import APPLICATION, ORGANIZATION
from ._listing import Listed
from ._namespace import Options, Row, is_id
from ._service_details import SERVICE_DETAILS, with_current_services_by_app

#: ``directly_accessible`` leaves out public applications of others.
Context = Optional[Literal["directly_accessible"]]

_DIRECTLY_ACCESSIBLE: Options = {
    "$filter": {"is_directly_accessible_by__user": {"$any": {"$alias": "dau", "$expr": {"1": 1}}}}
}


def _within(context: Context) -> Options | None:
    if context not in (None, "directly_accessible"):
        raise errors.BalenaInvalidParameterError("context", context)
    return _DIRECTLY_ACCESSIBLE if context else None


class ApplicationReads(Listed):
    """Reading applications."""

    resource, order = "application", "app_name asc"

    def get_dashboard_url(self, id: int | str) -> str:
        """Return the address of an application's page on the dashboard, without asking the API.

        Args:
            id: the application's id, a number or its digits.

        Raises:
            BalenaUsageError: this is not a number.
        """
        digits = isinstance(id, str) and id.isascii() and id.isdigit()
        if not digits and (isinstance(id, str) or not (is_id(id) or isinstance(id, float)) or not math.isfinite(id)):
            raise errors.BalenaUsageError("The id option should be a finite number")
        return f"{self._sdk.options.dashboard_root}apps/{js_text(id)}"

    def get_all_by_organization(self, org_handle_or_id: str | int, options: Options | None = None) -> list[Row]:
        """List the applications of an organization.

        Args:
            org_handle_or_id: the organization's handle or id.
            options: pine options, for example ``{"$select": ["id", "slug"]}``; they are merged with the defaults.

        Returns:
            The applications, by name.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        return self._rows({"organization": self._existing_id(ORGANIZATION, org_handle_or_id)}, options)

    def get_all(self, options: Options | None = None, context: Context = None) -> list[Row]:
        """List the applications that the token can see.

        Args:
            options: pine options, for example ``{"$select": ["id", "slug"]}``; they are merged with the defaults.
            context: ``directly_accessible`` leaves out public applications of others.

        Returns:
            The applications, by name.
        """
        within = _within(context)
        return self._rows(within["$filter"] if within else None, options)

    def get_all_directly_accessible(self, options: Options | None = None) -> list[Row]:
        """List the applications that the user is a member of or owns: no public ones of others.

        Args:
            options: pine options, for example ``{"$select": ["id", "slug"]}``; they are merged with the defaults.

        Returns:
            The applications, by name.
        """
        return self.get_all(options, "directly_accessible")

    def get(self, slug_or_uuid_or_id: str | int, options: Options | None = None, context: Context = None) -> Row:
        """Read one application.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            options: pine options, for example ``{"$expand": {"owns__device": {"$select": "uuid"}}}``.
            context: ``directly_accessible`` does not find public applications of others.

        Returns:
            The application.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several applications match.
        """
        return APPLICATION.get(self._sdk, slug_or_uuid_or_id, options, _within(context))

    def get_directly_accessible(self, slug_or_uuid_or_id: str | int, options: Options | None = None) -> Row:
        """Read one application that the user is a member of or owns: no public one of others.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            options: pine options, for example ``{"$select": ["id", "slug"]}``.

        Returns:
            The application.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several applications match.
        """
        return self.get(slug_or_uuid_or_id, options, "directly_accessible")

    def get_with_device_service_details(self, slug_or_uuid_or_id: str | int, options: Options | None = None) -> Row:
        """Read one application with its devices and what runs on each of them.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            options: pine options; what they say about ``owns__device`` is merged in.

        Returns:
            The application; each of ``owns__device`` has ``current_services_by_app``, as
            ``balena.models.device.get_with_service_details`` returns it.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several applications match.
        """
        details = merge_options({"$expand": {"owns__device": SERVICE_DETAILS}}, options)
        application = self.get(slug_or_uuid_or_id, details)
        devices = [with_current_services_by_app(device) for device in application.get("owns__device") or []]
        return {**application, "owns__device": devices}

    def get_app_by_name(self, app_name: str, options: Options | None = None, context: Context = None) -> Row:
        """Read the one application with a name. Names are unique only within an organization.

        Args:
            app_name: the exact name.
            options: pine options, for example ``{"$select": ["id", "slug"]}``.
            context: ``directly_accessible`` does not find public applications of others.

        Returns:
            The application.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several organizations have an application with this name.
        """
        named = merge_options(_within(context), {"$filter": {"app_name": app_name}})
        rows = self._sdk.pine.get("application", options=merge_options(named, options))
        return APPLICATION.only(app_name, rows)

    def has(self, slug_or_uuid_or_id: str | int) -> bool:
        """Say whether there is an application.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Raises:
            BalenaAmbiguousApplication: several applications match.
        """
        try:
            APPLICATION.existing_id(self._sdk, slug_or_uuid_or_id)
        except errors.BalenaApplicationNotFound:
            return False
        return True

    def has_any(self) -> bool:
        """Say whether the user is a member of any application."""
        return bool(self.get_all_directly_accessible({"$select": ["id"]}))

    def _update(self, slug_or_uuid_or_id: str | int, body: dict[str, Any]) -> None:
        """Change one application."""
        application = APPLICATION.existing_id(self._sdk, slug_or_uuid_or_id)
        self._sdk.pine.patch("application", body, id=application)

    def _get_id(self, slug_or_uuid_or_id: str | int) -> int:
        """Return an application's id; an id is returned without asking the API."""
        return APPLICATION.id_of(self._sdk, slug_or_uuid_or_id)
