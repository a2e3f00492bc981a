# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who API keys belong to: the user of the token, an application (its provisioning keys), or devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from ...engine.fields import columns_of
from ...engine.plan import DeclarationError, Key, NewId
from ...sdk.auth import Auth
from ..options import DeviceSelection, needed
from ..query import Record
from ..rows import children
from ..selector import need_application, refuse_selection, select_devices
from .fields import API_KEY

if TYPE_CHECKING:
    from ...sdk import Balena

#: What is told of a key; its value is told once, when it is made.
COLUMNS = ("name", *columns_of(API_KEY.fields), "created_at")


class Scoped(TypedDict):
    """What kind of owner keys have."""

    scope: str


class Owned(DeviceSelection):
    """Whose keys are meant."""

    scope: str


@dataclass(frozen=True)
class Owner:
    """Somebody or something with API keys.

    :param actor: the id of the actor that a key stands for.
    :param id: the id of the user, application or device; what stands for it before that is created.
    :param key: how results call it: the user's name, the slug, or the uuid.
    """

    actor: int
    id: int | NewId
    key: Key

    @property
    def label(self) -> str:
        """The key as one text."""
        return " ".join(self.key)


def find(balena: Balena, want: Owned) -> list[Owner]:
    """The owners that the options C(scope), C(application) and the device selector mean, in one or two requests.

    :raises DeclarationError: options that do not fit the scope, something that does not exist, or a token that is no
        user's.
    """
    scope = want["scope"]
    if scope != "device":
        refuse_selection(want, scope)
    if (scope == "application") != bool(want["application"]) and scope != "device":
        need = "is needed" if scope == "application" else "cannot be used"
        raise DeclarationError(f"application {need} with scope '{scope}'")
    if scope == "user":
        user = Auth(balena).get_user_info()
        return [Owner(user["actor"], user["id"], (user["username"],))]
    if scope == "application":
        row = need_application(balena, needed(want["application"]), select=("actor",))
        return [_owner(row, row["slug"])]
    return [_owner(row, row["uuid"]) for row in select_devices(balena, want, select=("actor",))]


def _owner(row: Record, key: str) -> Owner:
    return Owner(row["actor"]["__id"], row["id"], (key,))


def keys_of(balena: Balena, owners: list[Owner], *, name: str | None = None, **more: Any) -> dict[Owner, list[Record]]:
    """The API keys of each owner, the newest first; in one request for up to 200 owners.

    :param name: only those of this name.
    :param more: C(select) and C(expand) for more than L(COLUMNS).
    """
    by_actor = {owner.actor: owner for owner in owners}
    rows = children(
        balena,
        "api_key",
        "is_of__actor",
        list(by_actor),
        select=more.get("select", COLUMNS),
        expand=more.get("expand"),
        where=None if name is None else {"name": name},
    )
    found: dict[Owner, list[Record]] = {owner: [] for owner in owners}
    for row in sorted(rows, key=lambda row: row["id"], reverse=True):
        found[by_actor[row["is_of__actor"]["__id"]]].append(row)
    return found


def describe(owner: Owner, row: Record) -> dict[str, Any]:
    """A key as tasks return it."""
    return {
        "of": owner.label,
        "id": row["id"],
        "name": row["name"],
        **API_KEY.shown(row),
        "created_at": row["created_at"],
    }
