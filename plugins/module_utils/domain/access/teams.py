# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teams of an organization: who belongs to them, and what they may do with which applications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from ...engine.fields import Resource, columns_of, text
from ...engine.near import near
from ...engine.plan import Change, DeclarationError, Key, NamedId, NewId, Plan, Row, compare, join
from ...engine.task import Task
from ...sdk._related import related_or_none
from ..query import Record
from ..rows import read_rows
from ..selector import named_application
from ..single import with_new_id
from .members import MEMBER_WRITERS, check_roles
from .organizations import need
from .people import APPLICATION, ORGANIZATION, People, read_people, read_roles, role_of

if TYPE_CHECKING:
    from ...sdk import Balena

RESOURCE = Resource("team", (text("name", "name", required=True),), ())
MEMBER, ACCESS = "team_membership", "team_application_access"
_GRANTS = "grants_access_to__application"

EXPAND: dict[str, Any] = {
    MEMBER: {"$select": ["id"], "$expand": {"user": {"$select": ["id", "username"]}}},
    ACCESS: {
        "$select": ["id"],
        "$expand": {_GRANTS: {"$select": ["id", "slug"]}, APPLICATION.role: {"$select": ["id", "name"]}},
    },
}


class Want(TypedDict):
    """The options of the module balena_team."""

    organization: str
    name: str
    new_name: str | None
    members: list[str] | None
    access: dict[str, Any] | None
    purge: bool
    state: str


def plan(balena: Balena, want: Want) -> Task:
    """What has to change for one team to be as declared.

    :param want: the options of the module balena_team.
    :raises DeclarationError: the organization, a member, an application or a role does not exist.
    """
    roles = read_roles(balena, APPLICATION, "balena_team")
    organization = need(balena, want["organization"])
    handle, within = organization["handle"], {"belongs_to__organization": organization["id"]}
    teams = {team["name"]: team for team in _read(balena, within, filter(None, (want["name"], want["new_name"])))}
    found = _meant(want, teams)
    if want["state"] == "absent":
        gone = () if found is None else (RESOURCE.removal((handle, found["name"]), found, _summary(found)),)
        return Task(Plan(gone, 1, {"team": None}))
    name = want["new_name"] or want["name"]
    key: Key = (handle, found["name"] if found else name)
    changes = compare(
        RESOURCE.name,
        [Row(key, {"name": name}, within)],
        [Row(key, {"name": found["name"]}, {}, found["id"])] if found else [],
    )
    of: int | NewId = found["id"] if found else NewId(RESOURCE.name, key)
    members, names, pending = _members(balena, want, organization, found, of, key)
    access, granted = _access(balena, want, roles, found, of, key)
    shown = {
        "id": found["id"] if found else None,
        "name": name,
        "organization": handle,
        "members": sorted(names),
        "pending": sorted(pending),
        "access": dict(sorted(granted.items())),
    }
    planned = Plan(join([changes, members, access]), 1 + len(names), {"team": shown})
    return Task(planned, MEMBER_WRITERS, result=with_new_id("team", RESOURCE.name, key, shown))


def describe(team: Record) -> dict[str, Any]:
    """A team as results have it."""
    return {
        "id": team["id"],
        "name": team["name"],
        "members": sorted(
            row[0]["username"] for row in (one["user"] for one in team[MEMBER]) if row and row[0]["username"]
        ),
        "access": {
            application["slug"]: (related_or_none(one, APPLICATION.role) or {}).get("name")
            for one in team[ACCESS]
            if (application := related_or_none(one, _GRANTS))
        },
    }


def _read(balena: Balena, within: Mapping[str, Any], names: Any) -> list[Record]:
    condition = {**within, "name": {"$in": list(names)}}
    return read_rows(balena, RESOURCE.name, condition, select=["id", *columns_of(RESOURCE.all)], expand=EXPAND)


