# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps can be made at once, and which in one request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ..sdk._chunks import chunks
from .plan import Change, Key, Step


def batches(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Steps of one kind in a row, none of which needs another: they can be made at once."""
    for (resource, action), group in groupby(steps, key=lambda step: (step.resource, step.action)):
        batch: list[Step] = []
        keys: set[Key | None] = set()
        for step in group:
            if any((need.resource, need.action) == (resource, action) and need.key in keys for need in step.needs):
                yield batch
                batch, keys = [], set()
            batch.append(step)
            keys.add(step.key)
        yield batch


def alike(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Chunks of changes that one request can make: same body, few enough rows."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        # Of what stands for a new row, the text tells equal from different as its id will.
        body = json.dumps(change.body, sort_keys=True, default=repr) if change.action == "update" else ""
        groups.setdefault(body, []).append(change)
    for group in groups.values():
        yield from chunks(group)
