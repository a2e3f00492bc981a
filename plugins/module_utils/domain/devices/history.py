# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened to devices: made of the rows of the API's history, each of which says what a device was for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...sdk._chunks import chunks
from ...sdk._related import referenced, related_or_none
from ..query import Record
from ..rows import read_rows

if TYPE_CHECKING:
    from ...sdk import Balena

_RELEASE = {"$select": ["id", "commit", "raw_version"]}
#: How the rows are read.
SELECT = (
    "id", "uuid", "created_at", "end_timestamp", "is_created_by__actor", "is_ended_by__actor", "tracks__actor",
    "os_version", "os_variant", "supervisor_version",
)  # fmt: skip
EXPAND: dict[str, Any] = {
    "tracks__device": {"$select": ["id", "device_name"]},
    "belongs_to__application": {"$select": ["id", "slug"]},
    "is_of__device_type": {"$select": ["id", "slug"]},
    "is_running__release": _RELEASE,
    "should_be_running__release": _RELEASE,
    "should_be_managed_by__release": _RELEASE,
}


def _slug(relation: str) -> Callable[[Record], str | None]:
    return lambda row: (related_or_none(row, relation) or {}).get("slug")


def _version(relation: str) -> Callable[[Record], str | None]:
    def version(row: Record) -> str | None:
        release = related_or_none(row, relation) or {}
        return release.get("raw_version") or release.get("commit")

    return version


#: What is told of a device, by the names that other modules have for it.
_FACTS: dict[str, Callable[[Record], str | None]] = {
    "application": _slug("belongs_to__application"),
    "target_release": _version("should_be_running__release"),
    "release": _version("is_running__release"),
    "target_supervisor": _version("should_be_managed_by__release"),
    "supervisor_version": lambda row: row["supervisor_version"],
    "os_version": lambda row: row["os_version"],
    "os_variant": lambda row: row["os_variant"],
    "device_type": _slug("is_of__device_type"),
}


@dataclass(frozen=True)
class Event:
    """Something that happened to a device.

    :param actor: the id of who did it; None if the API does not say.
    :param what: C(registered), C(changed) or C(removed).
    :param applications: the ids of the applications that it is about: where the device was, and where it then is.
    """

    uuid: str
    name: str | None
    at: str
    actor: int | None
    what: str
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    applications: frozenset[int] = field(default_factory=frozenset)


def events(rows: Iterable[Record]) -> list[Event]:
    """What happened, in the order of time.

    :param rows: rows of the history, read as L(SELECT) and L(EXPAND) say; of each device without gaps.
    """
    lives: dict[Any, list[Record]] = {}
    for row in sorted({row["id"]: row for row in rows}.values(), key=lambda row: (row["created_at"], row["id"])):
        # Not by the uuid: another device can get that of one that was removed.
        lives.setdefault(referenced(row["tracks__actor"]) or row["uuid"], []).append(row)
    found = [event for life in lives.values() for event in _of_one(life)]
    return sorted(found, key=lambda event: (event.at, event.uuid))


def _of_one(rows: Sequence[Record]) -> Iterator[Event]:
    """What happened to one device, of which these are the rows in the order of time."""
    last = rows[-1]
    name = (related_or_none(last, "tracks__device") or {}).get("device_name")
    for before, after in zip([None, *rows[:-1]], rows, strict=True):
        old, new = _facts(before) if before else {}, _facts(after)
        changed = [fact for fact in new if old.get(fact) != new[fact]]
        if changed or before is None:
            yield Event(
                after["uuid"],
                name,
                after["created_at"],
                referenced(after["is_created_by__actor"]),
                "changed" if before else "registered",
                {fact: old[fact] for fact in changed} if before else {},
                {fact: new[fact] for fact in changed},
                _applications(before, after),
            )
    if is_over(last):
        by = referenced(last["is_ended_by__actor"])
        yield Event(last["uuid"], name, last["end_timestamp"], by, "removed", _facts(last), {}, _applications(last))


def is_over(row: Record) -> bool:
    """Whether a device's last row says that it is not there any more."""
    return bool(row["end_timestamp"]) and related_or_none(row, "tracks__device") is None


def _facts(row: Record) -> dict[str, str | None]:
    return {fact: read(row) for fact, read in _FACTS.items()}


def _applications(*rows: Record | None) -> frozenset[int]:
    homes = (related_or_none(row, "belongs_to__application") for row in rows if row)
    return frozenset(home["id"] for home in homes if home)


class Actors:
    """Who the ids of actors are."""

    def __init__(self, balena: Balena, ids: Iterable[int], rows: Iterable[Record]) -> None:
        """Look them up, in two requests for each 200 that are not devices of the history.

        :param rows: rows of the history, which say who its own devices are.
        """
        devices = {referenced(row["tracks__actor"]): row["uuid"] for row in rows if row["tracks__actor"]}
        self._known: dict[int, tuple[str, str]] = {id_: ("device", uuid) for id_, uuid in devices.items()}
        for resource, name in (("user", "username"), ("application", "slug")):
            for piece in chunks(sorted(set(ids) - self._known.keys())):
                found = read_rows(balena, resource, {"actor": {"$in": list(piece)}}, select=["id", "actor", name])
                self._known |= {referenced(row["actor"]): (resource, row[name]) for row in found}

    def describe(self, id_: int | None) -> dict[str, Any] | None:
        """An actor as tasks return it; None if the API does not say who it was."""
        if id_ is None:
            return None
        kind, name = self._known.get(id_, (None, None))
        return {"id": id_, "type": kind, "name": name}
