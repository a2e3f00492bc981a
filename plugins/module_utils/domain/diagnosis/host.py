# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a script has measured on a host OS (plugin_utils/shell/diagnosis.sh), read without believing any of it.

A host may be broken, or say what it wants. A line that is not as it has to be is left out, so that what it is about is
unknown. No text of the host gets into a sentence but names of containers, which are letters, digits and C(_.-).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...engine import dates
from ...engine.wording import listed
from .judging import Measure

#: More than any host has to say.
_LINES, _LENGTH = 1000, 300
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?", re.ASCII)
_LINE = re.compile(r"([a-z_]{1,30}) ([\x20-\x7e]+)", re.ASCII)
_CONTAINER = re.compile(
    r"/?(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]{0,199}) (?P<state>[a-z]{1,20}) (?P<restarts>[0-9]{1,9}) "
    r"(?P<started>[0-9T:-]{19})[0-9.]*(?:Z|[+-][0-9:]+) (?P<exit>-?[0-9]{1,5}) (?P<policy>[a-z-]{0,20})",
    re.ASCII,
)
_CERTIFICATE = re.compile(r"([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) ([0-9]{4}) GMT", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = 24 * 3600
#: A container that has run for so long has come to rest, however often it was started before; in seconds.
_AT_REST = 600
#: An answer with a status from this one on is a failure of the server.
_SERVER_FAILED = 500
#: Bits of the firmware of a Raspberry Pi: under-voltage now, and since it was started.
_UNDERVOLTED = 0x10001
_NAMED = 3


@dataclass(frozen=True)
class Container:
    """A container of a host, as its engine describes it."""

    name: str
    state: str
    restarts: int
    started: str
    exit: int
    policy: str

    @property
    def is_at_its_end(self) -> bool:
        """Whether it has done its work, and is not meant to go on."""
        return self.exit == 0 and self.policy in ("", "no", "on-failure")


class Said:
    """What a host has said.

    :param text: what the script printed.
    :param before: the controller's time when the script was started, in seconds.
    :param after: the same when it had ended.
    """

    def __init__(self, text: str, before: float, after: float) -> None:
        self.before, self.after = before, after
        self.values: dict[str, list[str]] = {}
        lines = text.split("\n", _LINES)[:_LINES]
        for line in lines:
            found = _LINE.fullmatch(line.rstrip("\r")) if len(line) <= _LENGTH else None
            if found:
                self.values.setdefault(found[1], []).append(found[2].strip())
        #: Whether the script came to its end. If not, what it has not said may be bad.
        self.is_whole = "end" in (line.strip() for line in lines)

    def numbers(self, name: str) -> list[float]:
        """All figures of a name."""
        return [float(value) for value in self.values.get(name, ()) if _NUMBER.fullmatch(value)]

    def number(self, name: str) -> float | None:
        """The one figure of a name; None if there is none, or there are several."""
        found = self.numbers(name)
        return found[0] if len(found) == 1 else None

    def word(self, name: str) -> str:
        """The one word of a name; an empty text if there is none, or there are several."""
        found = self.values.get(name, [])
        return found[0] if len(found) == 1 else ""

    def containers(self) -> list[Container]:
        """The containers that the engine has described."""
        rows = [found for value in self.values.get("container", ()) if (found := _CONTAINER.fullmatch(value))]
        return [
            Container(row["name"], row["state"], int(row["restarts"]), row["started"], int(row["exit"]), row["policy"])
            for row in rows
        ]


def measures(text: str, before: float, after: float) -> dict[str, Measure]:
    """What a host says of itself, by the names of the checks; what it does not say is missing.

    :param text: what the script printed.
    :param before: the controller's time when the script was started, in seconds since 1970.
    :param after: the same when it had ended.
    """
    said = Said(text, before, after)
    found = {name: measure(said) for name, measure in _MEASURES.items()}
    unknown = "not measured" if said.is_whole else "the script did not come to its end"
    return {name: measure or Measure(None, unknown) for name, measure in found.items()}


def _share(used: str, free: str, words: str = "") -> Callable[[Said], Measure | None]:
    def share(said: Said) -> Measure | None:
        taken, left = said.number(used), said.number(free)
        if taken is None or left is None or taken + left <= 0:
            return None
        return Measure(100 * taken / (taken + left), words.format(left / 1024) if words else "")

    return share


def _memory(said: Said) -> Measure | None:
    total, free = said.number("memory_total"), said.number("memory_available")
    if not total or free is None:
        return None
    return Measure(100 * (total - free) / total, f"{free / 1024:.0f} of {total / 1024:.0f} MB are free")


def _load(said: Said) -> Measure | None:
    load, processors = said.number("load"), said.number("processors")
    return Measure(load / processors) if load is not None and processors else None


def _temperature(said: Said) -> Measure | None:
    """That of the hottest part; the kernel has it in thousandths, some drivers have nonsense such as -274000."""
    sane = [value / 1000 for value in said.numbers("temperature") if -60_000 <= value <= 200_000]
    return Measure(max(sane)) if sane else None


def _undervoltage(said: Said) -> Measure | None:
    messages, bits = said.number("undervoltage"), said.word("throttled").removeprefix("0x")
    flagged = bool(re.fullmatch("[0-9a-f]{1,8}", bits)) and bool(int(bits, 16) & _UNDERVOLTED)
    if messages is None and not bits:
        return None
    return Measure(max(messages or 0, int(flagged)))


def _yes_or_no(name: str, good: str, bad: str) -> Callable[[Said], Measure | None]:
    return lambda said: {good: Measure(0), bad: Measure(1)}.get(said.word(name))


def _api(said: Said) -> Measure | None:
    status = said.number("api")
    if status is None:
        return None
    if not status:
        return Measure(1, "no answer")
    return Measure(0) if status < _SERVER_FAILED else Measure(1, f"status {status:.0f}")


def _supervisor(said: Said) -> Measure | None:
    status = said.number("supervisor")
    if status is None:
        return None
    return Measure(0) if status == 200 else Measure(1, f"status {status:.0f}" if status else "no answer")


def _clock(said: Said) -> Measure | None:
    """How far the host's clock is from what it can be, as long as it takes to ask it."""
    begun, ended = said.number("now"), said.number("then")
    if begun is None:
        return None
    took = max(ended - begun, 0) if ended is not None else 0
    earliest, latest = said.before - 1, max(said.before, said.after - took) + 1
    off = max(earliest - begun, begun - latest, 0)
    detail = ("behind" if begun < earliest else "ahead") if off else ""
    return Measure(off, detail)


def _services(said: Said) -> Measure | None:
    if said.word("engine") != "yes":
        return None
    stopped = [one for one in said.containers() if one.state != "running" and not one.is_at_its_end]
    names = sorted(f"{one.name}: {one.state}" for one in stopped)
    return Measure(len(names), listed(names, _NAMED))


def _restarts(said: Said) -> Measure | None:
    """The restarts of the container that was restarted most often among those that have not come to rest."""
    now = said.number("now")
    if said.word("engine") != "yes" or now is None:
        return None
    restless = [one for one in said.containers() if one.restarts and _is_restless(one, now)]
    most = max(restless, key=lambda one: (one.restarts, one.name), default=None)
    return Measure(most.restarts, most.name) if most else Measure(0)


def _is_restless(one: Container, now: float) -> bool:
    started = dates.read(f"{one.started}Z")
    return one.state == "restarting" or started is None or now - started.timestamp() < _AT_REST


def _certificate(said: Said) -> Measure | None:
    found = _CERTIFICATE.fullmatch(said.word("certificate"))
    if not found or found[1] not in _MONTHS:
        return None
    text = f"{found[4]}-{_MONTHS.index(found[1]) + 1:02d}-{int(found[2]):02d}T{found[3]}Z"
    end = dates.read(text)
    if end is None:
        return None
    left = end - datetime.datetime.fromtimestamp(said.after, dates.UTC)
    return Measure(left.total_seconds() // _DAY)


def _shutdowns(said: Said) -> Measure | None:
    signs = said.number("unclean")
    if signs is None:
        return None
    return Measure(signs) if signs or said.number("kernel_start") else Measure(None, "the kernel's log is not whole")


def _largest(name: str) -> Callable[[Said], Measure | None]:
    def largest(said: Said) -> Measure | None:
        found: Sequence[float] = said.numbers(name)
        return Measure(max(found)) if found else None

    return largest


_MEASURES: Mapping[str, Callable[[Said], Any]] = {
    "storage": _share("storage_used", "storage_free", "{:.0f} MB are free"),
    "inodes": _share("inodes_used", "inodes_free"),
    "filesystem": _yes_or_no("filesystem", "rw", "ro"),
    "memory": _memory,
    "temperature": _temperature,
    "load": _load,
    "undervoltage": _undervoltage,
    "services": _services,
    "restarts": _restarts,
    "engine": _yes_or_no("engine", "yes", "no"),
    "supervisor": _supervisor,
    "clock": _clock,
    "time_sync": _yes_or_no("time_sync", "yes", "no"),
    "dns": _yes_or_no("dns", "yes", "no"),
    "api": _api,
    "certificate": _certificate,
    "shutdowns": _shutdowns,
    "wifi": _largest("wifi"),
    "modem": _largest("modem"),
}
