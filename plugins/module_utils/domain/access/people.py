# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who belongs to an organization or an application, in which role, and who is invited and has not come yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...engine.plan import DeclarationError, NamedId
from ...sdk._related import related_or_none
from ...sdk.auth import Auth
from ...sdk.errors import BalenaRequestError
from ..cloud import missing
from ..query import Record
from ..rows import read_rows

if TYPE_CHECKING:
    from ...sdk import Balena


@dataclass(frozen=True)
class Kind:
    """What people can be members of.

    :param membership: the resource of its members, of which C(parent) is the column that names it.
    :param invite: the resource of invitations to it, of which C(invited_to) is the column that names it.
    :param role: the resource of the roles, and the column of both that names one.
    """

    membership: str
    parent: str
    invite: str
    invited_to: str
    role: str


ORGANIZATION = Kind(
    "organization_membership",
    "is_member_of__organization",
    "invitee__is_invited_to__organization",
    "is_invited_to__organization",
    "organization_membership_role",
)
APPLICATION = Kind(
    "user_application_membership",
    "is_member_of__application",
    "invitee__is_invited_to__application",
    "is_invited_to__application",
    "application_membership_role",
)
ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Person:
    """A member, or somebody who is invited.

    :param name: the user name of a member; of somebody invited, the e-mail address or user name that was invited.
    :param id: of the membership or invitation. C(None): it comes with what the plan creates.
    """

    name: str
    role: NamedId
    id: int | None


@dataclass(frozen=True)
class People:
    """All people of one organization or application.

    :param addresses: user names of members by their e-mail addresses, as far as the server tells.
    """

    members: Mapping[str, Person] = field(default_factory=dict)
    invited: Mapping[str, Person] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)

    def member(self, who: str) -> Person | None:
        """The member that a user name or e-mail address means."""
        return self.members.get(who) or self.members.get(self.addresses.get(who.lower(), ""))

    def guest(self, who: str) -> Person | None:
        """The invited person that an e-mail address or user name means."""
        return self.invited.get(who.lower())


def read_roles(balena: Balena, kind: Kind, option: str) -> dict[str, int]:
    """The ids of the roles by name.

    :param option: what is declared with them, for the sentence.
    :raises DeclarationError: the server has no roles, as an openBalena server.
    """
    try:
        rows = balena.pine.get_all(kind.role, options={"$select": ["id", "name"]})
    except BalenaRequestError as error:
        # An openBalena server answers a question for a resource that it does not have like one without a token.
        if error.status_code != 401:
            raise
        raise DeclarationError(missing([option])) from error
    return {row["name"]: row["id"] for row in rows if row["name"]}


def read_people(balena: Balena, kind: Kind, parent: int, declared: Iterable[str] = ()) -> People:
    """The people of an organization or application, in two or three requests.

    :param declared: user names and e-mail addresses that a task declares. An address that nobody was invited with may
        be that of a member; whoever may not see addresses has to declare members by their user names.
    """
    role = {kind.role: {"$select": ["id", "name"]}}
    members = {}
    expand = {"user": {"$select": ["id", "username"]}, **role}
    for row in read_rows(balena, kind.membership, {kind.parent: parent}, select=["id"], expand=expand):
        user = related_or_none(row, "user")
        name = (user or {}).get("username") or f"membership {row['id']}"
        members[name] = Person(name, role_of(row, kind), row["id"])
    invited = {}
    expand = {"invitee": {"$select": ["id", "email"]}, **role}
    for row in read_rows(balena, kind.invite, {kind.invited_to: parent}, select=["id"], expand=expand):
        guest = related_or_none(row, "invitee")
        name = (guest or {}).get("email") or f"invitation {row['id']}"
        invited[name.lower()] = Person(name, role_of(row, kind), row["id"])
    unknown = [who for who in declared if "@" in who and who.lower() not in invited]
    return People(members, invited, _addresses(balena, kind, parent) if unknown and members else {})


def role_of(row: Record, kind: Kind) -> NamedId:
    """The role of a membership, an invitation or a team that was read with its role."""
    role = related_or_none(row, kind.role)
    return NamedId(role["id"], role["name"] or "unknown") if role else NamedId(0, "unknown")


def _addresses(balena: Balena, kind: Kind, parent: int) -> dict[str, str]:
    membership = {"$any": {"$alias": "m", "$expr": {"m": {kind.parent: parent}}}}
    options = {"$select": ["id", "username", "email"], "$filter": {kind.membership: membership}}
    try:
        rows = balena.pine.get_all("user", options=options)
    except BalenaRequestError:
        # Tokens that may not see the addresses of others do without them.
        return {}
    return {row["email"].lower(): row["username"] for row in rows if row.get("email") and row.get("username")}


def token_user(balena: Balena) -> str:
    """The name of the user whose token is used.

    :raises DeclarationError: it is that of an application or a device.
    """
    who: Mapping[str, Any] = Auth(balena).whoami() or {}
    if who.get("actorType") != "user":
        raise DeclarationError("api_token is not that of a user, and only users belong to organizations")
    return str(who["username"])
