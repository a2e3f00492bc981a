# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roll back a rollout that has finished: what is still as it has left it gets what it had before."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from ...engine import dates
from ...engine.inverse import CHANGED, Left, warnings
from ...engine.limits import Limits
from ...engine.plan import Change, NamedId, Plan, Row, compare, in_order
from ...engine.task import Task
from ...engine.visible import one_line
from ...engine.wording import called
from ..device_names import named_uuid
from ..query import Record
from ..releases import pins, status
from ..selector import select_devices
from . import back, lock, memory, past, reached, survey
from .options import Want
from .past import Ended
from .survey import Fleet

if TYPE_CHECKING:
    from ...sdk import Balena


def roll_back(balena: Balena, want: Want, fleet: Fleet, ended: Ended) -> Task:
    """What gives the application and each device that was changed its former target, if it still has the release.

    :param want: the options of the module balena_rollout.
    :raises DeclarationError: it has finished too long ago.
    """
    limits = Limits.of(want)
    past.refuse_too_late(ended, want["undo_within"])
    known = ended.memory()
    marked = reached.read_marked(balena, fleet, ended.kept_out)
    former = reached.formers(marked, known)
    # Who followed the application does so again since the end; who is pinned on the release now was pinned by others.
    foreign = {uuid for uuid, target in former.items() if ended.moved and target is None}
    former = {uuid: target for uuid, target in former.items() if uuid not in foreign}
    names = back.labels(balena, [*former.values(), ended.fleet])
    given = {uuid: None if target is None else NamedId(target, names[target]) for uuid, target in former.items()}
    rows = [row for row in marked if row["uuid"] in former]
    moving, left = _application(fleet, ended, names)
    crew = _crew(balena, want, fleet, ended)
    left += [_left(row, fleet, ended) for row in crew if _is_changed(row, ended, former)]
    followers = [row for row in crew if moving and not row["is_pinned_on__release"]]
    changes = [
        *pins.pin_changes(rows, given),
        *moving,
        *reached.unmark(marked),
        *past.write(fleet.row, None),
    ]
    result = {
        "devices": [survey.shown(row, given.get(row["uuid"])) for row in [*rows, *followers]],
        "release": pins.shown(fleet.target),
        "rollout": memory.shown(known),
        "left_alone": [one.shown() for one in left],
    }
    follow = None
    if want["wait"]:
        targets = {**dict.fromkeys((row["uuid"] for row in followers), ended.fleet), **former}
        follow = back.follower(want, limits, fleet, [*rows, *followers], targets)
    planned = Plan(in_order(changes), max(len(marked), len(crew), 1), result, (*fleet.warnings, *warnings(left)))
    return Task(planned, lock.WRITERS, wait=follow, homes=(fleet.row["id"],))


def _application(fleet: Fleet, ended: Ended, names: Mapping[int, str]) -> tuple[list[Change], list[Left]]:
    """What gives the application its former target, or why it is left."""
    if not ended.moved:
        return [], []
    home, key = fleet.row, (fleet.row["slug"],)
    target = home["should_be_running__release"]
    if not target or target[0]["id"] != ended.release or home["should_track_latest_release"]:
        now = "its latest release" if home["should_track_latest_release"] else _version(target)
        was = f"was set to {ended.version} by the rollout"
        sentence = f"fleet {home['slug']}: its release is {now} now, {was}: left alone"
        return [], [Left("application", key, CHANGED, sentence)]
    before = {
        "should_be_running__release": None if ended.fleet is None else NamedId(ended.fleet, names[ended.fleet]),
        "should_track_latest_release": ended.track,
    }
    present = {
        "should_be_running__release": NamedId(target[0]["id"], _version(target)),
        "should_track_latest_release": False,
    }
    return compare("application", [Row(key, before)], [Row(key, present, {}, home["id"])]), []


def _version(target: Sequence[Record]) -> str:
    return target[0]["raw_version"] if target else "none"


def _crew(balena: Balena, want: Want, fleet: Fleet, ended: Ended) -> list[Record]:
    """The devices that had a part in it, as far as the options still select those."""
    if survey.selection_of(want, ended.run) != ended.selection:
        return []
    keep_out = [ended.kept_out] if ended.kept_out else []
    rows = select_devices(
        balena,
        cast(Want, {**want, "allow_empty": True}),
        select=(*status.COLUMNS, "created_at"),
        expand={"is_pinned_on__release": pins.RELEASE, "device_tag": survey.tagged(*keep_out, memory.FORMER_TAG)},
    )
    end = _end(balena, fleet)
    return [
        row
        for row in rows
        if not (ended.kept_out and memory.tag_of(row, ended.kept_out) is not None)
        and not ((made := dates.read(row["created_at"])) and end and made > end)
    ]


def _end(balena: Balena, fleet: Fleet) -> datetime.datetime | None:
    """When the rollout has finished, by the server's clock, by which devices were made too."""
    where = {"application": fleet.row["id"], "tag_key": past.ENDED_TAG}
    rows = balena.pine.get("application_tag", options={"$select": ["id", "created_at"], "$filter": where})
    return dates.read(rows[0]["created_at"]) if rows else None


def _is_changed(row: Record, ended: Ended, former: Collection[str]) -> bool:
    """Whether somebody has changed the target of a device since the rollout has finished."""
    pin = reached.pin_of(row)
    if row["uuid"] in former or pin == reached.mark_of(row, ended.memory()).former:
        return False
    if pin is None:
        # It followed the application all the time, if that has the release; or does so again.
        own = memory.tag_of(row, memory.FORMER_TAG)
        return own is not None if ended.moved else not survey.has_target(row, ended.release)
    if pin == ended.release:
        return ended.moved and ended.former is None and memory.tag_of(row, memory.FORMER_TAG) is None
    return True


def _left(row: Record, fleet: Fleet, ended: Ended) -> Left:
    pin = row["is_pinned_on__release"]
    now = f"pinned on {_version(pin)}" if pin else "following its fleet"
    where = f"fleet {fleet.row['slug']}, device {called(row['uuid'], row['device_name'])}"
    sentence = f"{where}: it is {now} now, was brought to {ended.version} by the rollout: left alone"
    return Left("device", (named_uuid(row),), CHANGED, one_line(sentence))
