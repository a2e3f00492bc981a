# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo what a task has changed, by the account that it has left, as the module balena_undo declares it."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...engine.inverse import LOST, Left, invert, warnings
from ...engine.net import nets
from ...engine.plan import Act, Change, DeclarationError, Plan, in_order
from ...engine.plan_file import server_of
from ...engine.task import Task
from ...engine.visible import one_line
from ...engine.wording import spelled, with_names
from ..accounts.account import Account, changes_of, parse_file
from ..accounts.whom import accounting
from ..forecast.plan import forecasting
from ..options import Forecast
from .kinds import KINDS
from .reading import Found, read

if TYPE_CHECKING:
    from ...sdk import Balena


class Want(Forecast):
    """The options of the module balena_undo."""

    account: str
    account_to: str | None


@accounting
@forecasting
def plan(balena: Balena, want: Want) -> Task:
    """What gives everything back what it had before the changes of an account, as far as it is still as they made it.

    :param want: the options of the module balena_undo.
    :raises DeclarationError: the file is not an account, was changed since, or is of another server.
    """
    account = _read(want)
    names = account.whom.names
    done = [replace(net, key=with_names(net.key, names)) for net in nets(changes_of(account.entries))]
    found = read(balena, account, done)
    inverse = invert(done, found.live, KINDS, account.matches)
    changes, kept = _without_inhabited(inverse.changes, found)
    left = [*inverse.left, *kept, *_acts(account)]
    result = {
        "account": _shown(account),
        "left_alone": [one.shown() for one in left],
    }
    planned = Plan(in_order(changes), max(account.subjects, 1), result, warnings(left))
    return Task(planned, homes=found.homes)


def _read(want: Want) -> Account:
    path, other, server = want["account"], want["account_to"], server_of(want)
    if other and os.path.realpath(other) == os.path.realpath(path):
        raise DeclarationError("account_to and account are the same file: say another one for what undoing changes")
    account = parse_file(path)
    if account.server != server:
        raise DeclarationError(f"account: {path} is of {one_line(account.server)}, not of {server}")
    return account


def _shown(account: Account) -> dict[str, Any]:
    return {
        "server": account.server,
        "fleets": list(account.whom.homes),
        "made_at": account.made_at,
        "state": account.state,
        "changes": len(account.entries),
    }


def _without_inhabited(changes: Sequence[Change], found: Found) -> tuple[list[Change], list[Left]]:
    """The changes without the removal of fleets that have devices which stay: these would be deleted with them."""
    doomed = {change.id for change in changes if (change.resource, change.action) == ("device", "delete")}
    kept = [change for change in changes if _is_inhabited(change, found, doomed)]
    left = [Left(one.resource, one.key, LOST, f"fleet {one.key[0]} {_LIVED_IN}") for one in kept]
    return [change for change in changes if change not in kept], left


_LIVED_IN = "was made by the change and is left: it has devices, which would be deleted with it"


def _is_inhabited(change: Change, found: Found, doomed: Collection[int | None]) -> bool:
    if (change.resource, change.action) != ("application", "delete") or change.id is None:
        return False
    return bool(found.inhabitants.get(change.id, set()) - set(doomed))


def _acts(account: Account) -> list[Left]:
    """What was done rather than changed."""
    return [
        Left(act.resource, act.key, LOST, one_line(f"{act.resource} {spelled(key)} was done and cannot be undone"))
        for act in (entry.step for entry in account.entries)
        if isinstance(act, Act)
        for key in (with_names(act.key, account.whom.names),)
    ]
