# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the way back: what releases are called, and whether devices run what they had before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine import waiting
from ...engine.apply import Outcome
from ...engine.limits import Limits
from ...engine.task import Followed, Progress
from ..device_names import names_of
from ..query import Record
from ..releases import pins, status
from ..releases.names import label
from .options import Want
from .survey import Fleet

if TYPE_CHECKING:
    from ...sdk import Balena


def labels(balena: Balena, ids: Any) -> dict[int, str]:
    """What people call releases, by id, in one request; one that is gone has only its id."""
    wanted = sorted({id_ for id_ in ids if id_ is not None})
    options = {**pins.RELEASE, "$filter": {"id": {"$in": wanted}}}
    rows = balena.pine.get("release", options=options) if wanted else []
    return {**{id_: str(id_) for id_ in wanted}, **{row["id"]: label(row) for row in rows}}


def follower(want: Want, limits: Limits, fleet: Fleet, rows: Sequence[Record], former: Mapping[str, int | None]) -> Any:
    """Wait until the devices run what they had; the offline ones are not waited for, unless that is asked for."""
    policy = want["offline"]
    skipped = {row["uuid"] for row in rows if policy == "skip" and status.is_offline(row)}
    ids = {row["uuid"]: row["id"] for row in rows if row["uuid"] not in skipped}
    said = {row["uuid"]: status.update_word(row) for row in rows}

    def follow(balena: Balena, outcome: Outcome, progress: Progress) -> Followed:
        look = status.looking(
            balena, ids, [fleet.row["id"]], lambda uuid, row: status.see_release(row, former[uuid], policy, said[uuid])
        )
        reasons = dict.fromkeys(skipped, "offline, not waited for")
        return waiting.follow(
            list(ids), look, limits, progress, things="devices", skipped=reasons, names=names_of(rows)
        )

    return follow
