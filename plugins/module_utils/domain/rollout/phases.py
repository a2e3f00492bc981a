# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout in phases: devices download the release while their containers hold the update lock, and switch later."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.plan import Change, Plan, in_order
from ...engine.task import Followed, Progress
from ...engine.waiting import Look, Sight, State
from ...sdk._related import referenced
from ..query import Record
from ..releases import status
from ..waves.division import Wave
from ..waves.gate import Gate
from . import locks, reached, survey, watch
from .options import Want
from .survey import Crew, Fleet

if TYPE_CHECKING:
    from ...sdk import Balena

#: Of an image on a device: it is not all there.
_INCOMPLETE = ("Downloading", "deleted")
_STORAGE = ("storage_usage", "storage_total")
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Phased:
    """What a step of a rollout in phases does beside what every step does.

    :param own: the uuids of the devices that have the release because of the rollout, and were not to switch yet.
    :param changed: the uuids of all that have it because of the rollout.
    :param behind: those that this step is about, with their tags and variables.
    """

    fleet: Fleet
    switches: bool
    own: frozenset[str]
    changed: frozenset[str]
    behind: Sequence[Record]

    @classmethod
    def of(
        cls, want: Want, fleet: Fleet, crew: Crew, members: Sequence[Record], todo: Sequence[Record]
    ) -> Phased | None:
        """The phase of a step; None if it has none.

        :param members: the devices of the wave and of all before it.
        :param todo: those of them that get the release now.
        """
        if want["phase"] is None:
            return None
        known, switches = fleet.memory, want["phase"] == "switch"
        before = known.switching if known else 0
        earlier = {uuid for wave in crew.waves if wave.number <= before for uuid in wave.devices}
        now = {row["uuid"] for row in todo}
        changed = [row for row in members if row["uuid"] in now or reached.is_changed(row, known)]
        behind = [row for row in changed if not survey.runs_it(row, fleet.target["id"])]
        every = frozenset(row["uuid"] for row in changed)
        own = every - earlier
        about = behind if switches else [row for row in behind if row["uuid"] in own]
        return cls(fleet, switches, own, every, about)

    def before(self) -> list[Change]:
        """What lets the locks hold while devices download, or overrides them while they switch."""
        return locks.give(self.behind, self.fleet.row, override=self.switches)

    def after(self, balena: Balena) -> Plan:
        """What is to be done about the locks when the devices were to switch."""
        rows = reached.read_marked(balena, self.fleet, None)
        mine = [row for row in rows if row["uuid"] in self.changed]
        left = [row["uuid"] for row in mine if not survey.runs_it(row, self.fleet.target["id"])]
        return Plan(in_order(locks.settle(mine, self.fleet.row, left)), len(mine))

    def follower(
        self,
        want: Want,
        gate: Gate,
        fleet: Fleet,
        wave: Wave,
        members: Sequence[Record],
        todo: Sequence[Record],
        baseline: Any = None,
    ) -> Callable[[Balena, Outcome, Progress], Followed]:
        """What waits for a wave to have the release on its devices, or to run it (see L(watch.follower))."""
        if self.switches:
            return watch.follower(want, gate, fleet, wave, members, todo, baseline)
        now = {row["uuid"] for row in todo}
        aside = reached.set_aside(members, fleet.memory, now) if want["offline"] == "skip" else []
        asked: Want = {**want, "soak": 0.0, "probe": None}

        def follow(balena: Balena, outcome: Outcome, progress: Progress) -> Followed:
            return _Download(balena, asked, gate, fleet, wave, members, aside, self.own, progress).result()

        return follow


class _Download(watch.Watch):
    """The watch over a wave that downloads the release."""

    verb = "download"

    def __init__(
        self,
        balena: Balena,
        want: Want,
        gate: Gate,
        fleet: Fleet,
        wave: Wave,
        members: Sequence[Record],
        skipped: Sequence[str],
        own: Collection[str],
        progress: Progress,
    ) -> None:
        self.own = own
        self.sizes = _images(balena, fleet.target["id"])
        super().__init__(balena, want, gate, fleet, wave, members, skipped, None, progress)

    def _seen_before(self, rows: Sequence[Record]) -> dict[str, Sight]:
        return {}

    def _looking(self, balena: Balena, ids: Mapping[str, int], application: int) -> Look:
        installs = {
            "$select": ["id", "status", "download_progress", "installs__image"],
            "$filter": {"installs__image": {"$in": sorted(self.sizes)}},
        }
        expand = {"image_install": installs} if self.sizes else None

        def look(uuids: Sequence[str]) -> Mapping[str, Sight]:
            asked = {uuid: ids[uuid] for uuid in uuids}
            columns = (*status.COLUMNS, *_STORAGE)
            rows = status.read_again(balena, asked, [application], columns, expand)
            return {uuid: self._see(row) for uuid, row in rows.items()}

        return look

    def _see(self, row: Record) -> Sight:
        if survey.runs_it(row, self.release):
            if row["uuid"] in self.own:
                return Sight(State.FAILED, "runs it already: its containers do not hold the update lock")
            return Sight(State.DONE)
        if not survey.has_target(row, self.release):
            return Sight(State.FAILED, "it has got another target meanwhile")
        there = self._there(row)
        if there >= self.sizes.keys() and (there or row["update_status"] == "downloaded"):
            return Sight(State.DONE)
        sight = status.see_release(row, self.release, self.want["offline"], self.said.get(row["uuid"]))
        if sight.state is State.PENDING and sight.detail != status.OFFLINE:
            return replace(sight, detail=self._progress(row, there))
        return sight

    @staticmethod
    def _there(row: Record) -> set[int]:
        """The images of the release that are on a device."""
        found = {referenced(item["installs__image"]) for item in _installs(row) if item["status"] not in _INCOMPLETE}
        return {image for image in found if image is not None}

    def _progress(self, row: Record, there: Collection[int]) -> str:
        """What a device is doing, and whether there is room for what is missing."""
        done = [item["download_progress"] or 0 for item in _installs(row) if item["status"] == "Downloading"]
        share = (100 * len(there) + sum(done)) // max(len(self.sizes), 1)
        detail = f"{row['status'] or 'no status yet'}, {share} % downloaded"
        used, total = (row[name] for name in _STORAGE)
        missing = sum(size for image, size in self.sizes.items() if image not in there)
        if used is not None and total and (total - used) * _MEGABYTE < missing:
            return f"no room: {total - used} MB are free, and up to {-(-missing // _MEGABYTE)} MB are needed ({detail})"
        return detail


def _installs(row: Record) -> list[Record]:
    found: list[Record] = row.get("image_install", [])
    return found


def _images(balena: Balena, release: int) -> dict[int, int]:
    """The images of a release by their ids, and their sizes in bytes."""
    options = {
        "$select": ["id"],
        "$expand": {"release_image": {"$select": ["id"], "$expand": {"image": {"$select": ["id", "image_size"]}}}},
    }
    row = balena.pine.get("release", id=release, options=options) or {"release_image": []}
    return {image["id"]: int(image["image_size"] or 0) for part in row["release_image"] for image in part["image"]}
