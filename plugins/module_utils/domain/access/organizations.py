# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Organizations, with their members and those who are invited to become some."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from ...engine.fields import Resource, columns_of, text
from ...engine.plan import DeclarationError, NamedId, NewId, Plan, join
from ...engine.task import Task
from ...engine.wording import counted
from ..query import Record, meant
from ..rows import read_rows
from ..single import with_new_id
from .members import MEMBER_WRITERS, Membership, check_roles, converge, removed_administrators
from .people import ADMINISTRATOR, ORGANIZATION, People, Person, read_people, read_roles, token_user

if TYPE_CHECKING:
    from ...sdk import Balena

RESOURCE = Resource("organization", (text("handle", "handle", required=True),), (text("name", "name", None),))
_HANDLE = re.compile(r"[^/\s]{1,220}")


class Want(TypedDict):
    """The options of the module balena_organization."""

    handle: str
    name: str | None
    members: dict[str, Any] | None
    purge: bool
    invitation: str | None
    state: str


def plan(balena: Balena, want: Want) -> Task:
    """What has to change for one organization to be as declared.

    :param want: the options of the module balena_organization.
    :raises DeclarationError: an option that cannot be, an organization that still has applications and should go, or
        one that would be left without an administrator.
    """
    handle = want["handle"]
    if not _HANDLE.fullmatch(handle):
        raise DeclarationError(f"handle '{handle}' must be 1 to 220 characters without white space and slashes")
    roles = read_roles(balena, ORGANIZATION, "balena_organization")
    found = find(balena, handle)
    if want["state"] == "absent":
        return Task(_removal(found))
    declared = want["members"] or {}
    check_roles(declared, roles, "members")
    identity, key = {"handle": handle}, (handle,)
    wanted = {**want, "name": want["name"] or (None if found else handle)}
    changes = RESOURCE.converge(wanted, found, identity, key)
    people = _people(balena, found, declared, roles)
    membership = converge(
        ORGANIZATION,
        people,
        found["id"] if found else NewId(RESOURCE.name, key),
        key,
        declared,
        roles,
        purge=want["purge"] and want["members"] is not None,
        message=want["invitation"],
    )
    _keep_an_administrator(handle, people, membership)
    if found and want["purge"]:
        _keep_oneself(balena, people, membership, declared)
    shown = {
        "id": found["id"] if found else None,
        "handle": handle,
        "name": wanted["name"] or (found or {})["name"],
        **membership.shown,
    }
    planned = Plan(join([changes, membership.changes]), len(people.members) + 1, {"organization": shown})
    return Task(planned, MEMBER_WRITERS, result=with_new_id("organization", RESOURCE.name, key, shown))


def _people(balena: Balena, found: Record | None, declared: Mapping[str, Any], roles: Mapping[str, int]) -> People:
    """Who belongs to an organization, or will as soon as it is created."""
    if found:
        return read_people(balena, ORGANIZATION, found["id"], declared)
    # Whoever creates an organization is its first administrator.
    me = token_user(balena)
    return People({me: Person(me, NamedId(roles[ADMINISTRATOR], ADMINISTRATOR), None)})


def find(balena: Balena, handle: str) -> Record | None:
    """The organization of a handle, with the number of its applications; None if there is none that the token sees."""
    rows = read_organizations(balena, {"handle": handle})
    return rows[0] if rows else None


def read_organizations(balena: Balena, within: Mapping[str, Any]) -> list[Record]:
    """The organizations that the token sees and a condition holds for, each with the number of its applications."""
    columns = ["id", *columns_of(RESOURCE.all)]
    return read_rows(balena, RESOURCE.name, within, select=columns, expand={"application": {"$count": {}}})


def need(balena: Balena, handle: str) -> Record:
    """The organization of a handle.

    :raises DeclarationError: there is none that the token sees.
    """
    found = find(balena, handle)
    if found is None:
        known = meant(balena, RESOURCE.name, "handle", handle)
        raise DeclarationError(f"organization '{handle}' does not exist, or the token may not see it{known}")
    return found


def _removal(found: Record | None) -> Plan:
    if found is None:
        return Plan(result={"organization": None})
    if found["application"]:
        still = counted(found["application"], "application; remove it", "applications; remove them")
        raise DeclarationError(f"organization '{found['handle']}' still has {still} with balena_application first")
    before = {"name": found["name"]}
    return Plan((RESOURCE.removal((found["handle"],), found, before),), 1, {"organization": None})


def _keep_an_administrator(handle: str, people: People, membership: Membership) -> None:
    """Refuse to leave an organization that nobody could manage any more.

    :raises DeclarationError: names those who would no longer be administrators, and those who are only invited.
    """
    lost = sorted(removed_administrators(people, membership))
    if not lost or ADMINISTRATOR in membership.members.values():
        return
    invited = sorted(name for name, role in membership.pending.items() if role == ADMINISTRATOR)
    waits = f" ({', '.join(invited)} would be, but has not accepted the invitation yet)" if invited else ""
    raise DeclarationError(
        f"members: organization '{handle}' would be left without an administrator{waits}. Keep {' or '.join(lost)} as "
        "administrator, or make another member administrator first"
    )


def _keep_oneself(balena: Balena, people: People, membership: Membership, declared: Mapping[str, Any]) -> None:
    """Refuse to purge the user whose token is used, who could not take it back.

    :raises DeclarationError: names the user.
    """
    gone = people.members.keys() - membership.members.keys() - {who for who, role in declared.items() if role is None}
    if gone and (me := token_user(balena)) in gone:
        raise DeclarationError(
            f"purge: the members that are declared lack {me}, whose token this is. Declare {me} too; null if {me} "
            "should leave the organization"
        )