def _meant(want: Want, teams: Mapping[str, Record]) -> Record | None:
    """The declared team, under its name or (after a rename) its new one."""
    new_name = want["new_name"]
    if new_name and new_name != want["name"] and len(teams) > 1:
        raise DeclarationError(
            f"new_name: the organization has a team '{new_name}' already, so '{want['name']}' cannot be renamed to that"
        )
    return teams.get(want["name"]) or teams.get(new_name or "")


def _summary(team: Record) -> dict[str, Any]:
    shown = describe(team)
    return {"members": ", ".join(shown["members"]), "access": ", ".join(shown["access"])}


def _members(
    balena: Balena, want: Want, organization: Record, found: Record | None, of: int | NewId, key: Key
) -> tuple[list[Change], list[str], list[str]]:
    """The changes of members, the members afterwards, and those who join once they are in the organization.

    :raises DeclarationError: somebody who is not in the organization.
    """
    rows = (found or {}).get(MEMBER, ())
    there = {user["username"]: one for one in rows if (user := related_or_none(one, "user")) and user["username"]}
    declared: Sequence[str] | None = want["members"]
    if declared is None:
        return [], list(there), []
    people = read_people(balena, ORGANIZATION, organization["id"], declared)
    names = list(dict.fromkeys(_colleague(who, people, organization["handle"]) for who in declared))
    pending = [who for who in names if who not in people.members]
    desired = [Row((*key, who), {}, {"username": who, "is_member_of__team": of}) for who in names if who not in pending]
    actual = [Row((*key, who), {}, {}, one["id"]) for who, one in there.items()]
    changes = compare(MEMBER, desired, actual, purge=want["purge"])
    kept = [] if want["purge"] else list(there)
    return changes, list({*kept, *(who for who in names if who not in pending)}), pending


def _colleague(who: str, people: People, handle: str) -> str:
    """The user name of a member of the organization, or what somebody was invited to it with.

    :raises DeclarationError: neither.
    """
    person = people.member(who) or people.guest(who)
    if person is None:
        raise DeclarationError(
            f"members: '{who}' is not a member of organization '{handle}'{near(who, people.members)}. Make '{who}' a "
            "member with balena_organization first"
        )
    return person.name


def _access(
    balena: Balena, want: Want, roles: Mapping[str, int], found: Record | None, of: int | NewId, key: Key
) -> tuple[list[Change], dict[str, Any]]:
    """The changes of what the team may do, and what it may do afterwards.

    :raises DeclarationError: an application or a role does not exist.
    """
    there = describe(found)["access"] if found else {}
    declared = want["access"]
    if declared is None:
        return [], there
    check_roles(declared, roles, "access", "an application as organization/name")
    rows = {row["slug"]: row for row in _applications(balena, declared)}
    by_name = {slug.lower(): role for slug, role in declared.items()}
    if unknown := [slug for slug in declared if slug.lower() not in rows]:
        raise DeclarationError(
            f"access: '{unknown[0]}' does not exist, or the token may not see it. Give it as organization/name"
        )
    wanted = {slug: role for slug, role in by_name.items() if role is not None}
    ids = {one[_GRANTS][0]["slug"]: one for one in (found or {}).get(ACCESS, ()) if one[_GRANTS]}
    changes = compare(
        ACCESS,
        [
            Row((*key, slug), {APPLICATION.role: NamedId(roles[role], role)}, {"team": of, _GRANTS: rows[slug]["id"]})
            for slug, role in wanted.items()
        ],
        [Row((*key, slug), {APPLICATION.role: role_of(one, APPLICATION)}, {}, one["id"]) for slug, one in ids.items()],
        absent=[(*key, slug) for slug, role in by_name.items() if role is None and slug in ids],
        purge=want["purge"],
    )
    kept = {} if want["purge"] else {slug: role for slug, role in there.items() if by_name.get(slug, role) is not None}
    return changes, {**kept, **wanted}


def _applications(balena: Balena, declared: Mapping[str, Any]) -> list[Record]:
    if not declared:
        return []
    slugs = [slug for slug in declared if "/" in slug]
    return read_rows(balena, "application", named_application(*slugs), select=["id", "slug"]) if slugs else []
