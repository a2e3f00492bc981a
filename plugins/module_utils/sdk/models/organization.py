# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.organization``: organizations, their members and invitations."""

from __future__ import annotations

from typing import Any

from .. import errors
from .._unset import UNSET
from ..utils import merge_pine_options
from ._ids import ORGANIZATION
from ._keyed_values import Tags, Value
from ._listing import ByOrganization
from ._memberships import Invites, MembershipKind, Memberships, Roles
from ._namespace import Namespace, Nested, Options, Row

ROLES = Roles("organization_membership_role", errors.BalenaOrganizationMembershipRoleNotFound)
MEMBERSHIP = MembershipKind("organization_membership", "Organization Membership")


class OrganizationMembershipTags(Tags, ByOrganization):
    """``balena.models.organization.membership.tags``"""

    resource, parent, parent_field = "organization_membership_tag", MEMBERSHIP, "organization_membership"
    to_organization = ("organization_membership", "is_member_of__organization")

    def get_all_by_organization_membership(self, membership_id: int, options: Options | None = None) -> list[Row]:
        """List the tags of one membership, by key.

        Args:
            membership_id: the membership's id.
            options: pine options, for example ``{"$select": ["tag_key", "value"]}``.

        Returns:
            The tags as the API sends them.

        Raises:
            BalenaError: there is no such membership.
        """
        parent = self._existing_id(MEMBERSHIP, membership_id)
        return self._rows({self.parent_field: parent}, options)

    def set(self, membership_id: int | dict[str, Any], tag_key: str, value: Value) -> None:
        """Set one tag, whether or not it exists.

        Args:
            membership_id: the membership's id, or its natural key: ``{"user": id, "is_member_of__organization": id}``.
            tag_key: the tag's key.
            value: text, or a number, True or False, which are stored as text.

        Raises:
            BalenaError: there is no such membership.
        """
        self._set(membership_id, tag_key, value)

    def remove(self, membership_id: int | dict[str, Any], tag_key: str) -> None:
        """Remove one tag, if it exists.

        Args:
            membership_id: the membership's id, or its natural key: ``{"user": id, "is_member_of__organization": id}``.
            tag_key: the tag's key.

        Raises:
            BalenaError: there is no such membership.
        """
        self._remove(membership_id, tag_key)


class OrganizationMemberships(Memberships, ByOrganization):
    """``balena.models.organization.membership``: who belongs to an organization, in which role."""

    resource, kind, roles = MEMBERSHIP.resource, MEMBERSHIP, ROLES
    parent, parent_field = ORGANIZATION, "is_member_of__organization"
    to_organization = (parent_field,)
    tags = Nested(OrganizationMembershipTags)

    def create(self, *, organization: str | int, username: str, role_name: str | None = None) -> Row:
        """Make a user a member of an organization.

        Args:
            organization: the organization's handle or id.
            username: the user's name.
            role_name: ``administrator`` or ``member``; left out: the API's default.

        Returns:
            The new membership.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
            BalenaOrganizationMembershipRoleNotFound: there is no such role.
        """
        return self._create(self._existing_id(ORGANIZATION, organization), username, role_name)


class OrganizationInvites(Invites, ByOrganization):
    """``balena.models.organization.invite``: invitations to become a member of an organization."""

    resource, roles = "invitee__is_invited_to__organization", ROLES
    parent, parent_field = ORGANIZATION, "is_invited_to__organization"
    to_organization = (parent_field,)
    accept_path = "/org/v1/invitation/"

    def create(
        self,
        handle_or_id: str | int,
        *,
        invitee: str,
        role_name: str | None = None,
        message: str | None = UNSET,
    ) -> Row:
        """Invite somebody to become a member.

        Args:
            handle_or_id: the organization's handle or id.
            invitee: the person's email address.
            role_name: ``administrator`` or ``member``; left out: the API's default.
            message: a text for the invitation's mail.

        Returns:
            The new invitation.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
            BalenaOrganizationMembershipRoleNotFound: there is no such role.
        """
        return self._create(handle_or_id, invitee, role_name, message)


class OrganizationModel(Namespace):
    """``balena.models.organization``"""

    membership = Nested(OrganizationMemberships)
    invite = Nested(OrganizationInvites)

    def create(self, *, name: str, **fields: Any) -> Row:
        """Create an organization. The user becomes its first administrator.

        Args:
            name: its name.
            **fields: more fields as the API calls them, for example ``handle`` or ``logo_image``.

        Returns:
            The new organization as the API sends it, with its ``id``.
        """
        created: Row = self._sdk.pine.post("organization", {"name": name, **fields})
        return created

    def get_all(self, options: Options | None = None) -> list[Row]:
        """List the organizations that the token can see, by name.

        Args:
            options: pine options, for example ``{"$select": ["id", "handle"]}``.

        Returns:
            The organizations as the API sends them.
        """
        merged = merge_pine_options({"$orderby": ORGANIZATION.order}, options)
        organizations: list[Row] = self._sdk.pine.get("organization", options=merged)
        return organizations

    def get(self, handle_or_id: str | int, options: Options | None = None) -> Row:
        """Read one organization.

        Args:
            handle_or_id: its handle (letter case matters) or id.
            options: pine options, for example ``{"$select": ["id", "name"]}``.

        Returns:
            The organization as the API sends it.

        Raises:
            BalenaInvalidParameterError: this is neither a handle nor an id.
            BalenaOrganizationNotFound: there is no such organization.
        """
        return ORGANIZATION.get(self._sdk, handle_or_id, options)

    def remove(self, handle_or_id: str | int) -> None:
        """Remove an organization, with all that belongs to it.

        Args:
            handle_or_id: its handle (letter case matters) or id.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        self._sdk.pine.delete("organization", ORGANIZATION.existing_id(self._sdk, handle_or_id))
