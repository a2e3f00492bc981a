# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of one scope, as the module balena_env_var declares them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...engine.named import Comparison
from ...engine.plan import Change, NewId, Plan, predict
from ...engine.report import fingerprint
from ...engine.task import Task
from ..accounts.whom import accounting
from ..forecast.plan import forecasting
from ..query import Record
from ..rows import children
from .compare import Declaration, Parent, add_variables, declaration
from .config_schema import judge
from .options import Declared
from .parents import Found, find

if TYPE_CHECKING:
    from ...sdk import Balena


@accounting
@forecasting
def plan(balena: Balena, want: Declared) -> Task:
    """Compare the declared variables of all parents with the actual ones, in one read.

    What would be written to config variables is also checked against what the API says of the device types: a
    declaration that is met costs no request for that.

    :param want: the options of the module balena_env_var.
    :raises DeclarationError: options that do not fit the scope, something that does not exist, a name or value that no
        server accepts; with C(check_config=fail), a config variable that a device would not take.
    """
    declared = declaration(want)
    holders = find(balena, want)
    parents = holders.parents
    read = _read(balena, holders, declared) if declared.values or declared.purge else []
    records: dict[int | NewId, list[Record]] = {}
    for record in read:
        records.setdefault(record[declared.parent]["__id"], []).append(record)
    found = Comparison(declared.resource, declared.parent)
    for parent in parents:
        add_variables(found, parent, declared.values, records.get(parent.id, ()))
    changes = found.changes(purge=declared.purge, secret=declared.secret)
    after: dict[str, dict[str, str]] = {" ".join(parent.key): {} for parent in parents}
    for row in predict(found.actual, changes):
        value = row.fields["value"]
        after[" ".join(row.key[:-1])][row.key[-1]] = fingerprint(value) if declared.secret else value
    warnings = _judged(balena, want, parents, changes) if want["kind"] == "config" else ()
    planned = Plan(tuple(changes), len(parents), {"variables": after}, warnings=tuple(warnings))
    return Task(planned, homes=holders.homes)


def _read(balena: Balena, holders: Found, want: Declaration) -> list[Record]:
    return children(
        balena,
        want.resource,
        want.parent,
        [parent.id for parent in holders.parents if isinstance(parent.id, int)],
        select=("name", "value"),
        where=None if want.purge else {"name": {"$in": list(want.values)}},
        through=holders.through,
    )


def _judged(balena: Balena, want: Declared, parents: Sequence[Parent], changes: Sequence[Change]) -> list[str]:
    types = {parent.key: parent.device_type for parent in parents}
    return judge(balena, [(types[change.key[:-1]], change) for change in changes], want["check_config"])
