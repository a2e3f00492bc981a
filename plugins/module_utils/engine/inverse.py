# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that were made, turned round: what gives rows back what they had, as far as it is still as it was made.

Nothing in this file talks to a server. The law that holds (and is tested as a property): changes, made to a state and
undone, leave that state; undone again, they change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .net import Net, Values
from .plan import Change, Key, NamedId
from .visible import one_line
from .wording import counted

#: Whether a value is the one that a fingerprint stands for.
Matches = Callable[[Any, Any], bool]

#: So much of a value is shown.
_SHOWN = 80
#: So many sentences are warnings; results have all.
_WARNED = 10

CHANGED, GONE, SECRET, LOST = "changed", "gone", "secret", "lost"


@dataclass(frozen=True)
class Kind:
    """What can be taken back of the rows of a resource, and what they are called.

    :param noun: what a row is called, before the last part of its key; empty for what has a name of its own.
    :param columns: what columns are called; C(value) is the row itself.
    :param stays: why a row that was made is not removed; empty: it is.
    :param lost: why a row that was removed cannot be made again; empty: its identity and its columns are all of it.
    :param forward: columns that only go forwards, so that a former value is not given back unless there was none; why.
    :param comes_along: rows come and go with those that they belong to.
    """

    noun: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    stays: str = ""
    lost: str = ""
    forward: Mapping[str, str] = field(default_factory=dict)
    comes_along: bool = False


@dataclass(frozen=True)
class Live:
    """A row as it is now.

    :param where: what people call what it belongs to.
    :param fields: None: there is no such row.
    :param identity: what identifies it, with ids only; so a row can be made again.
    :param orphaned: what it belongs to is not there any more; what that is.
    :param used: why it is in use by others, so that it is not removed.
    """

    where: str
    fields: Mapping[str, Any] | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None
    orphaned: str = ""
    used: str = ""


@dataclass(frozen=True)
class Left:
    """What is left as it is, and why: C(changed) or C(gone) since, a C(secret), or C(lost) for good."""

    resource: str
    key: Key
    why: str
    sentence: str

    def shown(self) -> Values:
        """It as results have it."""
        return {**asdict(self), "key": [str(part) for part in self.key]}


def warnings(left: Sequence[Left]) -> tuple[str, ...]:
    """The sentences of the first ones, and how many more there are."""
    told = [one.sentence for one in left[:_WARNED]]
    rest = len(left) - len(told)
    return (*told, *([f"{counted(rest, 'more is', 'more are')} left as they are: see left_alone"] if rest > 0 else []))


@dataclass(frozen=True)
class Inverse:
    """What undoes changes, and what is left as it is."""

    changes: tuple[Change, ...]
    left: tuple[Left, ...]


def invert(done: Sequence[Net], live: Sequence[Live], kinds: Mapping[str, Kind], matches: Matches) -> Inverse:
    """What gives rows back what they had; what was changed last comes first.

    :param live: the rows as they are now, one for each of C(done).
    :param kinds: by resource; rows of others are left.
    :param matches: whether a value is that of a fingerprint.
    """
    changes: list[Change] = []
    left: list[Left] = []
    for net, row in zip(reversed(done), reversed(live), strict=True):
        one = _One(net, row, kinds.get(net.resource) or Kind(stays=_UNKNOWN, lost=_UNKNOWN), matches)
        change = one.change()
        changes += [change] if change else []
        left += one.left
    return Inverse(tuple(changes), tuple(left))


_UNKNOWN = "it is not known how"


