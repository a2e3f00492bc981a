# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices run at the moment, and whether that is what they should: one look at all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

from ...engine import waiting
from ...engine.apply import Outcome
from ...engine.limits import Limits
from ...engine.task import Followed, Progress
from ...engine.waiting import Sight, State
from ...sdk._chunks import IDS, chunks
from ...sdk._related import referenced, related
from ..device_names import names_of
from ..query import PAGE, Record

if TYPE_CHECKING:
    from ...sdk import Balena

ONLINE_COLUMNS = ("is_online", "api_heartbeat_state")
#: What a device says of its last update, and when it said so.
UPDATE_COLUMNS = ("update_status", "last_update_status_event")
COLUMNS = (*ONLINE_COLUMNS, *UPDATE_COLUMNS, "is_running__release", "should_be_running__release", "status")

#: Its words for an update that it does not go on with.
_GIVEN_UP = ("rejected", "aborted")

#: When the API last noticed that a device came or went.
HEARD_COLUMNS = ("last_connectivity_event", "last_vpn_event")

OFFLINE = "offline"

#: Waits for what the steps of a task bring about.
Wait = Callable[["Balena", Outcome, Progress], Followed]

#: A word of a device about its update, and when it was said.
Word = tuple[Optional[str], Optional[str]]


def read_again(
    balena: Balena,
    ids: Mapping[str, int],
    fleets: Sequence[int],
    select: Sequence[str],
    expand: Mapping[str, Any] | None = None,
) -> dict[str, Record]:
    """The rows of devices that were selected before, by uuid; those that are gone are missing.

    :param ids: uuid and id of each.
    :param fleets: the ids of the applications that the devices belong to. Many devices are read through these.
    """
    reading: dict[str, Any] = {"$select": ["id", "uuid", *select], **({"$expand": dict(expand)} if expand else {})}
    if len(ids) > IDS:
        conditions = [{"belongs_to__application": {"$in": list(piece)}} for piece in chunks(list(fleets))]
    else:
        conditions = [{"id": {"$in": list(ids.values())}}] if ids else []
    rows: list[Record] = []
    for condition in conditions:
        rows += balena.pine.get_all("device", options={**reading, "$filter": condition}, page_size=PAGE)
    return {row["uuid"]: row for row in rows if row["uuid"] in ids}


def is_offline(row: Record) -> bool:
    """Whether neither the VPN nor the API hears of a device (recording 11: either alone makes it reachable)."""
    return not row["is_online"] and row["api_heartbeat_state"] != "online"


def last_heard(row: Record) -> str:
    """When a device last came or went, in words that change when it does so again.

    :param row: with L(HEARD_COLUMNS).
    """
    return max(row[name] or "" for name in HEARD_COLUMNS) or "never"


def update_word(row: Record) -> Word:
    """What a device says of its last update.

    :param row: with L(UPDATE_COLUMNS).
    """
    status, since = (row[name] for name in UPDATE_COLUMNS)
    return status, since


def given_up(row: Record, before: Word | None) -> Sight | None:
    """What a device shows that has given up its update.

    :param row: with L(UPDATE_COLUMNS).
    :param before: what it said before the update: as long as it says the same, that is about an earlier one.
    """
    word = update_word(row)
    return Sight(State.FAILED, f"update {word[0]}") if word[0] in _GIVEN_UP and word != before else None


def see_release(row: Record, target: int | None, policy: str, before: Word | None = None) -> Sight:
    """What a device shows on its way to a release.

    C(overall_status) is not asked: it flaps while a device updates. What counts is the release that it reports.

    :param row: with L(COLUMNS).
    :param target: the release that it was pinned to; None when it follows its application, whatever that says.
    :param policy: C(wait), C(fail), or C(skip), which is like C(wait) here.
    :param before: what it said of its last update (L(update_word)) before it got this target, if that is known.
    """
    running, meant = referenced(row["is_running__release"]), referenced(row["should_be_running__release"])
    if target is not None and meant != target:
        return Sight(State.FAILED, "it has got another target meanwhile")
    if meant is None or running == meant:
        return Sight(State.DONE)
    if is_offline(row):
        return Sight(State.FAILED if policy == "fail" else State.PENDING, OFFLINE)
    return given_up(row, before) or Sight(State.PENDING, row["status"] or "no status yet")


def looking(
    balena: Balena,
    ids: Mapping[str, int],
    fleets: Sequence[int],
    see: Callable[[str, Record], Sight],
    *,
    columns: Sequence[str] = COLUMNS,
) -> Callable[[Sequence[str]], Mapping[str, Sight]]:
    """A look (see L(waiting)) at what devices run, one request for all of them."""

    def look(uuids: Sequence[str]) -> Mapping[str, Sight]:
        rows = read_again(balena, {uuid: ids[uuid] for uuid in uuids}, fleets, columns)
        return {uuid: see(uuid, row) for uuid, row in rows.items()}

    return look


def follower(
    rows: Sequence[Record],
    see: Callable[[str, Record], Sight],
    limits: Limits,
    *,
    columns: Sequence[str] = COLUMNS,
    seen: Mapping[str, Sight] | None = None,
    skipped: Mapping[str, str] | None = None,
) -> Wait:
    """Waits until devices show what they should.

    :param rows: the devices, with their applications.
    :param see: what a device shows, read with C(columns).
    :param seen: what was seen of them before.
    :param skipped: the uuids of those that are not waited for, and why.
    """
    ids = {row["uuid"]: row["id"] for row in rows if row["uuid"] not in (skipped or {})}
    fleets = sorted({home_of(row) for row in rows if row["uuid"] in ids})

    def follow(balena: Balena, outcome: Outcome, progress: Progress) -> Followed:
        look = looking(balena, ids, fleets, see, columns=columns)
        return waiting.follow(
            list(ids), look, limits, progress, things="devices", seen=seen, skipped=skipped, names=names_of(rows)
        )

    return follow


def home_of(row: Record) -> int:
    """The id of the application that a device belongs to, expanded or not."""
    home = row["belongs_to__application"]
    found: int = home["__id"] if isinstance(home, dict) else related(row, "belongs_to__application")["id"]
    return found
