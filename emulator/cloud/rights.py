# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rights of the users of the cloud flavor, made of access.yml: conditions in the API's own language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..access import VERBS, Right, rights_of, roles, with_guest
from ..odata.views import ADMINISTRATOR, ADMINISTRATORS, LEVELS

ME = "user/any(u:u/actor eq @actor)"
MEMBER = f"organization_membership/any(m:m/{ME})"
ADMINISTERS = (
    f"organization_membership/any(m:m/{ME} and m/organization_membership_role/any(r:r/name eq '{ADMINISTRATOR}'))"
)
FLEET_KEYS = ("is_of__application", "is_of__device/belongs_to__application")


def within(way: str, condition: str) -> str:
    """A condition on what a way of references leads to, as one on the rows where it begins."""
    for number, step in enumerate(reversed(way.split("/") if way else ())):
        condition = f"{step}/any(s{number}:s{number}/{condition})"
    return condition


def reaching(level: int) -> str:
    """The condition that the user that asks gets so far in a fleet."""
    return f"reached/any(w:w/level ge {level})"


def rights_of_users(data: Mapping[str, Any]) -> dict[str, dict[str, Right]]:
    """resource -> verb -> the condition on rows, from access.yml."""
    entries: dict[str, Any] = {name: dict.fromkeys(verbs, "") for name, verbs in data["users"].items()}
    for name, way in data["organizations"].items():
        entries[name] = {"all": within(way, ADMINISTERS), "read": within(way, MEMBER)}
    levels = {**LEVELS, ADMINISTRATOR: ADMINISTRATORS}
    for name, (way, role) in data["fleets"].items():
        entries[name] = {"all": within(way, reaching(levels[role]))} if role in levels else {}
        entries[name]["read"] = within(way, reaching(1))
    entries |= _others()
    return with_guest(roles()["guest"], {name: rights_of(entry) for name, entry in entries.items()})


def _others() -> dict[str, dict[str, str]]:
    invited = within("invitee__is_invited_to__application/is_invited_to__application", reaching(1))
    keys = " or ".join(within(f"is_of__actor/{way}", reaching(LEVELS["developer"])) for way in FLEET_KEYS)
    mates = within("organization_membership/is_member_of__organization", MEMBER)
    team_mates = within("team_membership/is_member_of__team/belongs_to__organization", MEMBER)
    return {
        "application": {
            "read": reaching(1),
            "update": reaching(LEVELS["developer"]),
            "delete": reaching(ADMINISTRATORS),
            "create": within("organization", ADMINISTERS),
        },
        "api_key": dict.fromkeys(("read", "update", "delete"), f"is_of__actor eq @actor or {keys}"),
        "invitee": {
            "read": within("invitee__is_invited_to__organization/is_invited_to__organization", MEMBER)
            + f" or {invited}"
        },
        "organization": {
            "read": MEMBER,
            **dict.fromkeys(("update", "delete"), ADMINISTERS),
        },
        "organization_membership": {
            **dict.fromkeys(VERBS, within("is_member_of__organization", ADMINISTERS)),
            "read": within("is_member_of__organization", MEMBER),
            # one may always leave
            "delete": within("is_member_of__organization", ADMINISTERS) + f" or {ME}",
        },
        "user": {"read": f"actor eq @actor or {mates} or {team_mates}"},
    }
