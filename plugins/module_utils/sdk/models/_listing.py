# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of rows that belong to something: ``get_all_by_application`` and its siblings, each written once.

A namespace says what it lists (``resource``, ``order``) and, for each parent, the path that leads there: the rows of
``device_service_environment_variable`` reach their application over ``service_install``, then ``device``, then
``belongs_to__application``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .. import errors
from .._options import merge_options
from ._ids import APPLICATION, DEVICE, ORGANIZATION, RELEASE, SERVICE, Kind
from ._namespace import Namespace, Options, Row, is_id

#: The relations that lead from a row to its parent, in order.
Path = tuple[str, ...]


def belongs_to(path: Path, value: Any) -> Options:
    """Build the filter for rows whose ``path`` ends at ``value``: an id, or for a field its value.

    ``belongs_to(("device", "belongs_to__application"), 1)`` is
    ``device/any(d:d/belongs_to__application eq 1)``.
    """
    relation, *rest = path
    if not rest:
        return {relation: value}
    alias = "".join(word[0] for word in relation.split("_") if word)
    return {relation: {"$any": {"$alias": alias, "$expr": {alias: belongs_to(tuple(rest), value)}}}}


class Listed(Namespace):
    """A namespace over the rows of one resource."""

    #: The OData resource whose rows are listed.
    resource: ClassVar[str]
    #: The order of lists; None keeps the API's own order.
    order: ClassVar[str | None] = None

    def _existing_id(self, kind: Kind, key: Any) -> int:
        return kind.existing_id(self._sdk, key)

    def _rows(self, where: Options | None, options: Options | None, *, ordered: bool = True) -> list[Row]:
        defaults: Options = {}
        if where is not None:
            defaults["$filter"] = where
        if ordered and self.order:
            defaults["$orderby"] = self.order
        # With nothing to merge, the caller's options go to the API as they are: $count counts then.
        merged = merge_options(defaults, options) if defaults else options
        rows: list[Row] = self._sdk.pine.get(self.resource, options=merged)
        return rows


class ByApplication(Listed):
    """Rows that can be listed by their application."""

    to_application: ClassVar[Path] = ("application",)

    def get_all_by_application(self, slug_or_uuid_or_id: str | int, options: Options | None = None) -> list[Row]:
        """List the rows of one application.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            options: pine options, for example ``{"$select": ["id"]}``; they are merged with the defaults.

        Returns:
            The rows as the API sends them; an empty list when there are none.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaAmbiguousApplication: several applications match.
        """
        application = self._existing_id(APPLICATION, slug_or_uuid_or_id)
        return self._rows(belongs_to(self.to_application, application), options)


class ByDevice(Listed):
    """Rows that can be listed by their device."""

    to_device: ClassVar[Path] = ("device",)
    #: Whether the default order holds for the rows of one device too.
    ordered_by_device: ClassVar[bool] = True

    def get_all_by_device(self, uuid_or_id: str | int, options: Options | None = None) -> list[Row]:
        """List the rows of one device.

        Args:
            uuid_or_id: the device's full uuid, or its id.
            options: pine options, for example ``{"$select": ["id"]}``; they are merged with the defaults.

        Returns:
            The rows as the API sends them; an empty list when there are none.

        Raises:
            BalenaDeviceNotFound: there is no such device.
            BalenaInvalidParameterError: this is neither a full uuid nor an id.
        """
        device = self._existing_id(DEVICE, uuid_or_id)
        return self._rows(belongs_to(self.to_device, device), options, ordered=self.ordered_by_device)


class ByOrganization(Listed):
    """Rows that can be listed by their organization."""

    to_organization: ClassVar[Path] = ("organization",)

    def get_all_by_organization(self, handle_or_id: str | int, options: Options | None = None) -> list[Row]:
        """List the rows of one organization.

        Args:
            handle_or_id: the organization's handle or id.
            options: pine options, for example ``{"$select": ["id"]}``; they are merged with the defaults.

        Returns:
            The rows as the API sends them; an empty list when there are none.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        organization = self._existing_id(ORGANIZATION, handle_or_id)
        return self._rows(belongs_to(self.to_organization, organization), options)


class ByService(Listed):
    """Rows that can be listed by their service."""

    to_service: ClassVar[Path] = ("service",)

    def get_all_by_service(
        self, service_id_or_natural_key: int | dict[str, Any], options: Options | None = None
    ) -> list[Row]:
        """List the rows of one service.

        Args:
            service_id_or_natural_key: the service's id, or ``{"application": slug, uuid or id, "service_name": name}``.
            options: pine options, for example ``{"$select": ["id"]}``; they are merged with the defaults.

        Returns:
            The rows as the API sends them; an empty list when there are none.

        Raises:
            BalenaServiceNotFound: there is no such service.
            BalenaApplicationNotFound: there is no such application.
        """
        service = self._existing_id(SERVICE, service_id_or_natural_key)
        return self._rows(belongs_to(self.to_service, service), options)


class ByRelease(Listed):
    """Rows that can be listed by their release."""

    def get_all_by_release(
        self, commit_or_id_or_raw_version: str | int | dict[str, Any], options: Options | None = None
    ) -> list[Row]:
        """List the rows of one release.

        Args:
            commit_or_id_or_raw_version: the release's full commit, its id, or
                ``{"application": slug, uuid or id, "raw_version": version}``.
            options: pine options, for example ``{"$select": ["id"]}``; they are merged with the defaults.

        Returns:
            The rows as the API sends them; an empty list when there are none.

        Raises:
            BalenaReleaseNotFound: there is no such release.
            BalenaAmbiguousRelease: releases of several applications have this commit.
        """
        of_release = merge_options({"$orderby": self.order} if self.order else {}, options)
        release = RELEASE.get(
            self._sdk, commit_or_id_or_raw_version, {"$select": "id", "$expand": {self.resource: of_release}}
        )
        rows: list[Row] = release[self.resource]
        return rows


class ByUser(Listed):
    """Rows that can be listed by their user."""

    def get_all_by_user(self, username_or_id: str | int, options: Options | None = None) -> list[Row]:
        """List the rows of one user.

        Args:
            username_or_id: the user's name or id.
            options: pine options, for example ``{"$select": ["id"]}``; they are merged with the defaults.

        Returns:
            The rows as the API sends them; an empty list when there are none, also when there is no such user.

        Raises:
            BalenaInvalidParameterError: this is neither a name nor an id.
        """
        if not is_id(username_or_id) and not isinstance(username_or_id, str):
            raise errors.BalenaInvalidParameterError("username_or_id", username_or_id)
        path = ("user",) if is_id(username_or_id) else ("user", "username")
        return self._rows(belongs_to(path, username_or_id), options)
