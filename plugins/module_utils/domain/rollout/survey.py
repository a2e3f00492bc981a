# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a rollout stands, as the API knows it: its release, its devices in waves, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ...engine.plan import DeclarationError, NamedId
from ..diagnosis import metrics
from ..options import needed
from ..query import Record
from ..releases import pins, status
from ..releases.find import find, find_in_each, of_application
from ..releases.names import ReleaseName, read_name
from ..selector import need_application, select_devices
from ..tag_conditions import has_tags
from ..waves.division import Idle, Wave, divide, idle
from . import locks, memory, past
from .memory import FORMER_TAG, HEALTH_TAG, LOCK_TAG, ROLLOUT_TAG, Memory
from .options import Surveyed, Want

if TYPE_CHECKING:
    from ...sdk import Balena

#: Options that say which devices take part, and in which order. A rollout under way keeps them.
_SELECTION: Final = ("devices", "with_tags", "has_tags", "filter", "limit", "keep_out_tag", "seed")

#: Options that say how the devices are divided. With other ones, a rollout under way begins again with its first wave.
_DIVISION: Final = ("waves", "canary")


@dataclass(frozen=True)
class Fleet:
    """The application of a rollout, the release, and what is remembered; read in one request.

    :param row: the application with its present target.
    :param target: the release that is rolled out.
    :param memory: what is remembered of the rollout that is under way, if one is.
    :param ended: what is kept of the one that has finished last, if none has begun since.
    """

    row: Record
    target: Record
    memory: Memory | None
    ended: past.Ended | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Crew:
    """The devices that take part, by uuid, in waves.

    :param kept_out: those that the options select and a tag keeps out.
    :param idle: the declared waves that add no device.
    """

    rows: Mapping[str, Record]
    waves: Sequence[Wave]
    kept_out: Sequence[Record]
    idle: Sequence[Idle] = ()

    def upto(self, wave: Wave) -> list[Record]:
        """The devices of a wave and of all before it."""
        return [self.rows[uuid] for each in self.waves if each.number <= wave.number for uuid in each.devices]


def tagged(*keys: str) -> dict[str, Any]:
    """What to read of the tags of a device or an application: those of some keys, as L(memory.tag_of) wants them."""
    return {"$select": ["id", "tag_key", "value"], "$filter": {"tag_key": {"$in": list(keys)}}}


def read_fleet(balena: Balena, want: Surveyed, release: Any, *, usable: bool = True, locked: bool = False) -> Fleet:
    """The application, the release and the memory.

    :param release: what the task calls the release.
    :param usable: whether the release has to be one that devices should run.
    :param locked: whether what overrides update locks is read.
    :raises DeclarationError: one of them does not exist; the release cannot be run; another rollout is under way.
    """
    wanted = read_name(release)
    if wanted.kind == "track":
        raise DeclarationError("release 'track' is not a release that could be rolled out")
    home = need_application(
        balena,
        needed(want["application"]),
        select=("should_track_latest_release",),
        expand={
            "should_be_running__release": pins.RELEASE,
            "owns__release": wanted.reading(),
            "application_tag": tagged(ROLLOUT_TAG, past.ENDED_TAG),
            **({"application_config_variable": locks.READ} if locked else {}),
        },
    )
    known = memory.recall(memory.tag_of(home, ROLLOUT_TAG))
    ended = past.recall(home)
    # What is taken back is what was rolled out, though C(latest) may mean a newer one by now.
    kept = known or (None if usable or ended is None else ended.memory())
    target, warnings = _target(balena, wanted, home, kept, under_way=known is not None)
    if usable:
        pins.check_release(target, home["slug"], allow_invalidated=want["allow_invalidated"])
    return Fleet(home, target, known, ended, warnings)


def _target(
    balena: Balena, wanted: ReleaseName, home: Record, known: Memory | None, *, under_way: bool
) -> tuple[Record, tuple[str, ...]]:
    """The release that is meant. A rollout under way keeps its own, though C(latest) may mean a newer one by now.

    :param under_way: whether the rollout that is known is under way; else it has finished.
    """
    where = of_application(home["slug"])
    found = wanted.choose(home["owns__release"], where)
    open_name = wanted.kind in ("latest", "range")
    if known is not None and (under_way or open_name) and (found is None or found["id"] != known.release):
        if not open_name:
            raise DeclarationError(
                f"a rollout of release {known.version}{where} is under way since {known.started}: "
                f"go on with that release, roll it back, or finish it, before another one begins"
            )
        newer = f" '{wanted.text}' means {found['raw_version']} by now." if found else ""
        kept = find(balena, known.release, home["id"])
        if not under_way:
            return kept, ()
        return kept, (f"Going on with release {known.version}, whose rollout is under way.{newer}",)
    if found is None:
        return find_in_each(balena, wanted, {home["id"]: home["slug"]})[home["id"]], ()
    return found, ()


