# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn a ``$filter`` given as dicts and lists into OData text (not yet escaped for a URL)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ._text import js_text
from .errors import BalenaUsageError

BINARY = frozenset("$eq $ne $gt $ge $lt $le $add $sub $mul $div $mod".split())
FUNCTIONS = frozenset(
    "$contains $endswith $startswith $length $indexof $substring $tolower $toupper $trim $concat $year $month $day"
    " $hour $minute $second $fractionalseconds $date $time $totaloffsetminutes $now $maxdatetime $mindatetime"
    " $totalseconds $round $floor $ceiling $isof $cast".split()
)


class Expression(NamedTuple):
    """OData text, and whether it can stand beside an operator without parentheses."""

    text: str
    atomic: bool

    def enclosed(self) -> str:
        """Return the text, in parentheses where it needs them."""
        return self.text if self.atomic else f"({self.text})"


def is_plain(value: Any) -> bool:
    """Tell whether ``value`` is written as a literal: text, number, boolean, null or date."""
    return value is None or isinstance(value, (str, bool, int, float, datetime.date))


def literal(value: Any) -> str:
    """Write one value as OData does: ``'it''s'``, ``5``, ``true``, ``null``, ``datetime'…'``.

    Raises:
        BalenaUsageError: the value has a type that OData has no literal for.
    """
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime.date):
        return f"datetime'{iso_date(value)}'"
    if is_plain(value):
        return js_text(value)
    if isinstance(value, Mapping) and set(value) == {"@"}:
        return f"@{value['@']}"
    raise BalenaUsageError(f"Cannot write a {type(value).__name__} in a filter; expected text, number, boolean or date")


def iso_date(value: datetime.date) -> str:
    """Return ``2024-01-02T03:04:05.678Z``; a date without time zone is taken as UTC."""
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return value.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def compile_filter(condition: Any) -> str:
    """Return the text of a whole ``$filter``; a string is taken as OData text already."""
    return _boolean(condition).text


def _boolean(condition: Any) -> Expression:
    """Compile where a condition stands: text there is OData, not a string literal."""
    return Expression(condition, False) if isinstance(condition, str) else _compile(condition, None)


def _compile(value: Any, path: str | None) -> Expression:
    if is_plain(value):
        return equals(path, Expression(literal(value), True))
    if isinstance(value, Mapping):
        return _all_of(value, path, "and")
    if isinstance(value, Sequence):
        return equals(path, _join([_compile(item, None) for item in _at_least(value, 2)], "or"))
    raise BalenaUsageError(f"Expected a dict, list or plain value in a filter, got: {type(value).__name__}")


def equals(path: str | None, value: Expression, operator: str = "eq") -> Expression:
    return value if path is None else Expression(f"{path} {operator} {value.enclosed()}", False)


def _all_of(conditions: Mapping[str, Any], path: str | None, operator: str) -> Expression:
    return _join([_entry(key, value, path) for key, value in conditions.items()], operator)


def _join(parts: Sequence[Expression], operator: str) -> Expression:
    parts = [part for part in parts if part.text]
    if len(parts) == 1:
        return parts[0]
    return Expression(f" {operator} ".join(part.enclosed() for part in parts), not parts)


def _at_least(items: Sequence[Any], minimum: int) -> Sequence[Any]:
    if len(items) < minimum:
        raise BalenaUsageError(f"Filter arrays must have at least {minimum} elements, got: {list(items)!r}")
    return items


def _entry(key: str, value: Any, path: str | None) -> Expression:
    """Compile one item of a dict: an operator, or a property."""
    if key in BINARY:
        return _binary(key[1:], value, path)
    if key in FUNCTIONS:
        return _function(key[1:], value, path)
    if key in OPERATORS:
        return OPERATORS[key](value, path)
    if key.startswith("$"):
        raise BalenaUsageError(f"Unrecognised operator: '{key}'")
    if path is not None:
        raise BalenaUsageError(
            f"A filter cannot reach through '{path}' to '{key}'; say which row of '{path}' is meant with"
            f" {{'{path}': {{'$any': {{'$alias': 'x', '$expr': {{'x': {{'{key}': …}}}}}}}}}}"
        )
    return _compile(value, key)


def _binary(operator: str, value: Any, path: str | None) -> Expression:
    """Compile ``{"$gt": …}``: one operand is set against ``path``, several are joined by the operator."""
    if isinstance(value, (list, tuple)):
        return equals(path, _join([_compile(operand, None) for operand in _at_least(value, 2)], operator))
    if isinstance(value, Mapping) and len(value) > 1:
        return equals(path, _all_of(value, None, operator))
    return equals(path, _compile(value, None), operator)


def _function(name: str, value: Any, path: str | None) -> Expression:
    """Compile ``{"$startswith": …}``: one plain argument follows ``path``, any others stand alone."""
    if value is None or (isinstance(value, Mapping) and not value):
        return equals(path, Expression(f"{name}()", True))
    if is_plain(value):
        arguments = ([path] if path else []) + [literal(value)]
        return Expression(f"{name}({','.join(arguments)})", True)
    items = [{key: item} for key, item in value.items()] if isinstance(value, Mapping) else value
    arguments = [_compile(item, None).text for item in items]
    return equals(path, Expression(f"{name}({','.join(arguments)})", True))


