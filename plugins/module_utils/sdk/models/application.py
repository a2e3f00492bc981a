# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.application``: applications (fleets, apps, blocks) and what belongs to them."""

from __future__ import annotations

from typing import Any

from .. import errors
from .._related import related
from .._unset import UNSET
from ._api_keys import new_provisioning_key
from ._application_fleet import ApplicationFleet
from ._application_releases import ApplicationReleases
from ._application_values import (
    ApplicationBuildVariables,
    ApplicationConfigVariables,
    ApplicationEnvVariables,
    ApplicationTags,
)
from ._batch import ids_filter, in_batches
from ._ids import APPLICATION
from ._listing import ByApplication, belongs_to
from ._memberships import APPLICATION_ROLES, Invites, MembershipKind, Memberships
from ._namespace import Nested, Row, api_call, is_id

MEMBERSHIP = MembershipKind("user_application_membership", "Application Membership")


class ApplicationMemberships(Memberships, ByApplication):
    """``balena.models.application.membership``: which users may do what with an application."""

    resource, kind, roles = MEMBERSHIP.resource, MEMBERSHIP, APPLICATION_ROLES
    parent, parent_field = APPLICATION, "is_member_of__application"
    to_application = (parent_field,)

    def create(self, *, application: str | int, username: str, role_name: str | None = None) -> Row:
        """Make a user a member of an application.

        The user must be a member of the application's organization, which is asked before anything is written.

        Args:
            application: the application's slug, uuid or id.
            username: the user's name.
            role_name: ``developer``, ``operator`` or ``observer``; left out: the API's default.

        Returns:
            The new membership.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaApplicationMembershipRoleNotFound: there is no such role.
            BalenaError: the user is not a member of the application's organization.
        """
        of_user = {"$select": "id", "$filter": belongs_to(("user", "username"), username)}
        organization = {"$select": "id", "$expand": {"organization_membership": of_user}}
        found = APPLICATION.get(self._sdk, application, {"$select": "id", "$expand": {"organization": organization}})
        members = related(found, "organization")["organization_membership"]
        if not members:
            raise errors.BalenaError(
                "It is necessary that each user (Auth) that is member of an application that has an organization, "
                "is member of the organization"
            )
        return self._create(found["id"], username, role_name)


class ApplicationInvites(Invites, ByApplication):
    """``balena.models.application.invite``: invitations to become a member of an application."""

    resource, roles = "invitee__is_invited_to__application", APPLICATION_ROLES
    parent, parent_field = APPLICATION, "is_invited_to__application"
    to_application = (parent_field,)
    accept_path = "/user/v1/invitation/"

    def create(
        self,
        slug_or_uuid_or_id: str | int,
        *,
        invitee: str,
        role_name: str | None = None,
        message: str | None = UNSET,
    ) -> Row:
        """Invite somebody to become a member.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            invitee: the person's email address.
            role_name: ``developer``, ``operator`` or ``observer``; left out: the API's default.
            message: a text for the invitation's mail.

        Returns:
            The new invitation.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaApplicationMembershipRoleNotFound: there is no such role.
        """
        return self._create(slug_or_uuid_or_id, invitee, role_name, message)


