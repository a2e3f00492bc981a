# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of a resource, as a module declares it: all that a small resource takes besides its declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..engine.apply import Outcome
from ..engine.fields import Resource, columns_of
from ..engine.plan import Key, Plan
from ..engine.task import Task
from .cloud import cloud_only
from .rows import read_rows

if TYPE_CHECKING:
    from ..sdk import Balena


def plan_single(
    balena: Balena, want: Mapping[str, Any], resource: Resource, within: Mapping[str, Any], under: Key = ()
) -> Task:
    """What has to change for one row to be as declared, or not to be there.

    :param want: the options of a module: those of the resource and its key, and C(state).
    :param within: the columns that say what the row belongs to.
    :param under: what people call that.
    :returns: a task that returns the row under the name of the resource; None when it is gone.
    :raises DeclarationError: a value that cannot be, or one that the server has no place for.
    """
    named = resource.identity(want)
    identity, key = {**within, **named}, (*under, *map(str, named.values()))
    columns = columns_of((*resource.key, *resource.told(want)))
    with cloud_only([field.option for field in resource.given(want) if field.cloud_only]):
        found = next(iter(read_rows(balena, resource.name, identity, select=["id", *columns])), None)
    changes = tuple(resource.converge(want, found, identity, key))
    if want["state"] == "absent":
        return Task(Plan(changes, 1, {resource.name: None}))
    present = {"id": found["id"], **resource.shown(found, want)} if found else {"id": None}
    called = {field.option: field.predicted(want[field.option]) for field in resource.key}
    shown = {**present, **called, **resource.predicted(want, new=found is None)}
    result = with_new_id(resource.name, resource.name, key, shown)
    return Task(Plan(changes, 1, {resource.name: shown}), result=result)


def with_new_id(name: str, resource: str, key: Key, shown: Mapping[str, Any]) -> Callable[[Outcome], Mapping[str, Any]]:
    """What a task returns of a row besides what was planned: its id, once it is made.

    :param name: what the result calls it.
    :param shown: the row as it was planned.
    """

    def result(outcome: Outcome) -> dict[str, Any]:
        made = outcome.made.get((resource, key))
        return {name: {**shown, "id": made.id}} if made else {}

    return result
