# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a query consists of, once it is parsed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Union

Value = Union[str, int, float, bool, datetime, timedelta, None]


@dataclass(frozen=True)
class Literal:
    """A value written in the query."""

    value: Value


@dataclass(frozen=True)
class Alias:
    """`@name`: a parameter whose value stands elsewhere in the query."""

    name: str


@dataclass(frozen=True)
class Property:
    """A field, perhaps of a related resource: `belongs_to__application/slug`."""

    path: tuple[str, ...]


@dataclass(frozen=True)
class Counted:
    """How many related rows there are: `device_tag/$count($filter=…)`."""

    path: tuple[str, ...]
    filter: Expression | None = None


@dataclass(frozen=True)
class Quantified:
    """`path/any(name:condition)` or `path/all(…)`."""

    path: tuple[str, ...]
    quantifier: str
    variable: str
    condition: Expression


@dataclass(frozen=True)
class Operation:
    """Two operands and what is between them."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Negated:
    """`not x`."""

    operand: Expression


@dataclass(frozen=True)
class Member:
    """`x in (…)`."""

    operand: Expression
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class Call:
    """`function(…)`."""

    function: str
    arguments: tuple[Expression, ...]


Expression = Union[Literal, Alias, Property, Counted, Quantified, Operation, Negated, Member, Call]


@dataclass(frozen=True)
class Order:
    """One item of $orderby."""

    by: Property | Counted
    descending: bool


@dataclass(frozen=True)
class Expand:
    """One item of $expand."""

    name: str
    count: bool
    options: Options


@dataclass
class Options:
    """The options of a query or of one expand; None: not given. `select` empty: all fields."""

    select: tuple[Property | Counted, ...] | None = None
    filter: Expression | None = None
    expand: tuple[Expand, ...] = ()
    orderby: tuple[Order, ...] = ()
    top: int | None = None
    skip: int | None = None
    aliases: dict[str, Literal] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """What the path of a URL names: a resource, all of it, one row or the count.

    deeper: it goes on after that; action: with one name that may be an action's; steps: relations that lead from there
    to the rows that are counted, each with a key or None.
    """

    resource: str
    key: dict[str, Literal | Alias] | None = None
    count: bool = False
    deeper: bool = False
    action: str = ""
    steps: tuple[tuple[str, dict[str, Literal | Alias] | None], ...] = ()