class ApplicationModel(ApplicationReleases, ApplicationFleet):
    """``balena.models.application``"""

    tags = Nested(ApplicationTags)
    config_var = Nested(ApplicationConfigVariables)
    env_var = Nested(ApplicationEnvVariables)
    build_var = Nested(ApplicationBuildVariables)
    membership = Nested(ApplicationMemberships)
    invite = Nested(ApplicationInvites)

    def create(
        self,
        *,
        name: str,
        device_type: str | int,
        organization: str | int,
        application_class: str | None = None,
        uuid: str | None = None,
    ) -> Row:
        """Create an application.

        Args:
            name: its name.
            device_type: the slug or an alias of its devices' default type, for example ``raspberrypi4-64``; or the id.
            organization: the handle or id of the organization that it will belong to.
            application_class: ``fleet`` (the API's default), ``app`` or ``block``.
            uuid: 32 hexadecimal digits, if the API shall not choose them.

        Returns:
            The new application.

        Raises:
            BalenaInvalidDeviceType: there is no such device type.
            BalenaOrganizationNotFound: there is no such organization.
            BalenaRequestError: the API refused the request, for example because the name is taken (409).
        """
        if organization is None:
            raise errors.BalenaInvalidParameterError("organization", organization)
        body = {
            "app_name": name,
            "is_for__device_type": self._device_type_id(device_type),
            "organization": self._organization_id(organization),
        }
        if application_class is not None:
            body["is_of__class"] = application_class
        if uuid is not None:
            body["uuid"] = uuid
        created: Row = self._sdk.pine.post("application", body, natural_key=("organization", "app_name"))
        return created

    def _device_type_id(self, device_type: str | int) -> Any:
        if device_type is None:
            raise errors.BalenaInvalidDeviceType(device_type)
        return self._sdk.models.device_type.get(device_type, {"$select": "id"})["id"]

    def _organization_id(self, organization: str | int) -> Any:
        key = {"id" if is_id(organization) else "handle": organization}
        row = self._sdk.pine.get("organization", key, {"$select": ["id"]})
        if row is None:
            raise errors.BalenaOrganizationNotFound(organization)
        return row["id"]

    def remove(self, slug_or_uuid_or_id_or_ids: str | int | list[int] | list[str]) -> None:
        """Delete applications, with their devices, releases and everything else that belongs to them.

        Args:
            slug_or_uuid_or_id_or_ids: one application's slug, uuid or id, or a list of ids, or a list of uuids.

        Raises:
            BalenaApplicationNotFound: one of them does not exist; then nothing is deleted.
            BalenaAmbiguousApplication: several applications match.
            BalenaInvalidParameterError: the list is empty, or holds something else than ids or uuids alone.
        """
        named = slug_or_uuid_or_id_or_ids
        if isinstance(named, str):
            self._sdk.pine.delete("application", id=APPLICATION.existing_id(self._sdk, named))
            return
        for _group, rows in in_batches(self._sdk, APPLICATION, named, parameter="slug_or_uuid_or_id_or_ids"):
            self._sdk.pine.delete("application", options=ids_filter(rows))

    def rename(self, slug_or_uuid_or_id: str | int, new_name: str) -> None:
        """Give an application another name. Its slug changes with it.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            new_name: the new name.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        self._update(slug_or_uuid_or_id, {"app_name": new_name})

    def generate_api_key(self, slug_or_uuid_or_id: str | int) -> str:
        """Make an API key that acts as the application. (Deprecated by the API in favour of provisioning keys.)

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.

        Returns:
            The key. It cannot be read again.

        Raises:
            BalenaApplicationNotFound: there is no such application.
        """
        application = APPLICATION.existing_id(self._sdk, slug_or_uuid_or_id)
        key: str = api_call(self._sdk, "POST", f"/application/{application}/generate-api-key", shape="text")
        return key

    def generate_provisioning_key(
        self,
        *,
        slug_or_uuid_or_id: str | int,
        key_expiry_date: str | None = UNSET,
        key_name: str | None = UNSET,
        key_description: str | None = UNSET,
    ) -> str:
        """Make an API key that can only register devices in an application.

        Args:
            slug_or_uuid_or_id: the application's slug (``org/name``), uuid or id.
            key_expiry_date: when the key stops working, as an ISO 8601 date and time; None for never. The API asks for
                it.
            key_name: a name for the key.
            key_description: a description for the key.

        Returns:
            The key. It cannot be read again.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaRequestError: the API refused the request, for example because there is no date, or it is over.
        """
        application = APPLICATION.existing_id(self._sdk, slug_or_uuid_or_id)
        return new_provisioning_key(self._sdk, application, key_name, key_description, key_expiry_date)
