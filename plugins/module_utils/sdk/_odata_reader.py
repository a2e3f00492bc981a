# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read OData text that somebody else wrote: it is a condition and nothing but a condition, or it is refused.

Whatever is put into a ``$filter`` beside other conditions must not be able to leave its parentheses, to begin another
option of the query, or to mean something else once it is escaped for a URL. So it is read by a grammar that has no word
for any of these, and written anew from its tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .errors import BalenaUsageError

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<text>(?:datetime|date|time|duration)?'(?:[^']|'')*')
    |(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?
       (?![0-9A-Za-z_-]))
    |(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE]-?[0-9]+)?(?![0-9A-Za-z_]))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<count>/\$count)
    |(?P<sign>[(),:/])""",
    re.VERBOSE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_COMPARE = frozenset("eq ne gt ge lt le".split())
_ADD, _MULTIPLY = frozenset(("add", "sub")), frozenset(("mul", "div", "mod"))
_VALUES = frozenset(("true", "false", "null"))
_RESERVED = _COMPARE | _ADD | _MULTIPLY | _VALUES | {"and", "or", "not", "in"}
#: The functions of OData that yield true or false, and the others.
_TELL = frozenset("contains endswith startswith substringof".split())
_COMPUTE = frozenset(
    "length indexof substring tolower toupper trim concat replace year month day hour minute second fractionalseconds"
    " date time totaloffsetminutes now maxdatetime mindatetime totalseconds round floor ceiling".split()
)
_DEEPEST = 100

# What an expression yields, as far as the text can tell: a column can hold anything.
_BOOLEAN, _VALUE, _COLUMN = "condition", "value", "column"


@dataclass(frozen=True)
class Condition:
    """A condition that was read.

    Args:
        text: it as OData, written anew from its tokens.
        columns: the paths that it looks at: ``is_online``, ``device_tag/tag_key``.
        twins: the comparisons of two columns with each other, which some servers get wrong: ``ip_address eq uuid``.
    """

    text: str
    columns: frozenset[str]
    twins: tuple[str, ...]


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def read_condition(text: str) -> Condition:
    """Read OData text as a condition.

    Raises:
        BalenaUsageError: it is not a condition; says what is wrong and where.
    """
    return _Reader(text).condition()


def is_name(text: str) -> bool:
    """Tell whether this can be the name of a column or relation, or a path of such names."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*", text) is not None


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(text, at, _UNENDED if text[at] == "'" else f"'{text[at]}' cannot stand here")
        kind = found.lastgroup or ""
        if kind == "text" and (odd := _CONTROL.search(found[0])):
            raise _wrong(text, at + odd.start(), "a control character cannot be part of a text")
        if kind != "space":
            yield _Token(kind, found[0], at)
        at = found.end()
    yield _Token("end", "", at)


_UNENDED = "a text begins that does not end (a quote inside of a text is written twice)"


def _wrong(text: str, at: int, problem: str) -> BalenaUsageError:
    after = text[at : at + 20]
    where = f"at character {at + 1}, before {after!r}" if after else "at its end"
    return BalenaUsageError(f"{problem} ({where})")


