# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until things are as they should be: looked at all at once, believed at the second look, never for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..sdk.errors import BalenaError
from .limits import Limits
from .patience import Clock, may_pass
from .task import Followed, Progress
from .wording import called, counted, listed

#: A state counts when this many looks in a row show it: they are reported in pieces, and connections come and go.
LOOKS = 2

#: At most this often, in seconds, a line of progress is shown.
LINE_EVERY = 5.0

_BAR = 20
#: Reasons that are named in the message of a failure.
_NAMED = 3


class State(str, Enum):
    """What one look at a thing shows."""

    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True)
class Sight:
    """One thing at one moment; the detail is what a person would want to know of it."""

    state: State
    detail: str = ""


#: Looks at the things with these uuids, in one request for all of them. One that is missing is gone.
Look = Callable[[Sequence[str]], Mapping[str, Sight]]


@dataclass
class Waited:
    """What became of the things, by uuid in the order in which they were given.

    :param believed: those whose state two looks in a row have shown.
    :param looked: how many looks have succeeded.
    :param trouble: why the last look failed, if it did: then nobody knows how things stand.
    :param names: what they are called, by their uuids.
    """

    sights: dict[str, Sight]
    problem: str | None = None
    believed: set[str] = field(default_factory=set)
    looked: int = 0
    trouble: BalenaError | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def called(self, uuid: str) -> str:
        """What messages call one of them."""
        return called(uuid, self.names.get(uuid))

    def among(self, state: State) -> dict[str, Sight]:
        """Those in one state; done and failed only when two looks in a row showed it."""
        return {uuid: sight for uuid, sight in self.sights.items() if self.state(uuid) is state}

    def state(self, uuid: str) -> State:
        """The state of one of them, as far as it can be believed."""
        return self.sights[uuid].state if uuid in self.believed else State.PENDING

    def result(self) -> dict[str, Any]:
        """The waiting as tasks return it: C(done), and C(pending) and C(failed) with reasons."""
        return {
            "done": list(self.among(State.DONE)),
            **{
                state.value: [
                    {"uuid": uuid, "reason": sight.detail or "seen only once"}
                    for uuid, sight in self.among(state).items()
                ]
                for state in (State.PENDING, State.FAILED)
            },
        }

    def line(self) -> str:
        """How it goes, in one line: a bar, counts, and what those are doing that are not done."""
        total = len(self.sights)
        counts = {state: len(self.among(state)) for state in State}
        filled = _BAR * counts[State.DONE] // total if total else _BAR
        doing = Counter(sight.detail for sight in self.among(State.PENDING).values())
        details = ", ".join(f"{count} {detail}" for detail, count in doing.most_common(_NAMED) if detail)
        gauge = "#" * filled + "." * (_BAR - filled)
        text = f"[{gauge}] {counts[State.DONE]} of {total} done, {counts[State.FAILED]} failed"
        return f"{text}, {counts[State.PENDING]} pending" + (f": {details}" if details else "")


