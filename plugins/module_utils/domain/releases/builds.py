# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that the builder makes from an archive of sources, and waiting for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...engine import waiting
from ...engine.limits import Limits
from ...engine.plan import Change, DeclarationError, Followed, Progress
from ...engine.waiting import Sight, State
from ...sdk.models.release import ReleaseModel

if TYPE_CHECKING:
    from ...sdk import Balena

#: What a release has as its status while it is being built; every other one but success is a failure.
_RUNNING = ("running", "created", "pending")
_SUCCESS = "success"


class Build:
    """A build that the plan starts.

    :param application: the id of the application that gets the release.
    :param fields: the columns to set as soon as the release is there.
    """

    def __init__(self, application: int, url: str, flatten: bool, fields: Mapping[str, Any]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DeclarationError("source_url must be the address of an archive, beginning with https:// or http://")
        self.fields = dict(fields)
        self._application, self._url, self._flatten = application, url, flatten
        self._made: int | None = None
        #: The address without what may be secret in it.
        self.label = f"{parts.hostname}{parts.path}"

    def made(self) -> int:
        """The id of the release, once the build has begun."""
        if self._made is None:
            raise DeclarationError("the build has not begun")
        return self._made

    def start(self, balena: Balena, change: Change) -> int:
        """Start the build and set the declared columns of its release; the writer of the plan."""
        self._made = ReleaseModel(balena).create_from_url(
            self._application, url=self._url, should_flatten=self._flatten
        )
        if self.fields:
            balena.pine.patch("release", self.fields, id=self._made)
        return self._made


def follower(
    want: Mapping[str, Any],
    get_id: Callable[[], int],
    status: str | None,
    read: Callable[[Balena], Mapping[str, Any]],
    *,
    named: Any = None,
) -> Callable[[Balena, Progress], Followed] | None:
    """Waits for a release to be built, if that is wanted.

    :param status: its status if it is known; nothing is waited for when that is success.
    :param read: reads the result of the task again, which the build has changed.
    :param named: the version that the release should get.
    """
    limits = Limits.of({**want, "success_percentage": 100.0})
    if not want["wait"] or status == _SUCCESS:
        return None

    def follow(balena: Balena, progress: Progress) -> Followed:
        id_ = get_id()
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
        return Followed({"built": built, **(read(balena) if last else {})}, problem)

    return follow


def _sight(status: str) -> Sight:
    if status == _SUCCESS:
        return Sight(State.DONE)
    return Sight(State.PENDING if status in _RUNNING else State.FAILED, f"its status is '{status}'")