def _conjunction(operator: str) -> Callable[[Any, str | None], Expression]:
    def combine(value: Any, path: str | None) -> Expression:
        if isinstance(value, Mapping):
            return equals(path, _all_of(value, None, operator))
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise BalenaUsageError(f"Expected a list or dict for ${operator}, got: {type(value).__name__}")
        part = _boolean if path is None else (lambda item: _compile(item, None))
        return equals(path, _join([part(item) for item in _at_least(value, 2)], operator))

    return combine


def _negation(value: Any, path: str | None) -> Expression:
    inner = _boolean(value) if path is None else _compile(value, None)
    return equals(path, Expression(f"not({inner.text})", True))


def _membership(value: Any, path: str | None) -> Expression:
    if isinstance(value, Mapping):
        return _all_of(value, path, "or")
    if not isinstance(value, (list, tuple, set, frozenset)):
        return _compile(value, path)
    items = _at_least(list(value), 1)
    if all(is_plain(item) for item in items):
        return Expression(f"{path} in ({', '.join(literal(item) for item in items)})", False)
    return _join([_compile(item, path) for item in items], "or")


def _lambda(name: str) -> Callable[[Any, str | None], Expression]:
    def quantify(value: Any, path: str | None) -> Expression:
        if path is None or not isinstance(value, Mapping) or not {"$alias", "$expr"} <= set(value):
            raise BalenaUsageError(f"${name} needs a property before it, and a dict with $alias and $expr")
        condition = _below_alias(value["$alias"], value["$expr"])
        return Expression(f"{path}/{name}({value['$alias']}:{_boolean(condition).text})", True)

    return quantify


def _below_alias(alias: str, condition: Any) -> Any:
    """Write the properties of the row that an alias stands for as ``alias/property``."""
    if isinstance(condition, Mapping):
        flat: dict[str, Any] = {}
        for key, value in condition.items():
            below = dict(value) if key == alias and isinstance(value, Mapping) else {}
            properties = {f"{alias}/{name}": below.pop(name) for name in list(below) if not name.startswith("$")}
            if not properties or below:
                properties[key] = below or value
            flat.update((name, _below_alias(alias, item)) for name, item in properties.items())
        return flat
    if isinstance(condition, (list, tuple)):
        return [_below_alias(alias, item) for item in condition]
    return condition


def _reference(value: Any, path: str | None) -> Expression:
    text = value if isinstance(value, str) else "/".join(str(part) for part in value)
    return equals(path, Expression(text, True))


def _bound_parameter(value: Any, path: str | None) -> Expression:
    if not isinstance(value, str):
        raise BalenaUsageError(f"Parameter alias reference must be a string, got: {type(value).__name__}")
    return equals(path, Expression(f"@{value}", True))


def _duration(value: Any, path: str | None) -> Expression:
    if not isinstance(value, Mapping):
        raise BalenaUsageError(f"Expected a dict for $duration, got: {type(value).__name__}")
    days = f"{js_text(value['days'])}D" if value.get("days") else ""
    units = [unit for unit in ("hours", "minutes", "seconds") if value.get(unit)]
    clock = "".join(f"{js_text(value[unit])}{unit[0].upper()}" for unit in units)
    sign = "-" if value.get("negative") else ""
    return equals(path, Expression(f"duration'{sign}P{days}{'T' + clock if clock else ''}'", True))


def _raw(value: Any, path: str | None) -> Expression:
    """Insert OData text; ``$1`` or ``$name`` in it stand for the values given beside it."""
    if isinstance(value, str):
        return equals(path, Expression(f"({value})", True))
    if isinstance(value, Mapping):
        text, binds = value.get("$string"), {str(key): bind for key, bind in value.items() if key != "$string"}
    elif isinstance(value, (list, tuple)):
        text, binds = value[0] if value else None, {str(number): bind for number, bind in enumerate(value[1:], 1)}
    else:
        text, binds = None, {}
    if not isinstance(text, str) or not all(name.isalnum() for name in binds):
        raise BalenaUsageError("$raw takes text, a list of text and values, or a dict with $string and named values")
    # All at once, so that a value with a "$1" in it is not taken for text.
    filled = re.sub(
        r"\$([a-zA-Z0-9]+)(?![a-zA-Z0-9_])",
        lambda bind: f"({_compile(binds[bind[1]], None).text})" if bind[1] in binds else bind[0],
        text,
    )
    return equals(path, Expression(f"({filled})", True))


#: What stands for each operator; `_odata` adds ``$count``, whose options can hold filters in turn.
OPERATORS: dict[str, Callable[[Any, str | None], Expression]] = {
    "$and": _conjunction("and"),
    "$or": _conjunction("or"),
    "$not": _negation,
    "$in": _membership,
    "$any": _lambda("any"),
    "$all": _lambda("all"),
    "$": _reference,
    "@": _bound_parameter,
    "$duration": _duration,
    "$raw": _raw,
}
