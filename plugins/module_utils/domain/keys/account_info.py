# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who the token belongs to, as balena_account_info returns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...sdk.auth import Auth
from ...sdk.errors import BalenaNotLoggedIn
from .. import read_more
from ..options import ReadMore
from ..query import PAGE

if TYPE_CHECKING:
    from ...sdk import Balena


def read(balena: Balena, want: ReadMore) -> dict[str, Any]:
    """The user (or device, or application) behind the token; of a user also organizations and SSH keys.

    :param want: the options of the module balena_account_info; C(fields) and C(expand) are about the organizations.
    :raises BalenaNotLoggedIn: the server does not know the token.
    """
    asked = read_more.wanted(want)
    who = Auth(balena).whoami()
    if who is None:
        raise BalenaNotLoggedIn()
    account: dict[str, Any] = {
        "type": who["actorType"],
        "id": who["actorTypeId"],
        "actor": who["id"],
        **{name: who.get(name) for name in ("username", "email", "slug", "uuid")},
        "organizations": [],
        "ssh_keys": [],
    }
    if who["actorType"] == "user":
        account.update(organizations=_organizations(balena, asked), ssh_keys=_ssh_keys(balena))
    return {"account": account}


def _organizations(balena: Balena, asked: read_more.More) -> list[dict[str, Any]]:
    options = {"$select": asked.select(["id", "name", "handle"]), "$expand": asked.expansions()}
    with asked.reading():
        rows = balena.pine.get_all("organization", options=options, page_size=PAGE)
    rows.sort(key=lambda row: row["handle"])
    return [{"id": row["id"], "name": row["name"], "handle": row["handle"], **asked.given(row)} for row in rows]


def _ssh_keys(balena: Balena) -> list[dict[str, Any]]:
    columns = ["id", "title", "public_key"]
    rows: list[dict[str, Any]] = balena.pine.get_all("user__has__public_key", options={"$select": columns})
    return [{name: row[name] for name in columns} for row in sorted(rows, key=lambda row: row["title"])]
