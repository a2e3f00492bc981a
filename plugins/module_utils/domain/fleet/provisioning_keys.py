# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioning keys of a fleet: what has to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.plan import Change
from ...engine.report import SENSITIVE
from ...engine.task import Task
from ..keys import api_keys
from ..keys.fields import API_KEY
from ..keys.owners import Owner
from ..keys.rights import check_token
from ..query import Record
from .extent import Scope
from .snapshot import LiveFleet

if TYPE_CHECKING:
    from ...sdk import Balena

SECTION = "provisioning_keys"

_UNSEEN = (
    "provisioning_keys are left as they are: this server does not list keys of fleets, so that they can only be made "
    "together with the fleet"
)


@dataclass
class Keys:
    """One task for each declared key, and what is done with keys that are not declared."""

    tasks: list[Task] = field(default_factory=list)
    removals: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def changes(self) -> list[Change]:
        """All that changes."""
        return [*(change for task in self.tasks for change in task.plan.changes), *self.removals]

    def result(self, outcome: Outcome) -> dict[str, Any]:
        """The keys with the values of those that were made, which are told now or never."""
        # What was read is the fleet, not its keys.
        made = replace(outcome, read=None)
        told = [task.result(made) for task in self.tasks if task.result]
        return {**_shown(told), **({SENSITIVE: True} if any(SENSITIVE in one for one in told) else {})}

    def predicted(self) -> dict[str, Any]:
        """The keys as they will be."""
        return _shown([task.plan.result for task in self.tasks])


def _shown(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found = [key for result in results for key in result["api_keys"]]
    return {SECTION: [{name: value for name, value in key.items() if name != "of"} for key in found]} if found else {}


def plan(balena: Balena, scope: Scope, fleet: LiveFleet) -> Keys:
    """What has to change for the fleet to have the declared keys.

    :param fleet: with its keys, unless the server shows none.
    :raises DeclarationError: the token may not do it.
    """
    if SECTION not in scope.sections:
        return Keys()
    application = fleet.application
    exists = isinstance(application["id"], int)
    if fleet.keys is None:
        return Keys(warnings=[_UNSEEN] if scope.document.keys else [])
    owner = Owner(application["actor"]["__id"] if exists else 0, application["id"], (fleet.slug,))
    tasks = []
    for key in scope.document.keys:
        same = [row for row in fleet.keys if row["name"] == key["name"]]
        tasks.append(api_keys.converge(_declared(key), {owner: same}))
    declared = {key["name"] for key in scope.document.keys}
    doomed = [row for row in fleet.keys if row["name"] not in declared] if SECTION in scope.purge else []
    keys = Keys(tasks, [_removal(fleet.slug, row) for row in doomed])
    check_token(balena, "application", keys.changes)
    return keys


def _declared(key: Mapping[str, Any]) -> api_keys.Declared:
    return {
        "scope": "application",
        "name": key["name"],
        "description": key.get("description"),
        "expires": key.get("expires"),
        "state": "present",
        "overlap": None,
        "max_age": None,
    }


def _removal(slug: str, row: Record) -> Change:
    key = (slug, row["name"] or "without a name", str(row["id"]))
    return API_KEY.removal(key, row, api_keys.shown(row))
