# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of devices that should get another balenaOS or supervisor: the same words for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..query import Record
from ..releases import status

#: What becomes of a device, as results say it.
UP_TO_DATE, UPDATE, UPDATING = "up_to_date", "update", "updating"
QUEUE, QUEUED, SKIPPED = "queue", "queued", "skipped"

#: An offline device that the declaration does not put up with. No result says it: nothing is done then.
OFFLINE = "offline"

#: Why an offline device is a problem.
OFFLINE_PROBLEM = "it is offline (see the option offline)"

#: Why nobody waits for an offline device.
_LATER = {QUEUE: "queued until it is back", QUEUED: "queued until it is back", SKIPPED: "offline, not updated"}


def of_offline(policy: str, has_target: bool) -> str:
    """What becomes of a device that would have to be updated, and cannot be at once.

    :param policy: C(fail), C(skip) or C(queue).
    """
    if policy == "queue":
        return QUEUED if has_target else QUEUE
    return SKIPPED if policy == "skip" else OFFLINE


def not_waited_for(rows: Sequence[Record], fates: Mapping[str, str]) -> dict[str, str]:
    """The offline devices that get their target when they are back, which may be never, or not at all; and why.

    :param fates: by uuid.
    """
    offline = [row["uuid"] for row in rows if status.is_offline(row)]
    return {uuid: _LATER[fates[uuid]] for uuid in offline if fates[uuid] in _LATER}
