# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each row in the course of several changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .plan import Change, Key, NewId

Values = dict[str, Any]


@dataclass(frozen=True)
class Net:
    """What became of one row in the course of all changes.

    :param before: its columns as they were; None: there was no such row.
    :param after: as they were in the end; None: there was no such row any more.
    :param secret: fingerprints take the place of its values.
    :param sure: whether it is known that all was made.
    :param hidden: its values are not to be shown.
    """

    resource: str
    key: Key
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    identity: Mapping[str, Any]
    id: int | None
    secret: bool
    sure: bool
    hidden: bool = False


def nets(changes: Iterable[tuple[Change, bool]]) -> list[Net]:
    """What became of each row, in the order in which they were changed first.

    :param changes: in the order in which they were made; and whether each is known to be made.
    """
    found: list[Net] = []
    places: dict[str, int] = {}
    for change, sure in changes:
        names = _names(change)
        place = next((places[name] for name in names if name in places), None)
        if place is None:
            place = len(found)
            found.append(_net(change, sure))
        else:
            found[place] = _joined(found[place], change, sure)
        places.update(dict.fromkeys(names, place))
    return [net for net in found if net.before is not None or net.after is not None]


def _names(change: Change) -> list[str]:
    """What tells whether two changes are of the same row: its id, what identifies it, or its key in one plan."""
    names = [f"{change.resource} key {json.dumps(change.key)}"]
    if change.id is not None:
        names.append(f"{change.resource} id {change.id}")
    if change.identity and not any(isinstance(value, NewId) for value in change.identity.values()):
        names.append(f"{change.resource} is {json.dumps(dict(change.identity), sort_keys=True, default=repr)}")
    return names


def _net(change: Change, sure: bool) -> Net:
    before = None if change.action == "create" else dict(change.before or {})
    after = None if change.action == "delete" else dict(change.after or {})
    return Net(change.resource, change.key, before, after, change.identity, change.id, change.secret, sure, change.kept)


def _joined(net: Net, change: Change, sure: bool) -> Net:
    """One row that changes again. What others changed in between is what was before, of that column."""
    later = _net(change, sure)
    before: Values | None = None if net.before is None else dict(net.before)
    for name, value in (later.before or {}).items():
        known = net.after or {}
        if before is not None and (name not in known or known[name] != value):
            before[name] = value
    if change.action == "update":
        after: Values | None = {**(net.after or {}), **(later.after or {})}
    else:
        after = None if later.after is None else dict(later.after)
    return replace(
        later,
        key=net.key,
        before=before,
        after=after,
        identity=later.identity or net.identity,
        id=later.id if later.id is not None else net.id,
        secret=net.secret or later.secret,
        sure=net.sure and sure,
        hidden=net.hidden or later.hidden,
    )
