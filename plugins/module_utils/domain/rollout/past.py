# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout that has finished: what is kept of it for a while in the API, so that it can still be rolled back.

The application has a tag that says what most devices had before, and what it had itself. The devices that had something
else keep their own tags.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from ...engine import dates
from ...engine.plan import Change, DeclarationError
from ...engine.wording import counted
from ..query import Record
from ..tags.compare import Tagged, compare_tags
from . import memory
from .memory import Memory

#: The tag of an application that says which rollout has finished last.
ENDED_TAG = "ansible_rollout_ended"


@dataclass(frozen=True)
class Ended:
    """What is known of a rollout that has finished.

    :param ended: when, in ISO 8601.
    :param former: the former target of devices that have no tag of their own, see L(Memory).
    :param moved: whether the application got the release.
    :param fleet: the release that the application had before, if it was moved and had one.
    :param track: whether the application tracked its latest release before.
    """

    release: int
    version: str
    started: str
    ended: str
    run: str
    selection: str
    former: int | None = None
    kept_out: str | None = None
    moved: bool = False
    fleet: int | None = None
    track: bool = False

    @classmethod
    def of(cls, known: Memory, home: Record, *, moved: bool) -> Ended:
        """What is kept of a rollout that ends now.

        :param home: the application as it is before its target changes.
        :param moved: whether it gets the release.
        """
        target = home["should_be_running__release"]
        return cls(
            known.release,
            known.version,
            known.started,
            dates.as_stored(dates.now()),
            known.run,
            known.selection,
            known.former,
            known.kept_out,
            moved,
            target[0]["id"] if moved and target else None,
            moved and bool(home["should_track_latest_release"]),
        )

    def memory(self) -> Memory:
        """The same as what is remembered of a rollout under way."""
        return Memory(
            self.release, self.version, self.started, self.former, 0, "", self.selection, self.kept_out, run=self.run
        )

    def as_tag(self) -> str:
        """The value of the tag."""
        known = {name: value for name, value in asdict(self).items() if value not in (None, False)}
        return json.dumps(known, separators=(",", ":"), ensure_ascii=False)


def recall(home: Record) -> Ended | None:
    """What the application's tag says; None if there is none.

    :raises DeclarationError: somebody wrote something else into it.
    """
    value = memory.tag_of(home, ENDED_TAG)
    if value is None:
        return None
    try:
        said = json.loads(value)
        found = Ended(**{item.name: said[item.name] for item in fields(Ended) if item.name in said})
        if dates.read(found.ended) is None:
            raise ValueError(found.ended)
    except (ValueError, TypeError) as error:
        raise DeclarationError(
            f"the application's tag {ENDED_TAG} cannot be understood, so it is not known what the rollout that has "
            f"finished had changed: '{value[:80]}'. Remove it to forget that rollout"
        ) from error
    return found


def write(home: Record, ended: Ended | None) -> list[Change]:
    """What writes, rewrites or removes the tag."""
    rows = [row for row in home["application_tag"] if row["tag_key"] == ENDED_TAG]
    wanted = {ENDED_TAG: None if ended is None else ended.as_tag()}
    return compare_tags("application", [Tagged(home["id"], (home["slug"],), wanted, rows)])


def refuse_too_late(ended: Ended, within: float) -> None:
    """Refuse to roll back what has finished long ago.

    :param within: after how many days that is.
    :raises DeclarationError: says when it has finished.
    """
    then = dates.read(ended.ended)
    if then is None or within <= 0 or dates.now() - then > datetime.timedelta(days=within):
        raise DeclarationError(
            f"the rollout of release {ended.version} has finished at {ended.ended}, and is not rolled back any more: "
            f"undo_within allows that for {counted(within, 'day')}. To bring the devices to another release, roll that "
            "one out, or allow more days"
        )


def kept_marks(rows: Iterable[Record], known: Memory, moved: bool) -> set[str]:
    """The uuids of the devices whose tags are still needed when the rollout has finished.

    :param rows: as L(reached.read_marked) reads them.
    :param moved: whether the application gets the release, so that devices follow it again that did before.
    """
    found = set()
    for row in rows:
        tag, pin = memory.tag_of(row, memory.FORMER_TAG), row["is_pinned_on__release"]
        if tag is not None and pin and pin[0]["id"] == known.release:
            former = memory.mark_of(tag, known).former
            if former != known.former and not (moved and former is None):
                found.add(row["uuid"])
    return found
