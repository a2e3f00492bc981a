# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a rollout ends: finished, and forgotten; or rolled back, each device to its own former target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.limits import Limits
from ...engine.plan import Change, DeclarationError, NamedId, Plan, in_order
from ...engine.task import Task
from ...engine.wording import called, counted, listed
from ..query import PAGE, Record
from ..releases import pins, status
from ..releases.names import label
from . import afterwards, back, lock, memory, past, reached, survey
from .options import Want
from .survey import Crew, Fleet

if TYPE_CHECKING:
    from ...sdk import Balena


#: What becomes of the targets at the end: devices stay pinned, or the application itself gets the release.
KEEP_PINS, PIN_FLEET = "keep_pins", "pin_fleet"
#: The second if it reaches nobody else, otherwise the first.
AUTO = "auto"

_NAMED = 3


def finish(balena: Balena, want: Want) -> Task:
    """What has to change when all waves are done.

    :param want: the options of the module balena_rollout.
    :raises DeclarationError: they are not; or the application would give the release to devices that have no part.
    """
    fleet = survey.read_fleet(balena, want, want["release"])
    survey.refuse_other_rollout(want, fleet.memory)
    crew = survey.read_crew(balena, want, diagnosed=want["diagnosis"] is not None)
    survey.refuse_other_selection(want, fleet.memory)
    _refuse_incomplete(fleet, crew)
    end = chosen(balena, want, fleet, crew) if _has_to_choose(want, fleet) else KEEP_PINS
    marked = reached.read_marked(balena, fleet, want["keep_out_tag"])
    changes: list[Change] = []
    if end == PIN_FLEET:
        changes += pins.application_changes(fleet.row, fleet.target)
        changes += _unpin_followers(fleet, marked)
    changes += _kept_of_it(want, fleet, marked, moved=end == PIN_FLEET)
    changes += lock.write(fleet, lock.remembered(fleet), None)
    named = NamedId(fleet.target["id"], label(fleet.target))
    result = {
        "devices": [survey.shown(crew.rows[uuid], named) for wave in crew.waves for uuid in wave.devices],
        "release": pins.shown(fleet.target),
        "finish": end,
    }
    planned = Plan(in_order(changes), len(crew.rows), result, fleet.warnings)
    work = fleet.memory.run if fleet.memory else None
    return Task(planned, lock.WRITERS, homes=(fleet.row["id"],), work=work)


def _has_to_choose(want: Want, fleet: Fleet) -> bool:
    """Whether targets may be left to settle. Of a rollout that is over, nothing is, unless it is asked for by name."""
    return want["finish"] != AUTO or fleet.memory is not None


def _kept_of_it(want: Want, fleet: Fleet, marked: Sequence[Record], *, moved: bool) -> list[Change]:
    """What is written down for whoever wants to roll it back later, and the tags that are not needed for that."""
    known = fleet.memory
    if known is None:
        return [] if fleet.ended else reached.unmark(marked)
    if want["undo_within"] <= 0:
        return [*reached.unmark(marked), *past.write(fleet.row, None)]
    kept = past.kept_marks(marked, known, moved)
    ended = past.Ended.of(known, fleet.row, moved=moved)
    return [*reached.unmark(marked, kept), *past.write(fleet.row, ended)]


def _refuse_incomplete(fleet: Fleet, crew: Crew) -> None:
    known = fleet.memory
    left = [
        uuid for w in crew.waves for uuid in w.devices if not survey.has_target(crew.rows[uuid], fleet.target["id"])
    ]
    if left or (known is not None and known.rolling_back):
        why = "it is being rolled back"
        if left:
            why = counted(len(left), "of its devices does", "of its devices do") + " not have the release yet"
        raise DeclarationError(f"the rollout of release {fleet.target['raw_version']} cannot be finished: {why}")


def chosen(balena: Balena, want: Want, fleet: Fleet, crew: Crew) -> str:
    """What becomes of the targets at the end, C(keep_pins) or C(pin_fleet).

    :param want: its C(finish) is one of these, or C(auto) for what suits the part that the fleet has in the rollout.
    :raises DeclarationError: C(pin_fleet) would give the release to devices that have no part in it; names some.
    """
    is_auto = want["finish"] == AUTO
    if want["finish"] == KEEP_PINS or (is_auto and fleet.row["should_track_latest_release"]):
        return KEEP_PINS
    outsiders = _outsiders(balena, fleet, crew)
    if outsiders and not is_auto:
        named = listed([called(row["uuid"], row["device_name"]) for row in outsiders], _NAMED)
        raise DeclarationError(
            f"finish: {PIN_FLEET} would give the release also to devices that follow the application and have no part "
            f"in the rollout: {named}. Pin them on a release of their own first, or say finish: keep_pins"
        )
    return KEEP_PINS if outsiders else PIN_FLEET


