# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who belongs to what in the cloud flavor: members of organizations, fleets and teams, their roles, and invitations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from ..access import Actor
from ..http.responses import BadRequest, NotFound, answer_text
from ..rules.write import Write, after, before

if TYPE_CHECKING:
    from ..store.store import Store


@dataclass(frozen=True)
class Kind:
    """One thing that one can be a member of.

    membership, field: its resource, and which of its fields names that thing; invite, invited_to: the same of the
    resource of invitations, role and default: which field names the role, and who is not given one gets this.
    """

    membership: str
    field: str
    invite: str = ""
    invited_to: str = ""
    role: str = ""
    default: str = ""


ORGANIZATION = Kind(
    "organization_membership",
    "is_member_of__organization",
    "invitee__is_invited_to__organization",
    "is_invited_to__organization",
    "organization_membership_role",
    "member",
)
APPLICATION = Kind(
    "user_application_membership",
    "is_member_of__application",
    "invitee__is_invited_to__application",
    "is_invited_to__application",
    "application_membership_role",
    "developer",
)
TEAM = Kind("team_membership", "is_member_of__team")
# As the paths of invitations call them.
INVITING = {"org": ORGANIZATION, "user": APPLICATION}
ADMINISTRATOR = "administrator"

LAST_ADMINISTRATOR = (
    "It is necessary that each organization that is active, includes at least one organization membership that has an"
    ' organization membership role that has a name (Auth) that is equal to "administrator".'
)
OUTSIDER = (
    "It is necessary that each user (Auth) that is member of an application that has an organization, is member of the"
    " organization."
)


def role_id(store: Store, resource: str, name: str) -> int:
    """The id of the role of this name."""
    return store.ids(resource, name=name)[0]


def join(store: Store, kind: Kind, user: int, where: int, role: str) -> None:
    """Make a user a member, who may be one already."""
    if store.get(kind.membership, **{"user": user, kind.field: where}):
        return
    row: dict[str, Any] = {"user": user, kind.field: where, kind.role: role_id(store, kind.role, role)}
    if kind is ORGANIZATION:
        row["effective_seat_role"] = role
    store.insert(kind.membership, **row)


def meant(store: Store, actor: Actor, resource: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body of a new membership or invitation with ids for the user or the mail address, and a role."""
    for kind in (ORGANIZATION, APPLICATION, TEAM):
        if resource == kind.membership:
            return _membership(store, kind, body)
        if kind.invite and resource == kind.invite:
            return _invite(store, actor, kind, body)
    if resource == "release" and actor.of == "user":
        return {"is_created_by__user": actor.row["id"], **body}
    return body


def _membership(store: Store, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
    if "username" not in body:
        return body
    user = store.get("user", username=body["username"])
    if user is None:
        raise NotFound("User not found")
    changed = {key: value for key, value in body.items() if key != "username"} | {"user": user["id"]}
    if kind.role and changed.get(kind.role) is None:
        changed[kind.role] = role_id(store, kind.role, kind.default)
    return changed


def _invite(store: Store, actor: Actor, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
    mail = body.get("invitee")
    if not isinstance(mail, str):
        return body
    known = store.get("invitee", email=mail)
    changed = body | {"invitee": known["id"] if known else store.insert("invitee", email=mail)}
    if changed.get(kind.role) is None:
        changed[kind.role] = role_id(store, kind.role, kind.default)
    return changed | {"is_created_by__user": actor.row.get("id")}


@after("create update", ORGANIZATION.membership)
def follow_role(write: Write) -> None:
    """The seat that a member takes is that of the role."""
    for row in write.rows:
        role = write.store.get(ORGANIZATION.role, row[ORGANIZATION.role] or 0)
        if role is not None and role["name"] != row["effective_seat_role"]:
            write.store.update(ORGANIZATION.membership, row["id"], effective_seat_role=role["name"])


@before("update delete", ORGANIZATION.membership)
def note_organizations(write: Write) -> None:
    """Which organizations lose a member, or a role."""
    write.notes["organizations"] = {row[ORGANIZATION.field] for row in write.rows}


@after("update delete", ORGANIZATION.membership)
def keep_an_administrator(write: Write) -> None:
    """An organization has at least one administrator."""
    administrator = {ORGANIZATION.role: write.store.ids(ORGANIZATION.role, name=ADMINISTRATOR)}
    for organization in write.notes["organizations"]:
        if not write.store.ids(ORGANIZATION.membership, **{ORGANIZATION.field: organization}, **administrator):
            raise BadRequest(LAST_ADMINISTRATOR)


@after("create update", APPLICATION.membership)
def keep_outsiders_out(write: Write) -> None:
    """Members of a fleet are members of its organization."""
    for row in write.rows:
        fleet = write.store.get("application", row[APPLICATION.field]) or {}
        organization = {ORGANIZATION.field: fleet["organization"]}
        if not write.store.ids(ORGANIZATION.membership, user=row["user"], **organization):
            raise BadRequest(OUTSIDER)


class Invitations:
    """Invitations that were sent: there is no mail, so `pending` shows what the mails would hold."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pending(self) -> dict[str, str]:
        """Token to kind (`org` or `user`) of the open invitations."""
        return {row["token"]: name for name, kind in INVITING.items() for row in self._store.query(kind.invite)}

    def accept(self, request: Request, actor: Actor, kind: str, token: str) -> Response:
        """Whoever holds the token becomes a member."""
        wanted = INVITING[kind]
        invite = self._store.get(wanted.invite, token=token)
        if invite is None:
            return answer_text("Not found", 404)
        user, where = actor.row["id"], invite[wanted.invited_to]
        with self._store.transaction():
            if wanted is APPLICATION:
                fleet = self._store.get("application", where) or {}
                join(self._store, ORGANIZATION, user, fleet["organization"], ORGANIZATION.default)
            role = self._store.get(wanted.role, invite[wanted.role]) or {}
            join(self._store, wanted, user, where, role["name"])
            self._store.delete(wanted.invite, invite["id"])
        return answer_text("OK")
