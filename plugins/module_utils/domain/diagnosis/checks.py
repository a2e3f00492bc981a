# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at to tell whether a device is well, with the figures from which on it is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from ...engine.kinds import kind_of
from ...engine.near import near
from ...engine.plan import DeclarationError

#: Where figures come from.
API, HOST = "api", "host"
_WHERE = {API: "over the API", HOST: "on the host OS"}

#: What thresholds may be; no figure of a device is larger.
_MOST = 10**9
_WARN, _BAD = "warn", "bad"


@dataclass(frozen=True)
class Check:
    """One figure that tells something about a device.

    :param says: the figure in words; C({}) stands for it.
    :param fine: the same for a figure of 0 where that says it better.
    :param unit: follows the figure; an empty text if it only counts.
    :param warn: from this figure on it is worth a look; None: never.
    :param bad: from this figure on something has to be done; None: never.
    :param falls: the smaller the figure, the worse.
    :param least: the smallest figure that makes sense.
    :param most: the largest one.
    :param sources: who can measure it.
    """

    name: str
    says: str
    warn: float | None
    bad: float | None
    unit: str = ""
    fine: str = ""
    falls: bool = False
    least: float = 0
    most: float = _MOST
    sources: tuple[str, ...] = (API, HOST)

    def reaches(self, figure: float, threshold: float | None) -> bool:
        """Whether a figure is at a threshold, or beyond it."""
        if threshold is None:
            return False
        return figure <= threshold if self.falls else figure >= threshold


_HOST_ONLY = (HOST,)

#: All checks, in the order in which people look at them.
CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check("connection", "offline for {} min", 1, 60, "min", fine="online", sources=(API,)),
        Check("vpn", "online without a VPN connection", 1, None, fine="connected to the VPN", sources=(API,)),
        Check("api", "does not reach the API", None, 1, fine="reaches the API"),
        Check("storage", "{} % of the storage is used", 80, 90, "%", most=100),
        Check("inodes", "{} % of the inodes are used", 80, 90, "%", most=100, sources=_HOST_ONLY),
        Check(
            "filesystem",
            "the data partition is read-only",
            None,
            1,
            fine="the data partition is writable",
            sources=_HOST_ONLY,
        ),
        Check("memory", "{} % of the memory is used", 85, 95, "%", most=100),
        Check("temperature", "{} °C", 70, 80, "°C", least=-60, most=200),
        # The API rounds it to steps of 20, so that one that is busy now and then is at 100.
        Check("cpu", "{} % of the processors are used", 95, None, "%", most=100, sources=(API,)),
        Check("load", "a load of {} for each processor", 2, 5, sources=_HOST_ONLY),
        Check("undervoltage", "under-voltage was noticed", 1, None, fine="no under-voltage was noticed"),
        Check("services", "{} not running", 1, None, fine="all run"),
        Check("restarts", "restarts of a container that keeps ending: {}", 3, 10, sources=_HOST_ONLY),
        Check("release", "does not run its target release", 1, None, fine="runs its target release", sources=(API,)),
        Check("engine", "the container engine does not answer", None, 1, fine="the container engine answers",
              sources=_HOST_ONLY),
        Check("supervisor", "the supervisor is not healthy", None, 1, fine="the supervisor is healthy"),
        Check("clock", "the clock is off by {} s", 10, 300, "s", sources=_HOST_ONLY),
        Check(
            "time_sync",
            "the clock is not synchronized",
            1,
            None,
            fine="the clock is synchronized",
            sources=_HOST_ONLY,
        ),
        Check("dns", "the API's name cannot be resolved", None, 1, fine="names are resolved", sources=_HOST_ONLY),
        Check(
            "certificate",
            "days until the certificate of the API runs out: {}",
            14,
            3,
            "d",
            falls=True,
            least=-_MOST,
            sources=_HOST_ONLY,
        ),
        Check("shutdowns", "not shut down cleanly before it started", 1, None, fine="no sign of an unclean shutdown",
              sources=_HOST_ONLY),
        Check("wifi", "a Wi-Fi signal of {} dBm", -70, -80, "dBm", falls=True, least=-150, most=0, sources=_HOST_ONLY),
        Check("modem", "a signal of {} % at the modem", 40, 20, "%", falls=True, most=100, sources=_HOST_ONLY),
    )
}  # fmt: skip


