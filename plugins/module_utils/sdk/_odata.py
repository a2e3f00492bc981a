# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the URL of an OData request from a resource, a key and a dict of options. The one place that escapes."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

from ._odata_filter import OPERATORS, Expression, compile_filter, equals, is_plain, literal
from ._text import js_text, type_name
from .errors import BalenaUsageError

#: A C($filter) may count rows of a relation only where this file is read: C(compile_filter) is to be had from here.
__all__ = ["build_url", "compile_count", "compile_filter", "compile_key", "compile_query", "escape"]

# The server reads percent-encoded structure as text, so these stay as they are outside of quoted strings.
_STRUCTURE = "$(),:/'=;@*!?~"
# Inside of a quoted string only what cannot be mistaken for structure stays as it is.
_TEXT = "'()*!~:"
_QUOTED = re.compile(r"('(?:[^']|'')*')")


def escape(text: str) -> str:
    """Escape OData text for a URL: everything unusual inside quotes, but never the structure around them."""
    pieces = _QUOTED.split(text)
    return "".join(urllib.parse.quote(piece, safe=_TEXT if odd else _STRUCTURE) for odd, piece in _numbered(pieces))


def _numbered(pieces: list[str]) -> list[tuple[int, str]]:
    return [(number % 2, piece) for number, piece in enumerate(pieces)]


def compile_key(key: Any) -> str:
    """Return ``(1)``, ``('text')`` or ``(uuid='…')`` for an id, a text key or a dict with a natural key.

    Raises:
        BalenaUsageError: the key is ``None``, an empty dict or of another type.
    """
    if key is None:
        raise BalenaUsageError("If the id property is set it must be non-null; leave it out to read a list")
    if isinstance(key, Mapping) and "@" not in key:
        if not key:
            raise BalenaUsageError("The id is an empty dict: give the natural key of the resource")
        return "(" + ",".join(f"{name}={literal(value)}" for name, value in key.items()) + ")"
    return f"({literal(key)})"


def compile_query(options: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the query as pairs of name and unescaped text, in the order of ``options``; ``None`` is left out.

    Only ``$top`` and ``$skip`` must be numbers: a limit that was meant to be there would be none.

    Raises:
        BalenaUsageError: an unknown ``$`` option, or a value that the option cannot have.
    """
    return [
        (name, _option(name, value)) for name, value in (options or {}).items() if value is not None or name in _LIMITS
    ]


def build_url(resource: str, key: Any = None, options: Mapping[str, Any] | None = None, has_key: bool = False) -> str:
    """Return the URL below the API's prefix, for example ``device(1)?$select=id``.

    Args:
        resource: the name of the resource.
        key: see :func:`compile_key`; used only with ``has_key``.
        options: OData options; ``$count`` asks for the number of rows and stands alone.
        has_key: whether one row is meant.
    """
    path = resource + (compile_key(key) if has_key else "")
    if options and "$count" in options:
        _alone("$count", options)
        if has_key:
            raise BalenaUsageError("$count counts rows, so it cannot be combined with an id")
        path, options = f"{path}/$count", options["$count"]
    query = "&".join(f"{escape(name)}={escape(text)}" for name, text in compile_query(options))
    return escape(path) + (f"?{query}" if query else "")


def compile_count(path: str, options: Any) -> str:
    """Return ``path/$count``, with its options in parentheses."""
    inner = _inner_options(options) if isinstance(options, Mapping) else ""
    return f"{path}/$count{inner}"


def _count_in_a_filter(value: Any, path: str | None) -> Expression:
    if is_plain(value):
        return equals(f"{path or ''}/$count", Expression(literal(value), True))
    return Expression(compile_count(path or "", value), True)


OPERATORS["$count"] = _count_in_a_filter


def _alone(name: str, options: Mapping[str, Any]) -> None:
    if len(options) > 1:
        raise BalenaUsageError(f"{name} cannot be combined with other options, got: {', '.join(options)}")


def _inner_options(options: Mapping[str, Any]) -> str:
    if unknown := [name for name in options if not name.startswith("$")]:
        raise BalenaUsageError(f"Not an option of $expand: {', '.join(unknown)}; write $expand before a relation")
    query = compile_query(options)
    return "(" + ";".join(f"{name}={text}" for name, text in query) + ")" if query else ""


def _option(name: str, value: Any) -> str:
    if name in _COMPILERS:
        return _COMPILERS[name](value)
    if name.startswith("@"):
        return literal(value)
    if name.startswith("$"):
        raise BalenaUsageError(f"Unknown odata option '{name}'")
    if isinstance(value, (list, tuple)):
        return ",".join(js_text(item) for item in value)
    if not is_plain(value):
        given = type(value).__name__
        raise BalenaUsageError(f"The option '{name}' must be text, number, boolean or a list, got {given}")
    return js_text(value)


def _names(option: str) -> Callable[[Any], str]:
    def join(value: Any) -> str:
        if isinstance(value, str):
            return value
        names = _not_empty(option, value)
        if wrong := [name for name in names if not isinstance(name, str)]:
            raise BalenaUsageError(f"'{option}' lists names, got {type_name(wrong[0])}")
        return ",".join(names)

    return join


def _not_empty(option: str, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise BalenaUsageError(f"'{option}' must be text or a list, got {type(value).__name__}")
    if not value:
        raise BalenaUsageError(f"'{option}' arrays have to have at least 1 element")
    return list(value)


def _number(option: str) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise BalenaUsageError(f"'{option}' option has to be a number, got {type(value).__name__}")
        return js_text(value)

    return write


def _orderby(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return _orderby_one(value)
    items = _not_empty("$orderby", value)
    if any(isinstance(item, (list, tuple)) for item in items):
        raise BalenaUsageError("'$orderby' cannot have nested arrays")
    return ",".join(_orderby(item) for item in items)


def _orderby_one(value: Mapping[str, Any]) -> str:
    names = [name for name in value if name != "$dir"]
    if len(names) != 1:
        raise BalenaUsageError(f"'$orderby' objects must have exactly one element, got {len(names)} elements")
    name, inner = names[0], value[names[0]]
    if isinstance(inner, Mapping):
        if "$count" not in inner:
            raise BalenaUsageError(f"'$orderby' can order by {{'{name}': {{'$count': …}}}}, got: {', '.join(inner)}")
        _alone("$count", inner)
        name, inner = compile_count(name, inner["$count"]), value.get("$dir")
    if inner not in ("asc", "desc"):
        raise BalenaUsageError("'$orderby' direction must be 'asc' or 'desc'")
    return f"{name} {inner}"


def _expand(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ",".join(_expand_one(name, options) for name, options in value.items())
    return ",".join(_expand(item) for item in _not_empty("$expand", value))


def _expand_one(name: str, options: Any) -> str:
    if not isinstance(options, Mapping):
        raise BalenaUsageError(f"Expand object values must be dicts of options, got {js_text(options)} for {name}")
    if "$count" in options:
        _alone("$count", options)
        return compile_count(name, options["$count"])
    return name + _inner_options(options)


_LIMITS = ("$top", "$skip")
_COMPILERS: dict[str, Callable[[Any], str]] = {
    "$filter": compile_filter,
    "$select": _names("$select"),
    "$orderby": _orderby,
    "$expand": _expand,
    "$format": js_text,
    "$top": _number("$top"),
    "$skip": _number("$skip"),
}
