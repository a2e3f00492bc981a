# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the path and query of a URL into nodes, or says that it is malformed."""

from __future__ import annotations

import functools
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Union
from urllib.parse import unquote

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import LarkError, VisitError

from ..http.responses import Refused
from .nodes import (
    Alias,
    Call,
    Counted,
    Expand,
    Expression,
    Literal,
    Member,
    Negated,
    Operation,
    Options,
    Order,
    Property,
    Quantified,
    Target,
)

ARGUMENTS = {
    "cast": (1, 2), "concat": (2, 2), "contains": (2, 2), "endswith": (2, 2), "indexof": (2, 2), "isof": (1, 2),
    "maxdatetime": (0, 0), "mindatetime": (0, 0), "now": (0, 0), "replace": (3, 3), "startswith": (2, 2),
    "substringof": (2, 2), "substring": (2, 3),
}  # fmt: skip
BLANKS = re.compile(r"(?: |%20|\+)+")
DURATION = re.compile(r"([-+]?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
FRACTION = re.compile(r"\.(\d+)")
Part = tuple[str, Any]
Key = dict[str, Union[Literal, Alias]]


class Malformed(Exception):
    """The URL is not of the query language."""


QUOTE = re.compile("'|%27")


def unbalanced(url: str) -> bool:
    """Whether a quote is open at the end, over which the server's parser stumbles in another way."""
    return len(QUOTE.findall(url)) % 2 == 1


def bare(token: str) -> str:
    """A word without the blanks and the parenthesis that its token holds."""
    return BLANKS.sub("", token).rstrip("(")


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """Makes nodes of what the parser recognises; the methods are named as the grammar's rules."""

    def text(self, token: Token) -> Literal:
        quoted = token.replace("%27", "'")[1:-1].replace("''", "'")
        return Literal(unquote(quoted, errors="strict"))

    def number(self, token: Token) -> Literal:
        number = float(token.replace("%2B", ""))
        if number.is_integer():
            return Literal(int(token.replace("%2B", "").partition(".")[0]))
        return Literal(number)

    def boolean(self, token: Token) -> Literal:
        return Literal(token == "true")

    def null(self, _token: Token) -> Literal:
        return Literal(None)

    def time(self, _tag: Token, token: Token) -> Literal:
        moment = parse_time(str(self.text(token).value))
        if moment is None:
            raise Refused("no date")
        return Literal(moment)

    def duration(self, token: Token) -> Literal:
        found = DURATION.search(token)
        if found is None or not any(found.groups()[1:]):
            raise Malformed
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups()[1:])
        length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return Literal(-length if found.group(1) == "-" else length)

    def alias(self, name: Token) -> Alias:
        return Alias(str(name))

    def segments(self, *names: Any) -> tuple[str, ...]:
        return (*names[0], str(names[1])) if len(names) == 2 else (str(names[0]),)

    field_path = segments

    def property(self, path: tuple[str, ...]) -> Property:
        return Property(path)

    def counted_rows(self, condition: Expression) -> Expression:
        return condition

    field_rows = counted_rows

    def counted(self, path: tuple[str, ...], _count: Token, condition: Expression | None) -> Counted:
        return Counted(path, condition)

    def field(self, path: tuple[str, ...], count: Token | None, condition: Expression | None) -> Property | Counted:
        return Counted(path, condition) if count else Property(path)

    def quantified(self, path: tuple[str, ...], word: Token, name: Token, condition: Expression) -> Quantified:
        return Quantified(path, bare(word), str(name), condition)

    def method(self, *_parts: Any) -> Any:
        raise Refused("unknown method")

    def call(self, word: Token, *arguments: Expression | None) -> Call:
        name, given = bare(word), tuple(a for a in arguments if a is not None)
        low, high = ARGUMENTS.get(name, (1, 1))
        if not low <= len(given) <= high:
            raise Malformed
        return Call(name, given)

    def operation(self, left: Expression, word: Token, right: Expression) -> Operation:
        return Operation(bare(word), left, right)

    def negated(self, operand: Expression) -> Negated:
        return Negated(operand)

    def in_list(self, operand: Expression, *values: Literal) -> Member:
        return Member(operand, values)

    def order(self, by: Property | Counted, direction: Token | None) -> Order:
        # left out, the direction is descending
        return Order(by, direction is None or bare(direction) == "desc")

    def expanded(self, name: Token, count: Token | None, options: Options | None, inner: Expand | None) -> Expand:
        options = options or Options()
        if inner is not None:
            options.expand = (*options.expand, inner)
        return Expand(str(name), count is not None, options)

    def select_all(self) -> Part:
        return "select", None

    def select(self, *fields: Property | Counted) -> Part:
        return "select", fields

    def filter(self, condition: Expression) -> Part:
        return "filter", condition

    def expand(self, *items: Expand) -> Part:
        return "expand", items

    def orderby(self, *items: Order) -> Part:
        return "orderby", items

    def top(self, number: Token) -> Part:
        return "top", int(number)

    def skip(self, number: Token) -> Part:
        return "skip", int(number)

    def ignored(self, *_parts: Any) -> Part:
        return "", None

    def alias_definition(self, token: Token, value: Literal) -> Part:
        return str(token), value

    def query(self, *parts: Part | None) -> Options:
        options = Options()
        for name, value in filter(None, parts):
            if name.startswith("@"):
                options.aliases[name[1:-1]] = value
            elif name:
                setattr(options, name, value)
        return options

    nested = query

    def key_part(self, name: Token, value: Literal | Alias) -> tuple[str, Literal | Alias]:
        return str(name), value

    def named_key(self, *parts: tuple[str, Literal | Alias]) -> dict[str, Literal | Alias]:
        return dict(parts)

    def key(self, value: Literal | Alias) -> dict[str, Literal | Alias]:
        return {"id": value}

    def tail(self, name: Token | None = None, key: Key | None = None) -> tuple[str, Key | None]:
        return str(name or ""), key

    def path(self, name: Token, key: Key | None = None, *tails: tuple[str, Key | None]) -> Target:
        acting = len(tails) == 1 and key is not None and tails[0][1] is None
        return Target(unquote(name), key, deeper=bool(tails), action=tails[0][0] if acting else "")

    def nested_count(self, name: Token, key: Key, *tails: tuple[str, Key | None]) -> Target:
        return Target(unquote(name), key, count=True, steps=tails)

    def count_path(self, name: Token) -> Target:
        return Target(unquote(name), count=True)


@functools.cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", start=["path", "query"], transformer=_Builder(), maybe_placeholders=True)


# Clients ask the same again and again; nothing changes what it is given from here.
@functools.lru_cache(maxsize=1000)
def _parse(text: str, start: str) -> Any:
    try:
        return _parser().parse(text, start=start)
    except VisitError as error:
        raise error.orig_exc from None
    except (LarkError, UnicodeDecodeError):
        raise Malformed from None


def parse_path(text: str) -> Target:
    """Read the path of a URL from after the version: `/device(1)`."""
    target: Target = _parse(text, "path")
    return target


def parse_query(text: str) -> Options:
    """Read the query of a URL as it was sent; raises Malformed."""
    options: Options = _parse(text, "query") if text else Options()
    return options


def parse_time(text: str) -> datetime | None:
    """A time as the server reads one from a text: ISO 8601, or a date alone; None when it is none."""
    try:
        seconds = FRACTION.sub(lambda found: f".{found.group(1)[:3]:0<3}", text.strip().replace("Z", "+00:00"))
        moment = datetime.fromisoformat(seconds)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