def follow(
    uuids: Sequence[str],
    look: Look,
    limits: Limits,
    progress: Progress,
    *,
    things: str,
    seen: Mapping[str, Sight] | None = None,
    skipped: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Followed:
    """L(wait_for), as the outcome of a task: what it returns, and why it failed if it did.

    :param skipped: what is not waited for, and why; it is returned among what is pending.
    """
    waited = wait_for(uuids, look, limits, progress, things=things, seen=seen, names=names)
    result = waited.result()
    result["pending"] += [{"uuid": uuid, "reason": reason} for uuid, reason in (skipped or {}).items()]
    return Followed({"waited": result}, waited.problem)


def wait_for(
    uuids: Sequence[str],
    look: Look,
    limits: Limits,
    progress: Progress,
    *,
    things: str,
    seen: Mapping[str, Sight] | None = None,
    looks: int = LOOKS,
    names: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    quiet: float = 0.0,
) -> Waited:
    """Look again and again until enough of them are done, too many have failed, or the time is up.

    A look that fails because the server or the network does is not the end: the next one may succeed. With a patience
    the waiting goes on until it does, also beyond the time-out; when the patience is over, so is the waiting.

    :param uuids: what is waited for. None: there is nothing to wait for.
    :param seen: what was seen of them before; counts as the first of two looks.
    :param looks: how many looks in a row make a state believable.
    :param things: what messages call all of them.
    :param names: what each is called, by its uuid, as far as that is known.
    :param quiet: seconds at the beginning for which nothing is shown but the end.
    :returns: what is done, pending and failed; with C(problem) set unless enough are done.
    :raises BalenaError: the server refuses to be asked, so that waiting makes no sense.
    """
    clock = clock or Clock()
    watch = _Watch(uuids, limits, seen or {}, looks, things)
    watch.waited.names = names or {}
    end = clock.now() + limits.timeout
    lines = _Lines(progress, clock, quiet)
    while uuids:
        watch.look(look, clock.now)
        now = clock.now()
        over = watch.over()
        patient = watch.patient(now)
        late = now >= end if patient is None else not patient
        lines.show(watch.waited.line(), last=over or late)
        if over or late:
            watch.conclude(late=not over)
            break
        clock.sleep(limits.interval if now >= end else min(limits.interval, end - now))
    return watch.waited


class _Watch:
    """What is under watch, and what the looks so far say."""

    def __init__(
        self, uuids: Sequence[str], limits: Limits, seen: Mapping[str, Sight], enough: int, things: str
    ) -> None:
        self.limits, self.enough, self.things = limits, enough, things
        self.waited = Waited({uuid: seen.get(uuid, Sight(State.PENDING)) for uuid in uuids})
        self.looks = {uuid: int(uuid in seen) for uuid in uuids}
        self.away_since = 0.0
        self.needed = limits.needed(len(uuids))

    def look(self, look: Look, now: Callable[[], float]) -> None:
        """Look once at all whose state is not believed yet."""
        open_ = [uuid for uuid in self.waited.sights if uuid not in self.waited.believed]
        try:
            found = look(open_)
        except BalenaError as error:
            if not may_pass(error):
                raise
            self.away_since = now() if self.waited.trouble is None else self.away_since
            self.waited.trouble = error
            return
        self.waited.trouble = None
        self.waited.looked += 1
        for uuid in open_:
            self._note(uuid, found.get(uuid, Sight(State.FAILED, "it is gone")))

    def _note(self, uuid: str, sight: Sight) -> None:
        again = sight.state is self.waited.sights[uuid].state
        self.looks[uuid] = self.looks[uuid] + 1 if again else 1
        self.waited.sights[uuid] = sight
        if sight.state is not State.PENDING and self.looks[uuid] >= self.enough:
            self.waited.believed.add(uuid)

    def patient(self, now: float) -> bool | None:
        """Whether to go on though the server is away; None if it is not, or the time-out alone decides."""
        if self.waited.trouble is None or not self.limits.patience:
            return None
        return now < self.away_since + self.limits.patience

    def over(self) -> bool:
        """Whether more waiting changes nothing."""
        done, failed = self._count(State.DONE), self._count(State.FAILED)
        return done >= self.needed or self._too_many(failed) or done + failed == len(self.waited.sights)

    def _too_many(self, failed: int) -> bool:
        return self.limits.max_failures is not None and failed > self.limits.max_failures

    def conclude(self, *, late: bool) -> None:
        """Say what is wrong, if not enough of them are done."""
        done, failed = self._count(State.DONE), self._count(State.FAILED)
        if done >= self.needed and not self._too_many(failed):
            return
        total = len(self.waited.sights)
        what = self._end() if late else f"too many {self.things} failed"
        so_far = counted(done, f"of {total} {self.things} is done", f"of {total} {self.things} are done")
        text = f"Waiting ended, {what}: {so_far}, {counted(self.needed, 'is', 'are')} needed"
        reasons = self._reasons(State.FAILED) + self._reasons(State.PENDING)
        if self.waited.trouble is not None:
            reasons.append(f"the last look failed: {self.waited.trouble}")
        self.waited.problem = ". ".join([text, *(["; ".join(reasons)] if reasons else [])])

    def _end(self) -> str:
        if self.waited.trouble is not None and self.limits.patience:
            return f"the server was away for {counted(self.limits.patience, 'second')} (patience)"
        return f"not done after {counted(self.limits.timeout, 'second')} (wait_timeout)"

    def _count(self, state: State) -> int:
        return len(self.waited.among(state))

    def _reasons(self, state: State) -> list[str]:
        rows = self.waited.among(state).items()
        named = [
            f"{self.waited.called(uuid)} {state.value}" + (f": {sight.detail}" if sight.detail else "")
            for uuid, sight in rows
        ]
        return [listed(named, _NAMED, "; ", f"; and {{}} more {state.value}")] if named else []


class _Lines:
    """Shows a line when it differs from the one before, and at most every few seconds."""

    def __init__(self, progress: Progress, clock: Clock, quiet: float) -> None:
        self._progress, self._clock = progress, clock
        self._shown, self._next = "", clock.now() + quiet

    def show(self, line: str, *, last: bool) -> None:
        now = self._clock.now()
        if line != self._shown and (last or now >= self._next):
            self._progress(line)
            self._shown, self._next = line, now + LINE_EVERY
