# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL of the resources that are not stored: which fleets the user that asks has access to."""

from __future__ import annotations

import functools
from typing import Any, Union

import sqlalchemy as sa

from ..store.database import tables

Actor = Union[int, None]
# How far the roles of a fleet go; administrators of its organization go one further.
LEVELS = {"observer": 1, "operator": 2, "developer": 3}
ADMINISTRATOR, ADMINISTRATORS = "administrator", 4


def view(name: str, version: str, actor: Actor) -> sa.Subquery:
    """The rows of a resource that is not stored, as a version of the API shows them to the caller."""
    if name == "fleet_access":
        return fleet_access(actor)
    return _reached(actor) if version == "cloud" else _everything(actor)


def _everything(actor: Actor) -> sa.Subquery:
    """The rows of user__has_direct_access_to__application: every application, for the user that asks."""
    app, user = tables()["application"].alias(), tables()["user"].alias()
    row = sa.null().label("id"), user.c.id.label("user"), app.c.id.label("has_direct_access_to__application")
    return sa.select(*row).select_from(app.join(user, sa.true())).where(user.c.actor == actor).subquery()


def _reached(actor: Actor) -> sa.Subquery:
    """The same where users are separated: the applications that the user that asks belongs to in some way."""
    access = fleet_access(actor)
    row = sa.null().label("id"), access.c.user, access.c.application.label("has_direct_access_to__application")
    return sa.select(*row).distinct().subquery()


@functools.lru_cache(maxsize=1000)
def fleet_access(actor: Actor) -> sa.Subquery:
    """A row for each way in which the user that asks has access to an application, and how far it goes."""
    return sa.union_all(_by_organization(actor), _by_membership(actor), _by_team(actor)).subquery()


def _by_organization(actor: Actor) -> sa.Select[Any]:
    user, member, role, app = (
        tables()[name].alias()
        for name in ("user", "organization_membership", "organization_membership_role", "application")
    )
    return (
        sa.select(user.c.id.label("user"), app.c.id.label("application"), sa.literal(ADMINISTRATORS).label("level"))
        .join_from(user, member, member.c.user == user.c.id)
        .join(role, sa.and_(role.c.id == member.c.organization_membership_role, role.c.name == ADMINISTRATOR))
        .join(app, app.c.organization == member.c.is_member_of__organization)
        .where(user.c.actor == actor)
    )


def _by_membership(actor: Actor) -> sa.Select[Any]:
    user, member, role = (
        tables()[name].alias() for name in ("user", "user_application_membership", "application_membership_role")
    )
    return (
        sa.select(user.c.id, member.c.is_member_of__application, _level(role))
        .join_from(user, member, member.c.user == user.c.id)
        .join(role, role.c.id == member.c.application_membership_role)
        .where(user.c.actor == actor)
    )


def _by_team(actor: Actor) -> sa.Select[Any]:
    user, member, access, role = (
        tables()[name].alias()
        for name in ("user", "team_membership", "team_application_access", "application_membership_role")
    )
    return (
        sa.select(user.c.id, access.c.grants_access_to__application, _level(role))
        .join_from(user, member, member.c.user == user.c.id)
        .join(access, access.c.team == member.c.is_member_of__team)
        .join(role, role.c.id == access.c.application_membership_role)
        .where(user.c.actor == actor)
    )


def _level(role: sa.FromClause) -> sa.Case[Any]:
    return sa.case(*((role.c.name == name, level) for name, level in LEVELS.items()), else_=0)
