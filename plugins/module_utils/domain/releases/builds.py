# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that the builder makes from an archive of sources, and waiting for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...engine import waiting
from ...engine.apply import Made, Outcome, Writers
from ...engine.limits import Awaiting, Limits
from ...engine.plan import Change, DeclarationError
from ...engine.stored import Secret
from ...engine.task import Followed, Progress
from ...engine.waiting import Sight, State
from ...sdk.models.release import ReleaseModel
from ..query import Record

if TYPE_CHECKING:
    from ...sdk import Balena

#: What a release has as its status while it is being built; every other one but success is a failure.
_RUNNING = ("running", "created", "pending")
_SUCCESS = "success"


_RESOURCE = "release"


def creation(home: Record, url: str, flatten: bool, fields: Mapping[str, Any]) -> Change:
    """What starts a build.

    :param home: the application that gets the release.
    :param url: the address of the source; results show it without what may be secret in it.
    :param fields: the columns to set as soon as the release is there.
    :raises DeclarationError: the address is none of an archive.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DeclarationError("source_url must be the address of an archive, beginning with https:// or http://")
    label = f"{parts.hostname}{parts.path}"
    arguments = {"application": home["id"], "url": Secret(url), "flatten": flatten}
    return Change(
        "create", _RESOURCE, (home["slug"], label), None, {"source_url": label, **fields}, arguments=arguments
    )


def _start(balena: Balena, change: Change, outcome: Outcome) -> Made:
    """Start the build and set the declared columns of its release."""
    fields = {name: value for name, value in (change.after or {}).items() if name != "source_url"}
    how = change.arguments
    id_ = ReleaseModel(balena).create_from_url(how["application"], url=str(how["url"]), should_flatten=how["flatten"])
    if fields:
        balena.pine.patch(_RESOURCE, fields, id=id_)
    return Made(id_)


WRITERS: Writers = {(_RESOURCE, "create"): _start}


def made(create: Change, outcome: Outcome) -> int:
    """The id of the release whose build has begun."""
    return outcome.made[create.resource, create.key].id or 0


def follower(
    want: Awaiting,
    get_id: Callable[[Outcome], int],
    status: str | None,
    read: Callable[[Balena, Outcome], Mapping[str, Any]],
    *,
    named: Any = None,
) -> Callable[[Balena, Outcome, Progress], Followed] | None:
    """Waits for a release to be built, if that is wanted.

    :param status: its status if it is known; nothing is waited for when that is success.
    :param read: reads the result of the task again, which the build has changed.
    :param named: the version that the release should get.
    """
    limits = Limits.of({**want, "success_percentage": 100.0, "max_failures": None, "patience": 0.0})
    if not want["wait"] or status == _SUCCESS:
        return None

    def follow(balena: Balena, outcome: Outcome, progress: Progress) -> Followed:
        id_ = get_id(outcome)
        last: dict[str, Any] = {}

        def look(keys: Sequence[str]) -> Mapping[str, Sight]:
            row = balena.pine.get("release", id=id_, options={"$select": ["id", "status", "commit", "raw_version"]})
            last.update(row or {})
            return {key: _sight(row["status"]) for key in keys} if row else {}

        # The status of a release never goes back, so that one look is enough.
        waited = waiting.wait_for([str(id_)], look, limits, progress, looks=1, things="build")
        problem = waited.problem
        if not problem and named is not None and last["raw_version"] != named:
            problem = f"The source made release {last['raw_version']}, not {named}; its balena.yml says the version"
        built = {"status": last.get("status"), "version": last.get("raw_version")}
        return Followed({"built": built, **(read(balena, outcome) if last else {})}, problem)

    return follow


def _sight(status: str) -> Sight:
    if status == _SUCCESS:
        return Sight(State.DONE)
    return Sight(State.PENDING if status in _RUNNING else State.FAILED, f"its status is '{status}'")
