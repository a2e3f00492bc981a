# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rollout of an application at a time. The API decides: an application has at most one tag of a key.

The tag is written only as long as it says what it said when the step was planned. Whoever comes too late changes
nothing: the tag is what a step writes first.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from ...engine.apply import Made, Outcome, Writers
from ...engine.plan import Action, Change, DeclarationError
from ...sdk.errors import BalenaRequestError, BalenaUnknownOutcomeError
from . import memory
from .memory import ROLLOUT_TAG, Memory
from .survey import Fleet

if TYPE_CHECKING:
    from ...sdk import Balena

_RESOURCE = "application_tag"


def new_run() -> str:
    """What tells a rollout that begins now from all others."""
    return secrets.token_hex(6)


def remembered(fleet: Fleet) -> str | None:
    """What the application's tag says."""
    return memory.tag_of(fleet.row, ROLLOUT_TAG)


def write(fleet: Fleet, before: Memory | str | None, after: Memory | None) -> list[Change]:
    """What writes, rewrites or removes the application's tag; nothing, if it says that already.

    :param before: what the tag says before, as it stands there or as this plan has written it.
    """
    old = before.as_tag() if isinstance(before, Memory) else before
    new = after.as_tag() if after else None
    if old == new:
        return []
    action: Action = "create" if old is None else "delete" if new is None else "update"
    before_it, after_it = (None if value is None else {"value": value} for value in (old, new))
    identity = {"application": fleet.row["id"], "tag_key": ROLLOUT_TAG}
    return [Change(action, _RESOURCE, (fleet.row["slug"], ROLLOUT_TAG), before_it, after_it, identity)]


def _take(balena: Balena, change: Change, outcome: Outcome) -> Made:
    """Make the tag; a second one of the key is refused by the API."""
    try:
        return Made(balena.pine.post(_RESOURCE, change.body)["id"])
    except (BalenaRequestError, BalenaUnknownOutcomeError) as error:
        # Perhaps it was made and the answer lost.
        found = _read(balena, change)
        if found is not None and found["value"] == change.body["value"]:
            return Made(found["id"])
        if isinstance(error, BalenaRequestError) and error.status_code == 409:
            raise _too_late(change, found) from None
        raise


def _go_on(balena: Balena, change: Change, outcome: Outcome) -> None:
    """Change the tag if it says what it said. The answer does not tell whether it did, so it is read again."""
    balena.pine.patch(_RESOURCE, change.body, options={"$filter": _as_it_was(change)})
    found = _read(balena, change)
    if found is None or found["value"] != change.body["value"]:
        raise _too_late(change, found)


def _forget(balena: Balena, change: Change, outcome: Outcome) -> None:
    balena.pine.delete(_RESOURCE, options={"$filter": _as_it_was(change)})


#: How the changes of L(write) are made.
WRITERS: Writers = {(_RESOURCE, "create"): _take, (_RESOURCE, "update"): _go_on, (_RESOURCE, "delete"): _forget}


def _as_it_was(change: Change) -> dict[str, Any]:
    return {**change.identity, **(change.before or {})}


def _read(balena: Balena, change: Change) -> dict[str, Any] | None:
    options = {"$select": ["id", "value"], "$filter": dict(change.identity)}
    rows: list[dict[str, Any]] = balena.pine.get(_RESOURCE, options=options)
    return rows[0] if rows else None


def _too_late(change: Change, found: dict[str, Any] | None) -> DeclarationError:
    ours = found is not None and change.identity["tag_key"] == ROLLOUT_TAG
    known = memory.recall(found["value"]) if found and ours else None
    if known is None:
        return DeclarationError(
            "somebody else has ended this rollout meanwhile, so this step was not begun: run it again to see where "
            "things stand"
        )
    return DeclarationError(
        f"another rollout of this application is under way: of release {known.version}, begun {known.started}. There "
        "can be one at a time, so this one was not begun: wait for the other, go on with it, or roll it back"
    )
