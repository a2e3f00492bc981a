# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to change for an organization or an application to have the declared people, in the declared roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...engine.apply import Made, Outcome, Writers
from ...engine.near import near
from ...engine.plan import Change, DeclarationError, Key, NamedId, Need, NewId, Row, compare, join
from ...sdk.errors import BalenaRequestError
from .people import ADMINISTRATOR, APPLICATION, ORGANIZATION, Kind, People, Person

if TYPE_CHECKING:
    from ...sdk import Balena

#: What somebody is declared to be; None: neither a member nor invited.
Declared = Mapping[str, "str | None"]


@dataclass(frozen=True)
class Membership:
    """What becomes of the people of one organization or application.

    :param members: their roles by user name, as they will be.
    :param pending: the roles of those who are invited, by what they were invited with.
    """

    changes: tuple[Change, ...]
    members: Mapping[str, str]
    pending: Mapping[str, str]

    @property
    def shown(self) -> dict[str, Any]:
        """The people as results have them."""
        return {"members": dict(sorted(self.members.items())), "pending": dict(sorted(self.pending.items()))}


def check_roles(
    declared: Declared, roles: Mapping[str, int], option: str, names: str = "a user name or an e-mail address"
) -> None:
    """Refuse names that cannot be meant, and roles that nobody can have.

    :param names: what the names are, for messages.
    :raises DeclarationError: gives the name, the role and the roles that there are.
    """
    for who, role in declared.items():
        if not isinstance(who, str) or not who or any(letter.isspace() for letter in who):
            raise DeclarationError(f"{option}: '{who}' must be {names}")
        if role is not None and (not isinstance(role, str) or role not in roles):
            known = ", ".join(sorted(roles))
            raise DeclarationError(
                f"{option}: the role of '{who}' must be one of {known}, or null for none, not '{role}'"
                + (near(role, roles) if isinstance(role, str) else "")
            )


def converge(
    kind: Kind,
    people: People,
    of: int | NewId,
    key: Key,
    declared: Declared,
    roles: Mapping[str, int],
    *,
    purge: bool = False,
    joins: Callable[[str], bool] = lambda who: False,
    message: str | None = None,
) -> Membership:
    """What has to change for these people to be members, or to be invited to become some.

    :param of: the id of the organization or application.
    :param key: what people call it.
    :param purge: also remove the members, and take back the invitations, that are not declared.
    :param joins: whether somebody can become a member without being asked.
    :param message: what the mails say that invite people.
    :raises DeclarationError: the same person is declared twice.
    """
    desired: dict[str, list[Row]] = {kind.membership: [], kind.invite: []}
    for who, role in declared.items():
        if role is None:
            continue
        resource, name, identity = _place(kind, people, of, who, joins)
        if resource == kind.invite and message is not None:
            identity["message"] = message
        desired[resource].append(Row((*key, name), {kind.role: NamedId(roles[role], role)}, identity))
    absent = _absent(kind, people, key, [who for who, role in declared.items() if role is None])
    actual = {kind.membership: people.members.values(), kind.invite: people.invited.values()}
    # An invitation that changes is made anew.
    identities = {row.key[-1]: row.identity for row in desired[kind.invite]}
    changes = [
        compare(
            resource,
            desired[resource],
            [Row((*key, one.name), {kind.role: one.role}, identities.get(one.name, {}), one.id) for one in found],
            absent=absent[resource],
            purge=purge,
        )
        for resource, found in actual.items()
    ]
    ordered = join([_promotions_first(changes[0], kind), changes[1]])
    return Membership(
        ordered,
        _after(people.members, ordered, kind.membership, kind),
        _after(people.invited, ordered, kind.invite, kind),
    )


def _absent(kind: Kind, people: People, key: Key, unwanted: Iterable[str]) -> dict[str, list[Key]]:
    """The memberships and invitations that there must not be, by resource."""
    found: dict[str, list[Key]] = {kind.membership: [], kind.invite: []}
    for who in unwanted:
        for resource, person in ((kind.membership, people.member(who)), (kind.invite, people.guest(who))):
            found[resource] += [(*key, person.name)] if person else []
    return found


def _place(
    kind: Kind, people: People, of: int | NewId, who: str, joins: Callable[[str], bool]
) -> tuple[str, str, dict[str, Any]]:
    """Where somebody is, or has to be put: the resource, the name there, and the columns that make a new row."""
    if member := people.member(who):
        return kind.membership, member.name, {}
    if guest := people.guest(who):
        return kind.invite, guest.name, {"invitee": guest.name, kind.invited_to: of}
    if joins(who):
        return kind.membership, who, {"username": who, kind.parent: of}
    return kind.invite, who, {"invitee": who, kind.invited_to: of}


def _promotions_first(changes: Iterable[Change], kind: Kind) -> list[Change]:
    """The changes of memberships, in which nobody ceases to be administrator before somebody else has become one."""
    steps = sorted(changes, key=lambda change: change.action == "update" and not _is_administrator(change.after, kind))
    risen = [step for step in steps if step.action == "update" and _is_administrator(step.after, kind)]
    needs = tuple(Need(step.resource, "update", step.key) for step in risen)
    return [
        replace(step, needs=needs) if _is_administrator(step.before, kind) and step not in risen else step
        for step in steps
    ]


def _is_administrator(fields: Mapping[str, Any] | None, kind: Kind) -> bool:
    return fields is not None and fields[kind.role].label == ADMINISTRATOR


def _after(found: Mapping[str, Person], changes: Iterable[Change], resource: str, kind: Kind) -> dict[str, str]:
    """The roles of members, or of those who are invited, once the changes are made."""
    roles = {person.name: person.role.label for person in found.values()}
    for change in changes:
        if change.resource == resource:
            name = change.key[-1]
            if change.after is None:
                roles.pop(name)
            else:
                roles[name] = change.after[kind.role].label
    return roles


def removed_administrators(people: People, membership: Membership) -> Iterator[str]:
    """Who is administrator now and will not be."""
    for name, person in people.members.items():
        if person.role.label == ADMINISTRATOR and membership.members.get(name) != ADMINISTRATOR:
            yield name


def _add(balena: Balena, change: Change, outcome: Outcome) -> Made:
    """Make somebody a member, or invite somebody; the API takes a name in place of an id for that.

    Somebody else can have done the same meanwhile.
    """
    try:
        return Made(balena.pine.post(change.resource, change.body)["id"])
    except BalenaRequestError as error:
        if error.status_code != 409:
            raise
        return Made()


def _invite_anew(balena: Balena, change: Change, outcome: Outcome) -> Made:
    """Give somebody who has not come yet another role: invitations cannot be changed."""
    balena.pine.delete(change.resource, options={"$filter": {"id": change.id}})
    return _add(balena, replace(change, action="create"), outcome)


MEMBER_WRITERS: Writers = {
    **{(kind.membership, "create"): _add for kind in (ORGANIZATION, APPLICATION)},
    **{(kind.invite, "create"): _add for kind in (ORGANIZATION, APPLICATION)},
    **{(kind.invite, "update"): _invite_anew for kind in (ORGANIZATION, APPLICATION)},
    ("team_membership", "create"): _add,
}
