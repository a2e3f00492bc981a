# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The people who work on one application beside the administrators of its organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from ...engine.plan import Key, NewId, Plan
from ...engine.task import Task
from ...sdk._related import related_or_none
from ..query import Record
from ..selector import need_application
from .members import MEMBER_WRITERS, Membership, check_roles, converge
from .people import APPLICATION, ORGANIZATION, People, read_people, read_roles

if TYPE_CHECKING:
    from ...sdk import Balena


class Want(TypedDict):
    """The options of the module balena_application_member."""

    application: str
    members: dict[str, Any]
    purge: bool
    invitation: str | None


def plan(balena: Balena, want: Want) -> Task:
    """What has to change for an application to have the declared collaborators.

    :param want: the options of the module balena_application_member.
    :raises DeclarationError: the application or a role does not exist, or the server has no collaborators.
    """
    application = need_application(balena, want["application"], expand={"organization": {"$select": ["id", "handle"]}})
    found = membership(balena, application, want["members"], purge=want["purge"], message=want["invitation"])
    shown = {"application": application["slug"], **found.shown}
    return Task(Plan(found.changes, len(want["members"]) + 1, {"collaborators": shown}), MEMBER_WRITERS)


def membership(
    balena: Balena,
    application: Record,
    declared: Mapping[str, Any],
    *,
    purge: bool,
    message: str | None = None,
    option: str = "members",
    people: People | None = None,
) -> Membership:
    """What becomes of the collaborators of an application.

    Members of its organization become collaborators at once, all others are invited.

    :param application: with its id and slug, and its organization expanded. Its id may be a L(NewId).
    :param option: what declares them, for messages.
    :param people: its collaborators, if they were read already.
    :raises DeclarationError: a role does not exist, or the server has no collaborators.
    """
    roles = read_roles(balena, APPLICATION, option)
    check_roles(declared, roles, option)
    of: int | NewId = application["id"]
    if isinstance(of, NewId):
        people = People()
    elif people is None:
        people = read_people(balena, APPLICATION, of, declared)
    unknown = [who for who, role in declared.items() if role is not None and not people.member(who)]
    colleagues = _colleagues(balena, application, unknown)
    # By its address, a colleague is not somebody to be invited either.
    names = {who: colleague.name for who in unknown if (colleague := colleagues.member(who))}
    key: Key = (application["slug"],)
    return converge(
        APPLICATION,
        people,
        of,
        key,
        {names.get(who, who): role for who, role in declared.items()},
        roles,
        purge=purge,
        joins=lambda who: who in colleagues.members,
        message=message,
    )


def _colleagues(balena: Balena, application: Record, unknown: Sequence[str]) -> People:
    """The members of an application's organization, if there is somebody to be found among them."""
    organization = related_or_none(application, "organization")
    return read_people(balena, ORGANIZATION, organization["id"], unknown) if organization and unknown else People()
