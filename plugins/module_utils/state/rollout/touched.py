# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices a rollout has changed, and the tags that remember what they had before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..plan import Change
from ..reading import PAGE, Record, all_of, any_of
from ..resources import pins, running, tags
from ..selector import tag_conditions
from . import memory
from .memory import FORMER_TAG, ROLLOUT_TAG, Memory
from .survey import Fleet, tagged

if TYPE_CHECKING:
    from ...sdk import Balena


def read_marked(balena: Balena, fleet: Fleet, kept_out: str | None) -> list[Record]:
    """All devices of the application that are pinned on the release, or have a tag with their former target.

    It does not matter whether the options select them: whoever was changed can be found again.

    :param kept_out: the tag whose devices are kept out; it is read too.
    """
    marks = any_of([{"is_pinned_on__release": fleet.target["id"]}, *tag_conditions({FORMER_TAG: None})])
    keys = [FORMER_TAG, *([kept_out] if kept_out else ())]
    options = {
        "$select": ["id", "uuid", "device_name", *running.COLUMNS],
        "$expand": {
            "is_pinned_on__release": pins.RELEASE,
            "device_tag": tagged(*keys),
        },
        "$filter": all_of({"belongs_to__application": fleet.row["id"]}, marks),
    }
    return balena.pine.get_all("device", options=options, page_size=PAGE)


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
            former = memory.former_of(memory.tag_of(row, FORMER_TAG), known)
            if former != known.release:
                found[row["uuid"]] = former
    return found


def _is_kept_out(row: Record, known: Memory) -> bool:
    return known.kept_out is not None and memory.tag_of(row, known.kept_out) is not None


def first_marks(rows: Iterable[Record], known: Memory, now: Iterable[Record]) -> list[Change]:
    """The tags before the first wave: those of its devices, and of all that have the release already.

    Tags that an earlier rollout left are removed, since they would be mistaken for this one's.

    :param rows: as L(read_marked) reads them.
    :param now: the devices that get the release now.
    """
    starting = {row["uuid"]: row for row in now}
    others = [row for row in rows if row["uuid"] not in starting and not _is_kept_out(row, known)]
    wanted = {row["uuid"]: _mark(pin_of(row), known) if pin_of(row) == known.release else None for row in others}
    return marks(now, known, more=others, wanted=wanted)


def marks(
    now: Iterable[Record], known: Memory, *, more: Iterable[Record] = (), wanted: Mapping[str, str | None] | None = None
) -> list[Change]:
    """The tags of devices that get the release now: their present targets, where they are not those of most devices.

    :param more: further devices; what their tags shall be is in C(wanted), None being no tag.
    """
    targets = {row["uuid"]: _mark(pin_of(row), known) for row in now}
    targets.update(wanted or {})
    things = [
        tags.Tagged(row["id"], (row["uuid"],), {FORMER_TAG: targets[row["uuid"]]}, _own(row, FORMER_TAG))
        for row in [*now, *more]
    ]
    return tags.plan("device", things)


def _mark(former: int | None, known: Memory) -> str | None:
    return None if former == known.former else memory.as_former(former)


def unmark(rows: Iterable[Record]) -> list[Change]:
    """What removes the tags of devices."""
    things = [tags.Tagged(row["id"], (row["uuid"],), {FORMER_TAG: None}, _own(row, FORMER_TAG)) for row in rows]
    return tags.plan("device", things)


def remember(fleet: Fleet, known: Memory | None) -> list[Change]:
    """What writes the application's tag, or removes it."""
    wanted = {ROLLOUT_TAG: known.as_tag() if known else None}
    actual = _own(fleet.row, ROLLOUT_TAG)
    return tags.plan("application", [tags.Tagged(fleet.row["id"], (fleet.row["slug"],), wanted, actual)])


def _own(row: Record, key: str) -> list[dict[str, Any]]:
    """The tag of a device or application that is meant, if it has it."""
    rows = row["device_tag"] if "device_tag" in row else row["application_tag"]
    return [tag for tag in rows if tag["tag_key"] == key]
