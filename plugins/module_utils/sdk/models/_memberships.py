# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is a member of an application or an organization, in which role; and who is invited to become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from .. import errors
from .._text import js_text
from .._unset import UNSET
from ._ids import Kind
from ._listing import ByUser, Listed
from ._namespace import Options, Row, api_call, has_status, is_id

if TYPE_CHECKING:
    from .. import Balena


class Roles:
    """The roles that members of one kind of parent can have.

    Args:
        resource: the OData resource, which is also the name of the fields that point to a role.
        not_found: what to raise when there is no such role.
    """

    def __init__(self, resource: str, not_found: type[errors.BalenaError]) -> None:
        self.resource = resource
        self.not_found = not_found

    def id_by_key(self, sdk: Balena, name: str) -> int:
        """Read a role by its natural key."""
        return self._id(name, sdk.pine.get(self.resource, {"name": name}, {"$select": "id"}))

    def id_by_filter(self, sdk: Balena, name: str) -> int:
        """Read a role with a filter: invitations are answered this way."""
        rows = sdk.pine.get(self.resource, options={"$top": 1, "$select": "id", "$filter": {"name": name}})
        return self._id(name, rows[0] if rows else None)

    def _id(self, name: str, role: Row | None) -> int:
        if role is None:
            raise self.not_found(name)
        found: int = role["id"]
        return found


#: What people and teams may do with an application.
APPLICATION_ROLES = Roles("application_membership_role", errors.BalenaApplicationMembershipRoleNotFound)


class MembershipKind(Kind):
    """Memberships: an id, or ``{"user": id, "is_member_of__...": id}``.

    Args:
        resource: the OData resource.
        title: what messages call one.
    """

    parameter = "membership_id"
    not_found = errors.BalenaError
    ambiguous = errors.BalenaError

    def __init__(self, resource: str, title: str) -> None:
        self.resource = resource  # type: ignore[misc]  # one class serves two resources
        self.title = title

    def address(self, sdk: Balena, key: Any) -> int | Row | Options:
        if not is_id(key) and not (isinstance(key, dict) and key):
            raise errors.BalenaInvalidParameterError(self.parameter, key)
        return key  # type: ignore[no-any-return]

    def missing(self, key: Any) -> errors.BalenaError:
        return errors.BalenaError(f"{self.title} not found: {js_text(key)}")

    def existing_id(self, sdk: Balena, key: Any) -> int:
        found: int = self.get(sdk, key)["id"]
        return found


class Memberships(ByUser):
    """The members of applications or organizations."""

    kind: ClassVar[MembershipKind]
    roles: ClassVar[Roles]
    parent: ClassVar[Kind]
    #: The field that points to the parent.
    parent_field: ClassVar[str]

    def get(self, membership_id: int | dict[str, int], options: Options | None = None) -> Row:
        """Read one membership.

        Args:
            membership_id: its id, or its natural key: ``{"user": id, "is_member_of__...": id}``.
            options: pine options, for example ``{"$expand": {"user": {"$select": "username"}}}``.

        Returns:
            The membership.

        Raises:
            BalenaInvalidParameterError: this is neither an id nor a key.
            BalenaError: there is no such membership.
        """
        return self.kind.get(self._sdk, membership_id, options)

    def change_role(self, id_or_unique_key: int | dict[str, int], role_name: str) -> None:
        """Give a member another role.

        Args:
            id_or_unique_key: the membership's id, or its natural key: ``{"user": id, "is_member_of__...": id}``.
            role_name: the role's name, for example ``developer``.

        Raises:
            BalenaError: there is no such role (``Balena...MembershipRoleNotFound``).
        """
        address = self.kind.address(self._sdk, id_or_unique_key)
        role = {self.roles.resource: self.roles.id_by_key(self._sdk, role_name)}
        self._sdk.pine.patch(self.resource, role, id=address)

    def remove(self, id_or_unique_key: int | dict[str, int]) -> None:
        """End a membership.

        Args:
            id_or_unique_key: the membership's id, or its natural key: ``{"user": id, "is_member_of__...": id}``.
        """
        self._sdk.pine.delete(self.resource, id=self.kind.address(self._sdk, id_or_unique_key))

    def _create(self, parent: int, username: str, role_name: str | None) -> Row:
        body: Row = {"username": username, self.parent_field: parent}
        if role_name:
            body[self.roles.resource] = self.roles.id_by_key(self._sdk, role_name)
        created: Row = self._sdk.pine.post(self.resource, body)
        return created


class Invites(Listed):
    """Invitations to become a member."""

    roles: ClassVar[Roles]
    parent: ClassVar[Kind]
    #: The field that points to the parent.
    parent_field: ClassVar[str]
    #: Where invitations are accepted.
    accept_path: ClassVar[str]

    def get_all(self, options: Options | None = None) -> list[Row]:
        """List all invitations that the token can see.

        Args:
            options: pine options, for example ``{"$expand": {"invitee": {"$select": "email"}}}``.

        Returns:
            The invitations.
        """
        rows: list[Row] = self._sdk.pine.get(self.resource, options=options)
        return rows

    def _create(self, parent: Any, invitee: str, role_name: str | None, message: str | None) -> Row:
        body: Row = {"invitee": invitee, self.parent_field: self.parent.existing_id(self._sdk, parent)}
        if role_name:
            body[self.roles.resource] = self.roles.id_by_filter(self._sdk, role_name)
        if message is not UNSET:
            body["message"] = message
        created: Row = self._sdk.pine.post(self.resource, body)
        return created

    def revoke(self, id: int) -> None:
        """Take an invitation back.

        Args:
            id: the invitation's id.
        """
        self._sdk.pine.delete(self.resource, id=id)

    def accept(self, invitation_token: str) -> None:
        """Accept an invitation, as the user whose token the SDK holds.

        Args:
            invitation_token: the token from the invitation's mail.

        Raises:
            BalenaNotLoggedIn: the API does not know the user.
            BalenaRequestError: the API refused the request, for example because there is no such invitation.
        """
        try:
            api_call(self._sdk, "POST", self.accept_path + quote(invitation_token, safe=""))
        except errors.BalenaRequestError as error:
            if has_status(error, 401):
                raise errors.BalenaNotLoggedIn() from error
            raise
