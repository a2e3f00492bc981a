# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OData options that a user gives to read a relation with: read before they are sent, as a filter is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..engine.plan import DeclarationError
from ..sdk._odata import compile_filter
from ..sdk._odata_reader import is_name
from ..sdk.errors import BalenaUsageError
from .rows import user_condition

_ORDER = re.compile(r"[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*(?: (?:asc|desc))?", re.ASCII)


def check_name(option: str, name: Any) -> None:
    """Refuse what cannot be the name of a column or relation.

    :raises DeclarationError: it is none; names the option.
    """
    if not isinstance(name, str) or "/" in name or not is_name(name):
        raise DeclarationError(f"{option}: '{name}' cannot be the name of a column or relation of the API")


def relation_options(relation: str, options: Mapping[str, Any], path: str = "expand") -> dict[str, Any]:
    """The options to read one relation with, as they can be sent.

    :param path: where the relation is named.
    :raises DeclarationError: an option that there is not, or a value that could mean more than it says.
    """
    check_name(path, relation)
    where = f"{path}.{relation}"
    unknown = [name for name in options if name not in _READERS]
    if unknown:
        raise DeclarationError(f"{where} has no option {', '.join(map(str, unknown))}. It has: {', '.join(_READERS)}")
    return {name: _READERS[name](f"{where}.{name}", value) for name, value in options.items() if value is not None}


def _filter(where: str, value: Any) -> str:
    try:
        text = value if isinstance(value, str) else compile_filter(value)
    except (BalenaUsageError, AttributeError, TypeError) as error:
        raise DeclarationError(f"{where}: {error}") from error
    condition = user_condition(text, where)
    if condition is None or condition.twins:
        twins = "; ".join(condition.twins) if condition else text
        raise DeclarationError(f"{where} compares columns with each other, which servers mistake here: {twins}")
    return condition.text


def _names(where: str, value: Any) -> list[str]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not names:
        raise DeclarationError(f"{where} must be a list of columns")
    found = [name.strip() if isinstance(name, str) else name for name in names]
    for name in found:
        check_name(where, name)
    return found


def _order(where: str, value: Any) -> str:
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else [None]
    if not all(part and _ORDER.fullmatch(part) for part in parts):
        raise DeclarationError(f"{where} must be text such as 'created_at desc', not {value!r}")
    return ",".join(str(part) for part in parts)


def _number(where: str, value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        raise DeclarationError(f"{where} must be a whole number of 0 or more, not {value!r}")
    return int(text)


def _relations(where: str, value: Any) -> dict[str, Any]:
    given = [value] if isinstance(value, str) else value
    if isinstance(given, Mapping) and all(isinstance(options or {}, Mapping) for options in given.values()):
        return {str(name): relation_options(str(name), options or {}, where) for name, options in given.items()}
    if isinstance(given, Sequence) and given:
        return {name: relation_options(name, {}, where) for name in given}
    raise DeclarationError(f"{where} must be a list of relations, or a dictionary of relations and their OData options")


def _count(where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or set(value) - {"$filter"}:
        raise DeclarationError(f"{where} must be an empty dictionary, or one with $filter")
    return {name: _filter(f"{where}.{name}", condition) for name, condition in value.items()}


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "$select": _names,
    "$filter": _filter,
    "$expand": _relations,
    "$orderby": _order,
    "$top": _number,
    "$skip": _number,
    "$count": _count,
}
