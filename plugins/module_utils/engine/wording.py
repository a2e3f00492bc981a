# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How messages say numbers and lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .visible import one_line

#: So many digits of a uuid the dashboard shows.
_SHORT = 7


def counted(number: float, one: str, many: str | None = None) -> str:
    """A number and what it counts: C(1 change), C(2 changes); with a verb C(1 change is), C(0 changes are).

    :param one: what follows the number 1.
    :param many: what follows any other number; by default C(one) with an s.
    """
    said = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{said} {one if number == 1 else many or one + 's'}"


def listed(items: Sequence[str], most: int, between: str = ", ", more: str = " and {} more") -> str:
    """The first of some items, and how many more there are: C(a, b and 3 more).

    :param most: how many are named.
    :param between: what separates those.
    :param more: the end of a longer list; C({}) stands for the number of the others.
    """
    rest = len(items) - most
    return between.join(items[:most]) + (more.format(rest) if rest > 0 else "")


def called(uuid: str, name: object = None) -> str:
    """A thing as people read it: C(berlin-sign-01 (7cf02a6)), or by its uuid alone where it has no name of its own."""
    short = uuid[:_SHORT]
    told = one_line(str(name)).strip() if name else ""
    return f"{told} ({short})" if told and short and told != short else told or short


class NamedUuid(str):
    """A uuid that knows the name of what it is of, so that a diff and messages can say it."""

    __slots__ = ("name",)

    name: str | None

    def __new__(cls, uuid: str, name: str | None = None) -> NamedUuid:
        """Make a uuid that carries a name."""
        made = super().__new__(cls, uuid)
        made.name = name
        return made

    @property
    def label(self) -> str:
        """What people call it."""
        return called(self, self.name)


def with_names(key: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """A key of which only the text is known, with the names of what it is of.

    :param names: by uuid.
    """
    return tuple(NamedUuid(part, names[part]) if part in names else part for part in key)


def spelled(key: Iterable[str]) -> str:
    """A key as people read it: its parts one after the other, uuids by name."""
    return " ".join(part.label if isinstance(part, NamedUuid) else part for part in key)
