# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``balena.models.team``: teams of an organization, their members, and the applications that they may use."""

from __future__ import annotations

from typing import Any, Union

from .. import errors
from .._related import related
from ._ids import APPLICATION, ORGANIZATION, Kind
from ._listing import ByOrganization, ByUser, Listed
from ._memberships import APPLICATION_ROLES
from ._namespace import Nested, Options, Row, is_id

#: An id, or the fields of a natural key.
Key = Union[int, dict[str, Any]]


class _KeyedKind(Kind):
    """What is named by its id, or by the fields of a natural key. Nothing else is looked at before it is sent."""

    def address(self, sdk: Any, key: Any) -> Any:
        """Return what was given."""
        if key is None:
            raise errors.BalenaInvalidParameterError(self.parameter, key)
        return key


class TeamKind(_KeyedKind):
    """Teams: an id."""

    resource, parameter = "team", "team_id"
    not_found = ambiguous = errors.BalenaTeamNotFound


class ApplicationAccessKind(_KeyedKind):
    """The accesses of teams to applications: an id, or ``{"team": id, "grants_access_to__application": id}``."""

    resource, parameter = "team_application_access", "team_application_access_id"
    not_found = ambiguous = errors.BalenaTeamApplicationAccessNotFound


class TeamMembershipKind(Kind):
    """Memberships of teams: an id."""

    resource, parameter = "team_membership", "membership_id"
    not_found = ambiguous = errors.BalenaError

    def address(self, sdk: Any, key: Any) -> int:
        """Return the id."""
        if not is_id(key):
            raise errors.BalenaInvalidParameterError(self.parameter, key)
        return int(key)

    def missing(self, key: Any) -> errors.BalenaError:
        """Build the error that says that there is no such membership."""
        return errors.BalenaError(f"Team Membership not found: {key}")


TEAM = TeamKind()
ACCESS = ApplicationAccessKind()
MEMBERSHIP = TeamMembershipKind()


class TeamMemberships(ByUser):
    """``balena.models.team.membership``: who belongs to a team."""

    resource = MEMBERSHIP.resource

    def get(self, membership_id: int, options: Options | None = None) -> Row:
        """Read one membership.

        Args:
            membership_id: its id.
            options: pine options, for example ``{"$expand": {"user": {"$select": "username"}}}``.

        Returns:
            The membership.

        Raises:
            BalenaInvalidParameterError: this is not an id.
            BalenaError: there is no such membership.
        """
        return MEMBERSHIP.get(self._sdk, membership_id, options)

    def get_all_by_team(self, team_id: int, options: Options | None = None) -> list[Row]:
        """List the members of one team.

        Args:
            team_id: the team's id.
            options: pine options, for example ``{"$expand": {"user": {"$select": "username"}}}``.

        Returns:
            The memberships as the API sends them; an empty list also when there is no such team.
        """
        return self._rows({"is_member_of__team": team_id}, options)

    def create(self, *, team: int, username: str) -> Row:
        """Make a user a member of a team.

        Args:
            team: the team's id.
            username: the user's name; the user must be a member of the organization.

        Returns:
            The new membership.
        """
        created: Row = self._sdk.pine.post(self.resource, {"username": username, "is_member_of__team": team})
        return created

    def remove(self, id_or_ids: int | list[int]) -> None:
        """End one membership, or several with one request.

        Args:
            id_or_ids: the id of a membership, or a list of ids.

        Raises:
            BalenaUsageError: the list is empty.
        """
        ids = list(id_or_ids) if isinstance(id_or_ids, (list, tuple)) else [id_or_ids]
        self._sdk.pine.delete(self.resource, options={"$filter": {"id": {"$in": ids}}})