class _Reader:
    """Reads one text, by descending into its parts."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0
        self._columns: set[str] = set()
        self._twins: list[str] = []

    def condition(self) -> Condition:
        """The whole text."""
        if self._at("end"):
            raise _wrong(self._text, 0, "it is empty")
        written = self._truth()
        if not self._at("end"):
            closing = self._is(")")
            raise self._error("this closes a parenthesis that was not opened" if closing else self._unexpected())
        return Condition(written, frozenset(self._columns), tuple(self._twins))

    def _truth(self) -> str:
        """An expression that has to be a condition."""
        first = self._peek()
        kind, written = self._either()
        if kind == _VALUE:
            raise _wrong(self._text, first.at, "a condition must be here, such as is_online eq true, and not a value")
        return written

    def _either(self) -> tuple[str, str]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"it is nested deeper than {_DEEPEST} levels")
        kind, written = self._negation()
        while self._is("and", "or"):
            if kind == _VALUE:
                raise self._error("a condition must stand before and, or")
            operator = self._take().text
            first = self._peek()
            right, more = self._negation()
            if right == _VALUE:
                raise _wrong(self._text, first.at, f"a condition must follow {operator}, and not a value")
            kind, written = _BOOLEAN, f"{written} {operator} {more}"
        self._depth -= 1
        return kind, written

    def _negation(self) -> tuple[str, str]:
        count = 0
        while self._is("not"):
            self._take()
            count += 1
        kind, written = self._comparison()
        if count and kind == _VALUE:
            raise self._error("a condition must follow not")
        return (_BOOLEAN if count else kind), "not " * count + written

    def _comparison(self) -> tuple[str, str]:
        kind, written = self._sum(_ADD)
        if self._is("in"):
            self._take()
            return _BOOLEAN, f"{written} in {self._list()}"
        if self._is(*_COMPARE):
            operator = self._take().text
            other, right = self._sum(_ADD)
            compared = f"{written} {operator} {right}"
            if kind == other == _COLUMN:
                self._twins.append(compared)
            return _BOOLEAN, compared
        return kind, written

    def _sum(self, operators: frozenset[str]) -> tuple[str, str]:
        def operand() -> tuple[str, str]:
            return self._sum(_MULTIPLY) if operators is _ADD else self._operand()

        kind, written = operand()
        while self._is(*operators):
            operator = self._take().text
            other, right = operand()
            # What is computed from columns is compared like a column.
            kind, written = (_COLUMN if _COLUMN in (kind, other) else _VALUE), f"{written} {operator} {right}"
        return kind, written

    def _operand(self) -> tuple[str, str]:
        if self._is("("):
            self._take()
            kind, written = self._either()
            self._close()
            return kind, f"({written})"
        token = self._peek()
        if token.kind in ("text", "number", "date") or token.text in ("true", "false", "null"):
            self._take()
            return (_BOOLEAN if token.text in ("true", "false") else _VALUE), token.text
        if token.kind != "name" or token.text in _RESERVED:
            raise self._error(self._unexpected())
        after = self._tokens[self._next + 1]
        if after.text == "(" and after.kind == "sign":
            return self._call()
        return self._path()

    def _call(self) -> tuple[str, str]:
        name = self._peek().text
        if name not in _TELL | _COMPUTE:
            raise self._error(f"the function {name}() does not exist")
        self._take()
        self._take()
        kinds, arguments = [_VALUE], []
        while not self._is(")"):
            kind, written = self._either()
            kinds.append(kind)
            arguments.append(written)
            if not self._is(","):
                break
            self._take()
        self._close()
        written = f"{name}({','.join(arguments)})"
        return (_BOOLEAN if name in _TELL else _COLUMN if _COLUMN in kinds else _VALUE), written

    def _path(self) -> tuple[str, str]:
        names = [self._name()]
        while self._is("/"):
            self._take()
            if self._is("any", "all") and self._tokens[self._next + 1].text == "(":
                return _BOOLEAN, self._quantified(names)
            names.append(self._name())
        path = "/".join(names)
        self._columns.add(path)
        if self._at("count"):
            self._take()
            return _COLUMN, f"{path}/$count"
        return _COLUMN, path

    def _quantified(self, names: list[str]) -> str:
        word = self._take().text
        self._take()
        variable = self._name()
        self._expect(":")
        self._columns.add("/".join(names))
        written = self._truth()
        self._close()
        return f"{'/'.join(names)}/{word}({variable}:{written})"

    def _list(self) -> str:
        self._expect("(")
        values = []
        while True:
            kind, written = self._operand()
            if kind == _COLUMN:
                raise self._error("only values can be listed after in")
            values.append(written)
            if not self._is(","):
                break
            self._take()
        self._close()
        return f"({', '.join(values)})"

    def _name(self) -> str:
        token = self._peek()
        if token.kind != "name" or token.text in _RESERVED:
            raise self._error(f"a name must be here: {self._unexpected()}")
        return self._take().text

    def _close(self) -> None:
        if not self._is(")"):
            raise self._error("a parenthesis is not closed" if self._at("end") else self._unexpected())
        self._take()

    def _expect(self, sign: str) -> None:
        if not self._is(sign):
            raise self._error(f"'{sign}' must be here: {self._unexpected()}")
        self._take()

    def _unexpected(self) -> str:
        return "the condition is not complete" if self._at("end") else f"'{self._peek().text}' cannot stand here"

    def _error(self, problem: str) -> BalenaUsageError:
        return _wrong(self._text, self._peek().at, problem)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _at(self, kind: str) -> bool:
        return self._peek().kind == kind

    def _is(self, *texts: str) -> bool:
        token = self._peek()
        return token.kind in ("name", "sign") and token.text in texts
