# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices belong to which wave: every wave is a beginning of one fixed order, and the next one goes on there.

The order depends on nothing but the devices themselves, so that it is the same when a rollout is run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.guard import share
from ...engine.plan import DeclarationError

#: The name of the wave that goes before all declared ones.
CANARY = "canary"

#: Keys of waves that grow by a factor.
_START, _GROWTH = "start", "growth"


@dataclass(frozen=True)
class Wave:
    """One step of a rollout.

    :param number: its place among the declared waves, from 1; the canaries, where there are some, are 1.
    :param name: C(canary), or how large it is, as it was declared.
    :param devices: uuids of the devices that it adds, in the order of the rollout.
    :param total: how many devices it reaches together with all waves before it.
    """

    number: int
    name: str
    devices: tuple[str, ...]
    total: int


@dataclass(frozen=True)
class Idle:
    """A declared wave that adds no device, so that it is left out.

    :param number: its place among the declared waves.
    :param total: how many devices it would reach.
    :param reason: why it adds none.
    """

    number: int
    name: str
    total: int
    reason: str


def divide(
    uuids: Iterable[str], declared: Any, *, canaries: Collection[str] | None = None, seed: str | None = None
) -> list[Wave]:
    """The waves of a rollout.

    :param uuids: the devices that take part.
    :param declared: how many devices are reached after each wave: a list of counts and percentages (C([5, "10%",
        "100%"])), or growth by a factor until all are reached (C({"start": 5, "growth": 2})). Percentages are rounded
        up. What the last one leaves out takes no part.
    :param canaries: those that go first, in a wave of their own.
    :param seed: what the order follows from, besides the uuids; without it they are in the order of the uuids.
    :returns: the waves that add devices; those that would add none are left out, and keep their number.
    :raises DeclarationError: the waves are not declared as above, or become smaller.
    """
    first = set(canaries or ())
    order = sorted(uuids, key=lambda uuid: (uuid not in first, _rank(uuid, seed)))
    sizes = _all_sizes(declared, len(order), None if canaries is None else len(first.intersection(order)))
    found, reached = [], 0
    for number, (name, size) in enumerate(sizes, 1):
        if size > reached:
            found.append(Wave(number, name, tuple(order[reached:size]), size))
            reached = size
    return found


def idle(total: int, declared: Any, canaries: int | None = None) -> list[Idle]:
    """The waves that L(divide) leaves out, and why.

    :param total: how many devices take part.
    :param declared: as L(divide) takes it.
    :param canaries: how many of the devices go first; None without such a wave.
    :raises DeclarationError: the waves are not declared as L(divide) wants them.
    """
    found, reached = [], 0
    for number, (name, size) in enumerate(_all_sizes(declared, total, canaries), 1):
        if size > reached:
            reached = size
            continue
        if name == CANARY:
            reason = "no device has the tags of the canaries"
        elif not total:
            reason = "no device takes part"
        elif not size:
            reason = f"it is {size} of {total} devices"
        else:
            reason = f"it reaches {size} of {total} devices, no more than the waves before it"
        found.append(Idle(number, name, max(size, reached), reason))
    return found


def _all_sizes(declared: Any, total: int, canaries: int | None) -> list[tuple[str, int]]:
    sizes = _sizes(declared, total)
    return sizes if canaries is None else [(CANARY, canaries), *sizes]


def _rank(uuid: str, seed: str | None) -> str:
    return uuid if seed is None else hashlib.sha256(f"{seed}/{uuid}".encode()).hexdigest()


def _sizes(declared: Any, total: int) -> list[tuple[str, int]]:
    """Name of each wave, and how many of C(total) devices it reaches."""
    if isinstance(declared, Mapping):
        return _growing(declared, total)
    if isinstance(declared, (str, int)) and not isinstance(declared, bool):
        declared = [declared]
    if not isinstance(declared, Sequence) or not declared:
        raise DeclarationError(
            "waves must be a list of counts and percentages such as [5, 10%, 100%], "
            f"or start and growth such as {{start: 5, growth: 2}}, not {declared!r}"
        )
    _refuse_shrinking(declared)
    return [(str(amount), min(share(amount, total, option="waves"), total)) for amount in declared]


def _refuse_shrinking(amounts: Sequence[Any]) -> None:
    """Counts among themselves, and percentages among themselves; what is mixed depends on the number of devices."""
    for unit in (True, False):
        texts = [str(amount).strip() for amount in amounts if str(amount).strip().endswith("%") is unit]
        values = [share(text, 10**9, option="waves") for text in texts]
        for text, value, following in zip(texts[1:], values, values[1:], strict=False):
            if following < value:
                raise DeclarationError(
                    f"waves: each says how many devices are reached by then, so {text} cannot come after more than that"
                )


def _growing(declared: Mapping[str, Any], total: int) -> list[tuple[str, int]]:
    unknown = sorted(set(declared) - {_START, _GROWTH})
    if unknown or _START not in declared:
        raise DeclarationError(f"waves: {', '.join(unknown) or _START} is not what is needed: start and growth")
    growth = _factor(declared.get(_GROWTH, 2))
    reached = float(share(declared[_START], total, option="waves: start"))
    if total and reached < 1:
        raise DeclarationError("waves: start must be at least one device")
    found: list[tuple[str, int]] = []
    while total and (not found or found[-1][1] < total):
        size = min(int(reached + 1e-9), total)
        found.append((str(size), size))
        reached = max(reached * growth, size + 1)
    return found


def _factor(value: Any) -> float:
    try:
        factor = float(value)
    except (TypeError, ValueError):
        factor = 0.0
    if not 1 < factor < float("inf"):
        raise DeclarationError(f"waves: growth must be a number greater than 1, not {value!r}")
    return factor
