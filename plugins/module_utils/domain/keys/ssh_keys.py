# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public SSH keys of the user, by their titles."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypedDict

from ...engine.apply import Made, Outcome, Writers
from ...engine.fields import Resource, columns_of, text
from ...engine.plan import Change, DeclarationError, Plan
from ...engine.replacing import after_successors
from ...engine.task import Task
from ...sdk.auth import Auth
from ..query import Record

if TYPE_CHECKING:
    from ...sdk import Balena

SSH_KEY = Resource(
    "user__has__public_key",
    (text("title", "title", required=True),),
    (text("public_key", "public_key", None, spec={"type": "str", "no_log": False}),),
)


class Want(TypedDict):
    """The options of the module balena_ssh_key."""

    title: str
    public_key: str | None
    state: str


def plan(balena: Balena, want: Want) -> Plan | Task:
    """What has to change for the user to have exactly this key under a title, or none.

    The API keeps a key's text only once for a user: a key that is there under another title is renamed. A title can
    have several keys; those that are not declared go.

    :param want: the options of the module balena_ssh_key.
    :raises DeclarationError: the key is not a public SSH key.
    """
    absent = want["state"] == "absent"
    wanted = None if absent else _wanted(want)
    rows: list[Record] = balena.pine.get_all(SSH_KEY.name, options={"$select": ["id", *columns_of(SSH_KEY.all)]})
    titled = [row for row in rows if row["title"] == want["title"]]
    if wanted is None:
        return Plan(tuple(_removals(titled)), 1, {"ssh_key": None})
    same = [row for row in rows if _material(row["public_key"]) == _material(wanted)]
    kept = next((row for row in same if row["title"] == want["title"]), same[0] if same else None)
    others = _removals([row for row in titled if row is not kept])
    key = (want["title"],)
    if kept is None:
        user = Auth(balena).get_user_info()["id"]
        identity = {"user": user, "title": want["title"]}
        first = [Change("create", SSH_KEY.name, key, None, {"public_key": wanted}, identity)]
    elif kept["title"] != want["title"]:
        before = {"title": kept["title"]}
        first = [Change("update", SSH_KEY.name, key, before, {"title": want["title"]}, {}, kept["id"])]
    else:
        first = []
    shown = {"id": None, "public_key": wanted, **(kept or {}), "title": want["title"]}

    def result(outcome: Outcome) -> dict[str, Any]:
        made = outcome.made.get((SSH_KEY.name, key))
        return {"ssh_key": {**shown, "id": made.id}} if made else {}

    changes = (*first, *after_successors(others, first))
    return Task(Plan(changes, 1, {"ssh_key": shown}), WRITERS, result=result)


def _create(balena: Balena, change: Change, outcome: Outcome) -> Made:
    return Made(balena.pine.post(SSH_KEY.name, change.body, natural_key=("public_key", "user"))["id"])


WRITERS: Writers = {(SSH_KEY.name, "create"): _create}


def _removals(rows: list[Record]) -> list[Change]:
    """The end of keys that have the title, named in the order of their ids."""
    return [
        SSH_KEY.removal((row["title"], f"previous {number}"), row, {"public_key": row["public_key"]})
        for number, row in enumerate(rows, 1)
    ]


def _wanted(want: Want) -> str:
    """The declared key as one line.

    :raises DeclarationError: it is missing, or no public SSH key (the API takes any text). A private key is not shown.
    """
    text = " ".join((want["public_key"] or "").split())
    if not text:
        raise DeclarationError("public_key is needed unless state is absent")
    if "PRIVATE KEY" in text:
        raise DeclarationError(
            "public_key is a private key, which nobody else should have; use the file that ends in .pub"
        )
    kind, encoded = (*text.split(" "), "")[:2]
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    # The blob repeats the kind behind its length (RFC 4253, 6.6).
    if blob[4 : 4 + len(kind)] != kind.encode() or not kind:
        raise DeclarationError("public_key is not a public SSH key, such as the line in a file id_ed25519.pub")
    return text


def _material(public_key: str) -> tuple[str, ...]:
    """What makes the key: its kind and its numbers, without the comment."""
    return tuple(public_key.split()[:2])
