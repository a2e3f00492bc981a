# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout has to know when it is interrupted: kept in the API, as tags, so that any controller can go on.

One tag of the application says what is rolled out and what the former target of most devices was. A device has a tag
of its own only where its former target is another one, or where it was offline when it was changed. So a rollout over
thousands of devices that all follow their application writes one tag, and what each had before can still be told.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

from ...engine.plan import DeclarationError

#: The tag of an application that says which rollout is under way.
ROLLOUT_TAG = "ansible_rollout"

#: The tag of a device whose target before the rollout was not that of most devices, or that was offline then.
FORMER_TAG = "ansible_rollout_former"

#: The tag of a device whose health before the rollout was not that of most devices.
HEALTH_TAG = "ansible_rollout_health"

#: The tag of a device that was given something else to override its update lock, or not to.
LOCK_TAG = "ansible_rollout_lock"

#: The former target of a device that followed its application.
FOLLOWED = "application"

#: How much work it is to try one guess at what a stand-in stands for: about a twentieth of a second.
_ROUNDS = 100_000

#: Stands in a device's tag between its former target and when it had last been heard of, if it was offline.
_OFFLINE = "offline"


@dataclass(frozen=True)
class Memory:
    """What is remembered of a rollout.

    :param release: id of the release that is rolled out.
    :param version: how people call it.
    :param started: when it began, in ISO 8601.
    :param former: the former target of devices that have no tag of their own: the id of a release, or None for
        those that followed their application.
    :param wave: number of the wave that was begun last.
    :param waves: a stand-in for how the waves were declared (L(selection_id)).
    :param selection: the same for which devices were declared.
    :param kept_out: the tag whose devices are kept out.
    :param rolling_back: it was given up, and devices are being given back what they had.
    :param marking: no device is changed yet; those that had the release already may lack the tag that says so.
    :param run: tells two rollouts apart that are declared alike.
    :param health: the health before the rollout (L(health.mark)) of devices that have no tag of their own; None if
        devices are not diagnosed.
    :param phased: devices download the release first, and switch to it later.
    :param switching: number of the wave whose devices were to switch last.
    """

    release: int
    version: str
    started: str
    former: int | None
    wave: int
    waves: str
    selection: str
    kept_out: str | None = None
    rolling_back: bool = False
    marking: bool = False
    run: str = ""
    health: str | None = None
    phased: bool = False
    switching: int = 0

    def as_tag(self) -> str:
        """The value of the application's tag."""
        known = {name: value for name, value in asdict(self).items() if value not in (None, False, "", 0)}
        return json.dumps(known, separators=(",", ":"), ensure_ascii=False)


def shown(known: Memory | None) -> dict[str, Any] | None:
    """A rollout under way as results show it."""
    if known is None:
        return None
    found = {"id": known.run, "started": known.started, "wave": known.wave, "rolling_back": known.rolling_back}
    return {**found, "switching": known.switching} if known.phased else found


def recall(value: str | None) -> Memory | None:
    """What the application's tag says.

    :raises DeclarationError: somebody wrote something else into it.
    """
    if value is None:
        return None
    try:
        said = json.loads(value)
        return Memory(
            **{"former": None, **{item.name: said[item.name] for item in fields(Memory) if item.name in said}}
        )
    except (ValueError, TypeError) as error:
        raise DeclarationError(
            f"the application's tag {ROLLOUT_TAG} cannot be understood, so it is not known what the rollout under way "
            f"has changed: '{value[:80]}'. Mend it, or remove it to forget that rollout"
        ) from error


def selection_id(options: Mapping[str, Any], run: str) -> str:
    """A short stand-in for options that select devices or divide them; equal for equal options of one rollout.

    Everybody who may see the application sees its tags, and a user's filter can hold anything. So what was selected
    cannot be looked up in a table of stand-ins, nor be found to be the same in two rollouts, and guessing takes time.

    :param run: what tells the rollout apart (see L(Memory)); it is kept beside this.
    """
    text = json.dumps(options, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    return _stand_in(text, run)


@cache
def _stand_in(text: bytes, run: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", text, run.encode(), _ROUNDS).hex()[:12]


def most_common(formers: Iterable[int | None]) -> int | None:
    """The former target that needs no tags on devices: that of most. Among equals it is the same one every time."""
    counts = Counter(formers)
    return min(counts, key=lambda former: (-counts[former], former is not None, former or 0), default=None)


@dataclass(frozen=True)
class Mark:
    """What the tag of a device says.

    :param former: its former target.
    :param heard: when it had last been heard of before it was changed, if it was offline then.
    """

    former: int | None
    heard: str | None = None

    def as_tag(self) -> str:
        """The value of the tag."""
        former = FOLLOWED if self.former is None else str(self.former)
        return former if self.heard is None else f"{former} {_OFFLINE} {self.heard}"


def mark_of(tag: str | None, memory: Memory) -> Mark:
    """What is known of a device that the rollout has changed.

    :param tag: the value of the device's own tag, if it has one.
    :raises DeclarationError: somebody wrote something else into the tag.
    """
    if tag is None:
        return Mark(memory.former)
    former, *rest = tag.split(" ")
    known = former == FOLLOWED or (former.isascii() and former.isdigit())
    if not known or (rest and (len(rest) != 2 or rest[0] != _OFFLINE)):
        raise DeclarationError(
            f"a device's tag {FORMER_TAG} is '{tag[:80]}', which is neither {FOLLOWED} nor a release's id: "
            "remove it, or write there what the device shall be given back"
        )
    return Mark(None if former == FOLLOWED else int(former), rest[1] if rest else None)


def tag_of(row: Mapping[str, Any], key: str) -> str | None:
    """The value of a tag of a device or application, read with C(device_tag) or C(application_tag)."""
    rows = row.get("device_tag", row.get("application_tag", ()))
    found: str | None = next((tag["value"] for tag in rows if tag["tag_key"] == key), None)
    return found
