# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices a rollout has changed, and the tags that remember what they had before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...engine.plan import Change
from ..device_names import named_uuid
from ..query import Record, all_of, any_of
from ..releases import pins, status
from ..rows import read_rows
from ..tag_conditions import tag_conditions
from ..tags.compare import Tagged, compare_tags
from . import locks, memory
from .memory import FORMER_TAG, HEALTH_TAG, LOCK_TAG, Mark, Memory
from .survey import Fleet, tagged

if TYPE_CHECKING:
    from ...sdk import Balena


#: The tags of a rollout that devices can have.
_OWN = (FORMER_TAG, HEALTH_TAG, LOCK_TAG)


def read_marked(balena: Balena, fleet: Fleet, kept_out: str | None) -> list[Record]:
    """All devices of the application that are pinned on the release, or have a tag of a rollout.

    It does not matter whether the options select them: whoever was changed can be found again.

    :param kept_out: the tag whose devices are kept out; it is read too.
    """
    marks = any_of(
        [
            {"is_pinned_on__release": fleet.target["id"]},
            *(found for key in _OWN for found in tag_conditions({key: None})),
        ]
    )
    keys = [*_OWN, *([kept_out] if kept_out else ())]
    return read_rows(
        balena,
        "device",
        all_of({"belongs_to__application": fleet.row["id"]}, marks),
        select=["id", "uuid", "device_name", *status.COLUMNS],
        expand={"is_pinned_on__release": pins.RELEASE, "device_tag": tagged(*keys), **locks.OF_DEVICES},
    )


def pin_of(row: Record) -> int | None:
    """The release that a device is pinned on; None if it follows its application."""
    found: int | None = row["is_pinned_on__release"][0]["id"] if row["is_pinned_on__release"] else None
    return found


def formers(rows: Iterable[Record], known: Memory) -> dict[str, int | None]:
    """The former targets of the devices that the rollout has changed and nobody has since, by uuid.

    A device that had the release before says so in its tag, and is none of them.

    :param rows: as L(read_marked) reads them.
    """
    found = {}
    for row in rows:
        if pin_of(row) == known.release and not _is_kept_out(row, known):
            former = mark_of(row, known).former
            if former != known.release:
                found[row["uuid"]] = former
    return found


def mark_of(row: Record, known: Memory) -> Mark:
    """What is remembered of a device."""
    return memory.mark_of(memory.tag_of(row, FORMER_TAG), known)


def set_aside(rows: Iterable[Record], known: Memory | None, now: Collection[str]) -> list[str]:
    """The uuids of the offline devices that say nothing about the release, so that nobody waits for them.

    They were offline before the rollout changed them, and nothing has been heard of them since; or it has not changed
    them. One that was online when it was changed, and is gone, may be gone because of that.

    :param rows: with L(status.COLUMNS) and L(status.HEARD_COLUMNS), as they were before this step.
    :param now: the devices that this step changes.
    """
    return [
        row["uuid"]
        for row in rows
        if status.is_offline(row) and (row["uuid"] in now or known is None or _was_gone_before(row, known))
    ]


def _was_gone_before(row: Record, known: Memory) -> bool:
    if pin_of(row) != known.release:
        return True  # it follows its application, which had the release before
    mark = mark_of(row, known)
    if mark.former == known.release:
        return True
    present = row["is_running__release"]
    came_back = bool(present) and present["__id"] == known.release
    return mark.heard == status.last_heard(row) and not came_back


def _is_kept_out(row: Record, known: Memory) -> bool:
    return known.kept_out is not None and memory.tag_of(row, known.kept_out) is not None


def other_marks(rows: Iterable[Record], known: Memory, now: Collection[str]) -> list[Change]:
    """The tags of devices that the first wave does not change: those that have the release already say so.

    Tags that an earlier rollout left are removed, since they would be mistaken for this one's.

    :param rows: as L(read_marked) reads them.
    :param now: the devices that get the release now.
    """
    others = [row for row in rows if row["uuid"] not in now and not _is_kept_out(row, known)]
    had_it = None if known.former == known.release else Mark(known.release).as_tag()
    return _tags(others, {row["uuid"]: had_it if pin_of(row) == known.release else None for row in others})


def marks(rows: Iterable[Record], known: Memory, health: Mapping[str, str]) -> list[Change]:
    """The tags of devices that get the release now: their present targets, where they are not those of most devices.

    One that is offline has a tag in any case, which says so.

    :param health: how they are now, if that is remembered: what is not how most of them are gets a tag too.
    """
    rows = list(rows)
    ill = {uuid: mark for uuid, mark in health.items() if mark != known.health}
    return _tags(rows, {row["uuid"]: _mark(row, known) for row in rows}, ill)


def _mark(row: Record, known: Memory) -> str | None:
    mark = Mark(pin_of(row), status.last_heard(row) if status.is_offline(row) else None)
    return None if mark == Mark(known.former) else mark.as_tag()


def unmark(rows: Iterable[Record], kept: Collection[str] = ()) -> list[Change]:
    """What removes the tags of devices, and gives them back what overrode their update locks.

    :param kept: the uuids of those that keep the tag which says what they had before.
    """
    rows = list(rows)
    former = {row["uuid"]: memory.tag_of(row, FORMER_TAG) if row["uuid"] in kept else None for row in rows}
    return [*locks.put_back(rows), *_tags(rows, former)]


def _tags(
    rows: Iterable[Record], former: Mapping[str, str | None], health: Mapping[str, str] | None = None
) -> list[Change]:
    """The changes after which devices have these tags of a rollout, and no others of it."""
    things = [
        Tagged(
            row["id"],
            (named_uuid(row),),
            {FORMER_TAG: former[row["uuid"]], HEALTH_TAG: (health or {}).get(row["uuid"])},
            _own(row),
        )
        for row in rows
    ]
    return compare_tags("device", things)


def _own(row: Record) -> list[dict[str, Any]]:
    """The tags of a device that rollouts have given it."""
    return [tag for tag in row["device_tag"] if tag["tag_key"] in _OWN]


def is_changed(row: Record, known: Memory | None) -> bool:
    """Whether the rollout has given a device the release, which it did not have as its target before."""
    return known is not None and pin_of(row) == known.release and mark_of(row, known).former != known.release