def read_crew(balena: Balena, want: Surveyed, *, diagnosed: bool = False, locked: bool = False) -> Crew:
    """The devices and their waves, in one request.

    :param diagnosed: whether all is read that their health is judged by.
    :param locked: whether what overrides their update locks is read.
    :raises DeclarationError: no device is selected, none is a canary, or the waves make no sense.
    """
    canary, keep_out = want["canary"], want["keep_out_tag"]
    keys = [FORMER_TAG, HEALTH_TAG, LOCK_TAG, *(canary or ()), *([keep_out] if keep_out else ())]
    rows = select_devices(
        balena,
        want,
        select=metrics.COLUMNS if diagnosed else (*status.COLUMNS, *status.HEARD_COLUMNS),
        expand={
            **(metrics.EXPANSIONS if diagnosed else {}),
            "is_pinned_on__release": pins.RELEASE,
            "device_tag": tagged(*keys),
            **(locks.OF_DEVICES if locked else {}),
        },
    )
    kept_out = [row for row in rows if keep_out and memory.tag_of(row, keep_out) is not None]
    out = {row["uuid"] for row in kept_out}
    members = {row["uuid"]: row for row in rows if row["uuid"] not in out}
    canaries = None
    if canary:
        canaries = [uuid for uuid, row in members.items() if has_tags(_tags(row), canary)]
        if not canaries and not want["allow_empty"]:
            raise DeclarationError("canary selects none of the devices; say allow_empty: true if that can be")
    waves = divide(members, want["waves"], canaries=canaries, seed=want["seed"])
    unused = idle(len(members), want["waves"], None if canaries is None else len(canaries))
    return Crew(members, waves, kept_out, unused)


def _tags(row: Record) -> dict[str, str]:
    return {tag["tag_key"]: tag["value"] for tag in row["device_tag"]}


def refuse_other_selection(want: Surveyed, known: Memory | None) -> None:
    """A rollout goes on with the devices that it began with.

    :raises DeclarationError: other options select the devices now.
    """
    if known is not None and known.selection != selection_of(want, known.run):
        raise DeclarationError(
            f"a rollout of release {known.version} is under way since {known.started}, begun with other values of "
            f"{', '.join(_SELECTION)}: go on with those, roll it back, or finish it"
        )


def refuse_other_rollout(want: Want, known: Memory | None) -> None:
    """The steps of one run are those of one rollout.

    Otherwise a run whose rollout was rolled back by another one, or finished, would begin it anew, at a late wave.

    :raises DeclarationError: the rollout that the option names is not under way, or no longer.
    """
    named = want["rollout"]
    if named and (known is None or known.run != named):
        instead = f"; that of release {known.version} is under way since {known.started}" if known else ""
        raise DeclarationError(
            f"rollout {named} is not under way{instead}. It was ended meanwhile, by another run or by hand, so nothing "
            "was done. Run it again to see where things stand"
        )


def selection_of(want: Surveyed, run: str) -> str:
    """What identifies the devices of a rollout, within that rollout."""
    # What is not given leaves no trace where it did not exist when the rollout began.
    given = {name: want[name] for name in _SELECTION if name != "has_tags" or want[name]}
    return memory.selection_id(given, run)


def division_of(want: Surveyed, run: str) -> str:
    """What identifies how they are divided into waves, within that rollout."""
    return memory.selection_id({name: want[name] for name in _DIVISION}, run)


def shown(row: Record, target: NamedId | None) -> dict[str, Any]:
    """A device and its target as results show it; without a pin that is what its application says."""
    return {"uuid": row["uuid"], "name": row["device_name"], "target": target.label if target else "application"}


def has_target(row: Record, release: int) -> bool:
    """Whether a device is meant to run a release, by a pin of its own or through its application."""
    meant = row["should_be_running__release"]
    return bool(meant) and meant["__id"] == release


def runs_it(row: Record, release: int) -> bool:
    """Whether a device runs the release that it is meant to run, as far as it has told."""
    present = row["is_running__release"]
    return has_target(row, release) and bool(present) and present["__id"] == release


def next_wave(crew: Crew, fleet: Fleet, want: Surveyed) -> Wave | None:
    """The wave that is to be done now: the one that was begun last, or the first that has devices to change.

    :returns: None when all devices of all waves have the release and no rollout is under way.
    """
    known = fleet.memory
    if known is not None:
        begun = known.wave if known.waves == division_of(want, known.run) else 1
        return next((wave for wave in crew.waves if wave.number >= begun), crew.waves[-1] if crew.waves else None)
    release = fleet.target["id"]
    missing = (w for w in crew.waves if not all(has_target(crew.rows[uuid], release) for uuid in w.devices))
    return next(missing, None)