class _One:
    """One row on its way back."""

    def __init__(self, net: Net, live: Live, kind: Kind, matches: Matches) -> None:
        self.net, self.live, self.kind, self._matches = net, live, kind, matches
        self.left: list[Left] = []

    def change(self) -> Change | None:
        """What gives it back what it had; None if nothing does, or it has that."""
        if self.kind.comes_along or (self.net.before is None and self.net.after is None):
            return None
        if self.net.before is None:
            return self._removal()
        return self._return() if self.net.after is None else self._update()

    def _removal(self) -> Change | None:
        if self.live.fields is None:
            return None
        other = [name for name, value in (self.net.after or {}).items() if not self._is(name, value)]
        why = self.kind.stays or self.live.used
        if other:
            self._leave(CHANGED, self._other(other[0], "was made as {}"))
        elif why:
            self._leave(LOST, f"{self._what()} was made by the change and is left: {why}")
        else:
            return self._step("delete", dict(self.live.fields), None)
        return None

    def _return(self) -> Change | None:
        before = dict(self.net.before or {})
        if self.live.fields is not None:
            other = [name for name, value in before.items() if not self._is(name, value)]
            if other and not self.kind.lost:
                self._leave(CHANGED, self._other(other[0], "was removed"))
        elif self.live.orphaned:
            self._leave(GONE, f"{self._what()} cannot be given back: {self.live.orphaned}")
        elif self.kind.lost:
            self._leave(LOST, f"{self._what()} was removed by the change and cannot be made again: {self.kind.lost}")
        elif self.net.secret and any(value is not None for value in before.values()):
            self._leave(SECRET, f"{self._what()} {_KEPT_BY_NOBODY}")
        else:
            return self._step("create", None, before)
        return None

    def _update(self) -> Change | None:
        if self.live.fields is None:
            gone = self.live.orphaned or f"{self._what()} is not there any more"
            self._leave(GONE, f"{gone}: left alone")
            return None
        back: Values = {}
        for name, after in (self.net.after or {}).items():
            before = (self.net.before or {}).get(name)
            if before != after and self._may_go_back(name, before, after):
                back[name] = before
        if not back:
            return None
        return self._step("update", {name: self.live.fields.get(name) for name in back}, back)

    def _may_go_back(self, name: str, before: Any, after: Any) -> bool:
        """Whether a column is to get its former value; else it has it, or is left."""
        if self._is(name, before):
            return False
        if not self._is(name, after):
            self._leave(CHANGED, self._other(name, "was set to {}" if self.net.sure else "was to be set to {}"))
        elif self.net.secret and before is not None:
            self._leave(SECRET, f"{self._what(name)} {_KEPT_BY_NOBODY}")
        elif name in self.kind.forward and before is not None:
            self._leave(LOST, f"{self._what(name)} stays {self._shown(after)}: {self.kind.forward[name]}")
        else:
            return True
        return False

    def _is(self, name: str, held: Any) -> bool:
        value = (self.live.fields or {}).get(name)
        return self._matches(value, held) if self.net.secret else bool(value == held)

    @property
    def _is_hidden(self) -> bool:
        return self.net.secret or self.net.hidden

    def _step(self, action: Any, before: Values | None, after: Values | None) -> Change:
        return Change(
            action,
            self.net.resource,
            self.net.key,
            before,
            after,
            self.live.identity or self.net.identity,
            self.live.id,
            self._is_hidden,
            kept=self.net.hidden,
        )

    def _leave(self, why: str, sentence: str) -> None:
        where = one_line(self.live.where)
        self.left.append(Left(self.net.resource, self.net.key, why, f"{where}: {sentence}" if where else sentence))

    def _other(self, name: str, did: str) -> str:
        """That a column has another value than it had when the changes were made."""
        now = "another secret" if self._is_hidden else self._shown((self.live.fields or {}).get(name))
        was = did.format(self._shown((self.net.after or {}).get(name)))
        return f"{self._what(name)} is {now} now, {was} by the change: left alone"

    def _shown(self, value: Any) -> str:
        if value is None:
            return "empty"
        if self._is_hidden:
            return "a secret"
        text = value.label if isinstance(value, NamedId) else value
        return one_line(json.dumps(text, ensure_ascii=False, default=str))[:_SHOWN]

    def _what(self, name: str = "value") -> str:
        """What a row, or a column of it, is called."""
        if name != "value" or not self.kind.noun:
            return self.kind.columns.get(name, name.replace("_", " ").strip())
        return one_line(f"{self.kind.noun} {self.net.key[-1]}")


_KEPT_BY_NOBODY = "cannot be given back: what it was is a secret, which no account keeps. Set it again"