def _outsiders(balena: Balena, fleet: Fleet, crew: Crew) -> list[Record]:
    """The devices without part in the rollout that would get the release with the application."""
    options = {
        "$select": ["id", "uuid", "device_name", *status.COLUMNS],
        "$filter": {"belongs_to__application": fleet.row["id"], "is_pinned_on__release": None},
    }
    part = {uuid for wave in crew.waves for uuid in wave.devices}
    return [
        row
        for row in balena.pine.get_all("device", options=options, page_size=PAGE)
        if row["uuid"] not in part and not survey.has_target(row, fleet.target["id"])
    ]


def _unpin_followers(fleet: Fleet, marked: Sequence[Record]) -> list[Change]:
    """Let those follow the application again that did before."""
    if fleet.memory is None:
        return []
    former = reached.formers(marked, fleet.memory)
    rows = [row for row in marked if former.get(row["uuid"], fleet.target["id"]) is None]
    return pins.pin_changes(rows, {row["uuid"]: None for row in rows})


def roll_back(balena: Balena, want: Want) -> Plan | Task:
    """What gives each device that was changed its own former target; nothing, when there is nothing to undo.

    :param want: the options of the module balena_rollout.
    :raises DeclarationError: no rollout is under way, and the release is in use: what there was before is not known.
    """
    limits = Limits.of(want)
    fleet = survey.read_fleet(balena, want, want["release"], usable=False)
    survey.refuse_other_rollout(want, fleet.memory)
    known = fleet.memory
    if known is None and fleet.ended is not None and fleet.ended.release == fleet.target["id"]:
        return afterwards.roll_back(balena, want, fleet, fleet.ended)
    if known is None:
        _refuse_unknown(balena, fleet)
        return Plan(result={"devices": [], "release": pins.shown(fleet.target), "rollout": None})
    marked = reached.read_marked(balena, fleet, known.kept_out)
    # As long as tags are missing, no device has been changed.
    former = {} if known.marking else reached.formers(marked, known)
    names = back.labels(balena, former.values())
    rows = [row for row in marked if row["uuid"] in former]
    given = {uuid: NamedId(id_, names[id_]) if id_ is not None else None for uuid, id_ in former.items()}
    given_up = replace(known, rolling_back=True)
    changes = [
        # Whoever finds this after an interruption goes on with it, and not with the rollout.
        *lock.write(fleet, lock.remembered(fleet), given_up),
        *pins.pin_changes(rows, given),
        *reached.unmark(marked),
        *lock.write(fleet, given_up, None),
    ]
    result = {
        "devices": [survey.shown(row, given[row["uuid"]]) for row in rows],
        "release": pins.shown(fleet.target),
        "rollout": memory.shown(given_up),
    }
    follow = back.follower(want, limits, fleet, rows, former) if want["wait"] else None
    planned = Plan(in_order(changes), len(marked), result, fleet.warnings)
    return Task(planned, lock.WRITERS, wait=follow, homes=(fleet.row["id"],))


def _refuse_unknown(balena: Balena, fleet: Fleet) -> None:
    """Refuse to undo what is not remembered, such as a rollout that has finished.

    :raises DeclarationError: the release is in use.
    """
    version, pinned = fleet.target["raw_version"], pins.pinned_on(balena, fleet.row, fleet.target)
    follows = any(row["id"] == fleet.target["id"] for row in fleet.row["should_be_running__release"])
    if not (pinned or follows):
        return
    users = [counted(pinned, "device is pinned on it", "devices are pinned on it")] if pinned else []
    users += [f"{fleet.row['slug']} itself has it as its target"] if follows else []
    raise DeclarationError(
        f"no rollout of release {version} is under way, so there is nothing to roll back, but {' and '.join(users)}. A "
        "rollout is forgotten, with what the devices had before, when another one begins, and at its end with "
        "undo_within: 0. To bring them to another release, roll that one out, or pin them on it (balena_release_pin)"
    )
