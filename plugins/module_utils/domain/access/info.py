# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Organizations with their people and teams, as balena_organization_info returns them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from ...engine.plan import DeclarationError
from ...sdk._related import related_or_none
from ..query import Record
from ..rows import read_rows
from .organizations import need, read_organizations
from .people import ORGANIZATION, read_roles
from .teams import EXPAND, describe

if TYPE_CHECKING:
    from ...sdk import Balena


class Want(TypedDict):
    """The options of the module balena_organization_info."""

    organization: str | None


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The organizations that the token can see, or one, in five requests at most; ordered by handle.

    :param want: the options of the module balena_organization_info.
    :raises DeclarationError: the organization does not exist, or the server has no members with roles.
    """
    read_roles(balena, ORGANIZATION, "balena_organization_info")
    if want["organization"]:
        rows = [need(balena, want["organization"])]
    else:
        rows = read_organizations(balena, {})
    ids = {row["id"] for row in rows}
    if not rows:
        raise DeclarationError("the token may see no organization")
    members = _people(balena, ORGANIZATION.membership, ORGANIZATION.parent, "user", "username", ids)
    pending = _people(balena, ORGANIZATION.invite, ORGANIZATION.invited_to, "invitee", "email", ids)
    teams = _teams(balena, ids)
    rows.sort(key=lambda row: row["handle"])
    return {
        "organizations": [
            {
                "id": row["id"],
                "handle": row["handle"],
                "name": row["name"],
                "application_count": row["application"],
                "members": members.get(row["id"], {}),
                "pending": pending.get(row["id"], {}),
                "teams": sorted(teams.get(row["id"], []), key=lambda team: team["name"] or ""),
            }
            for row in rows
        ]
    }


def _people(
    balena: Balena, resource: str, parent: str, who: str, name: str, ids: set[int]
) -> dict[int, dict[str, str | None]]:
    """The roles of people by what they are called, by the id of the organization."""
    expand = {who: {"$select": ["id", name]}, ORGANIZATION.role: {"$select": ["id", "name"]}}
    found: dict[int, dict[str, str | None]] = {}
    for row in _of(balena, resource, parent, ids, expand):
        person, role = related_or_none(row, who), related_or_none(row, ORGANIZATION.role)
        if person and person[name]:
            found.setdefault(row[parent]["__id"], {})[person[name]] = role["name"] if role else None
    return {id_: dict(sorted(people.items())) for id_, people in found.items()}


def _teams(balena: Balena, ids: set[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in _of(balena, "team", "belongs_to__organization", ids, EXPAND):
        found.setdefault(row["belongs_to__organization"]["__id"], []).append(describe(row))
    return found


def _of(balena: Balena, resource: str, parent: str, ids: set[int], expand: Mapping[str, Any]) -> list[Record]:
    """The rows that belong to some organizations."""
    columns = ["id", parent, *(["name"] if resource == "team" else [])]
    return read_rows(balena, resource, {parent: {"$in": sorted(ids)}}, select=columns, expand=expand)