class Diagnosis(TypedDict):
    """How the health of devices is judged.

    C(checks) are names; None stands for all. C(thresholds) are by name C(warn) and C(bad), of which each may be left
    out, or null for never.
    """

    checks: list[str] | None
    thresholds: dict[str, Any] | None


def declared(want: Diagnosis, source: str, *, asks: bool = False) -> tuple[Check, ...]:
    """The checks that the options of a task ask for, with its own thresholds.

    :param source: what other sources alone can measure is left out.
    :param asks: whether supervisors are asked.
    :raises DeclarationError: a name that is no check, or one that this source cannot make; a threshold that is not a
        number, or which makes no sense.
    """
    thresholds = want["thresholds"] or {}
    _refuse_unknown(thresholds, "thresholds")
    names = want["checks"]
    _refuse_unknown(names or (), "checks")
    _refuse_impossible(names or (), source, asks=asks)
    own = {name: _with(check, thresholds.get(name)) for name, check in CHECKS.items()}
    silent = ("supervisor",) if source == API and not asks else ()
    return tuple(c for c in own.values() if source in c.sources and c.name not in silent and c.name in (names or own))


def _refuse_unknown(names: Iterable[Any], option: str) -> None:
    for name in names:
        if name not in CHECKS:
            known = near(name, CHECKS) or f". The checks are {', '.join(CHECKS)}"
            raise DeclarationError(f"{option}: {name!r} is not a check{known}")


def _refuse_impossible(names: Iterable[str], source: str, *, asks: bool) -> None:
    """Refuse checks that are asked for and that nobody makes.

    :param asks: whether supervisors are asked over the API.
    """
    for name in names:
        if source not in CHECKS[name].sources:
            raise DeclarationError(f"checks: {name} cannot be measured {_WHERE[source]}")
        if source == API and name == "supervisor" and not asks:
            raise DeclarationError("checks: supervisor is known only if the supervisors are asked (supervisor: true)")


def _with(check: Check, own: Any) -> Check:
    """A check with thresholds of the user's."""
    where = f"thresholds.{check.name}"
    if own is None:
        return check
    if not isinstance(own, Mapping):
        raise DeclarationError(f"{where} must be a mapping with {_WARN} or {_BAD}, not {kind_of(own)}")
    unknown = sorted(str(key) for key in own if key not in (_WARN, _BAD))
    if unknown:
        raise DeclarationError(f"{where} has {', '.join(unknown)}; it may have {_WARN} and {_BAD}")
    given = {key: None if value is None else _number(value, f"{where}.{key}") for key, value in own.items()}
    found = replace(check, warn=given.get(_WARN, check.warn), bad=given.get(_BAD, check.bad))
    if found.warn is not None and found.bad is not None:
        order = found.warn < found.bad if check.falls else found.warn > found.bad
        if order:
            more = "less" if check.falls else "more"
            raise DeclarationError(
                f"{where}: {_BAD} ({found.bad:g}) comes before {_WARN} ({found.warn:g}), which has to be no {more} "
                "than that. Give both"
            )
    return found


def _number(value: Any, where: str) -> float:
    """A threshold; variables and command lines have numbers as text."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        number = None
    if number is None or not -_MOST <= number <= _MOST:
        said = f"'{value}'" if isinstance(value, (str, float, int)) and not isinstance(value, bool) else kind_of(value)
        raise DeclarationError(f"{where} must be a number from -{_MOST} to {_MOST}, or null for never, not {said}")
    return number