class TeamApplicationAccess(Listed):
    """``balena.models.team.application_access``: which applications a team may use, in which role."""

    resource = ACCESS.resource

    def get_all_by_team(self, team_id: int, options: Options | None = None) -> list[Row]:
        """List the applications that a team may use.

        Args:
            team_id: the team's id.
            options: pine options, for example
                ``{"$expand": {"grants_access_to__application": {"$select": "slug"}}}``.

        Returns:
            The accesses as the API sends them.

        Raises:
            BalenaTeamNotFound: there is no such team.
        """
        return self._rows({"team": self._existing_id(TEAM, team_id)}, options)

    def get(self, team_application_access_id: Key, options: Options | None = None) -> Row:
        """Read one access.

        Args:
            team_application_access_id: its id, or ``{"team": id, "grants_access_to__application": id}``.
            options: pine options.

        Returns:
            The access as the API sends it.

        Raises:
            BalenaTeamApplicationAccessNotFound: there is no such access.
        """
        return ACCESS.get(self._sdk, team_application_access_id, options)

    def add(self, team_id: int, application_id_or_slug: int | str, role_name: str) -> Row:
        """Let a team use an application.

        Args:
            team_id: the team's id.
            application_id_or_slug: the application's id, slug (``org/name``) or uuid.
            role_name: ``developer``, ``operator`` or ``observer``.

        Returns:
            The new access.

        Raises:
            BalenaApplicationNotFound: there is no such application.
            BalenaApplicationMembershipRoleNotFound: there is no such role.
        """
        application = self._existing_id(APPLICATION, application_id_or_slug)
        role = APPLICATION_ROLES.id_by_key(self._sdk, role_name)
        body = {"team": team_id, "grants_access_to__application": application, APPLICATION_ROLES.resource: role}
        created: Row = self._sdk.pine.post(self.resource, body)
        return created

    def update(self, team_application_access_id: Key, role_name: str) -> None:
        """Give a team another role for an application.

        Args:
            team_application_access_id: the id of the access.
            role_name: ``developer``, ``operator`` or ``observer``.

        Raises:
            BalenaApplicationMembershipRoleNotFound: there is no such role.
        """
        role = {APPLICATION_ROLES.resource: APPLICATION_ROLES.id_by_key(self._sdk, role_name)}
        self._sdk.pine.patch(self.resource, role, id=ACCESS.address(self._sdk, team_application_access_id))

    def remove(self, team_application_access_id: Key) -> None:
        """Take an application from a team. Nothing happens if there is no such access.

        Args:
            team_application_access_id: the id of the access.
        """
        self._sdk.pine.delete(self.resource, id=ACCESS.address(self._sdk, team_application_access_id))


class TeamModel(ByOrganization):
    """``balena.models.team``"""

    resource = TEAM.resource
    to_organization = ("belongs_to__organization",)
    membership = Nested(TeamMemberships)
    application_access = Nested(TeamApplicationAccess)

    def create(self, organization_slug_or_id: str | int, name: str) -> Row:
        """Create a team.

        Args:
            organization_slug_or_id: the organization's handle (letter case matters) or id.
            name: the team's name.

        Returns:
            The new team as the API sends it, with its ``id``.

        Raises:
            BalenaOrganizationNotFound: there is no such organization.
        """
        organization = self._existing_id(ORGANIZATION, organization_slug_or_id)
        created: Row = self._sdk.pine.post(self.resource, {"name": name, "belongs_to__organization": organization})
        return created

    def get(self, team_id: int, options: Options | None = None) -> Row:
        """Read one team.

        Args:
            team_id: its id.
            options: pine options, for example ``{"$expand": {"team_membership": {"$select": "user"}}}``.

        Returns:
            The team as the API sends it.

        Raises:
            BalenaInvalidParameterError: there is no id.
            BalenaTeamNotFound: there is no such team.
        """
        return TEAM.get(self._sdk, team_id, options)

    def rename(self, team_id: int, new_name: str) -> None:
        """Give a team another name.

        Args:
            team_id: its id.
            new_name: the new name.

        Raises:
            BalenaTeamNotFound: there is no such team.
            BalenaError: the organization has a team with this name.
        """
        namesake = {"$top": 1, "$select": "name", "$filter": {"name": new_name}}
        in_organization = {"belongs_to__organization": {"$select": "id", "$expand": {"owns__team": namesake}}}
        team = self.get(team_id, {"$select": "id", "$expand": in_organization})
        organization = related(team, "belongs_to__organization")
        if organization["owns__team"]:
            raise errors.BalenaError(
                "A team with this name already exists in the organization. "
                f"Organization: {organization['id']}, Name: {new_name}"
            )
        self._sdk.pine.patch(self.resource, {"name": new_name}, id=team_id)

    def remove(self, team_id: int) -> None:
        """Remove a team. Nothing happens if there is no such team.

        Args:
            team_id: its id.
        """
        self._sdk.pine.delete(self.resource, id=TEAM.address(self._sdk, team_id))
