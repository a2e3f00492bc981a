# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments are checked against the annotations of the method that gets them, before anything is sent.

So a value of a wrong type is refused by one rule for all methods, and the annotations that editors and mypy show are
true at run time too. Arguments that name a thing (a device, an application …) are left to :mod:`.models._ids`, which
says "not found" like the reference.
"""

from __future__ import annotations

import datetime
import functools
import math
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, Union

from ._unset import UNSET
from .errors import BalenaInvalidParameterError

C = TypeVar("C", bound=type)

#: Parameters that name a thing, besides those that say so (see :func:`_names`).
_NAMING = frozenset(("device_type_name", "device_type_slug", "role_name"))

#: What a type is called in messages.
_CALLED: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "a boolean",
    bytes: "bytes",
    dict: "a dict",
    Mapping: "a dict",
    Callable: "a function",
    Iterable: "an iterable",
    list: "a list",
    type(None): "None",
    datetime.datetime: "a datetime",
    datetime.timedelta: "a timedelta",
}


def check_arguments(namespace: C) -> C:
    """Class decorator: every public method refuses arguments that do not fit its annotations.

    The methods raise BalenaInvalidParameterError.
    """
    for name, member in list(vars(namespace).items()):
        if isinstance(member, types.FunctionType) and not name.startswith("_"):
            setattr(namespace, name, _checking(member))
    return namespace


def check_fields(fields: Mapping[str, Any], declared: Any) -> None:
    """Refuse values that do not fit the annotations of a class (a NamedTuple, a TypedDict).

    Raises:
        BalenaInvalidParameterError: names the field.
    """
    _check(fields.items(), _hints(declared, tuple(declared.__annotations__), sys.modules[declared.__module__].__dict__))


def _checking(method: Callable[..., Any]) -> Callable[..., Any]:
    code = method.__code__  # inspect would take longer to import than all of this
    places = code.co_varnames[1 : code.co_argcount]
    parameters = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    checked = tuple(name for name in parameters if not _names(name))

    @functools.wraps(method)
    def call(self: Any, *args: Any, **named: Any) -> Any:
        given = dict(zip(places, args, strict=False), **named)
        _check(given.items(), _hints(method, checked, method.__globals__))
        try:
            return method(self, *args, **named)
        except BalenaInvalidParameterError as error:
            own = [name for name, value in given.items() if value is error.supplied_value]
            if error.expected or error.parameter_name in parameters or not own:
                raise
            # What was called inside of this method calls it something else, which says nothing to the caller.
            raise BalenaInvalidParameterError(own[0], error.supplied_value) from None

    return call


def _check(given: Iterable[tuple[str, Any]], hints: Mapping[str, Any]) -> None:
    for name, value in given:
        if name in hints and value is not UNSET and not fits(value, hints[name]):
            raise BalenaInvalidParameterError(name, expected=called(hints[name]), given=value)


_known_hints: dict[Any, dict[str, Any]] = {}


def _hints(owner: Any, names: tuple[str, ...], known: dict[str, Any]) -> dict[str, Any]:
    """The types of some parameters or fields; worked out when they are first needed."""
    found = _known_hints.get(owner)
    if found is None:
        wanted: Any = types.SimpleNamespace(__annotations__={name: owner.__annotations__[name] for name in names})
        found = _known_hints[owner] = typing.get_type_hints(wanted, known)
    return found


def _names(parameter: str) -> bool:
    """Say whether a parameter names a thing: ``uuid_or_id``, ``id``, ``role_name`` …"""
    return parameter.endswith("id") or "_or_" in parameter or parameter in _NAMING


def fits(value: Any, hint: Any) -> bool:
    """Say whether a value is of a type; a list's items are looked at, what is in a dict is not."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or origin is typing.Literal:  # the methods look at a few fixed words themselves
        return True
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if origin is list:
        return isinstance(value, (list, tuple)) and all(fits(item, inner[0]) for item in value)
    if origin is Callable:
        return callable(value)
    if hint in (int, float) and (isinstance(value, bool) or not _is_finite(value)):
        return False
    return isinstance(value, (int, float) if hint is float else origin or hint)


def _is_finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def called(hint: Any) -> str:
    """Say in words what is expected: ``text, a number or None``."""
    words = list(dict.fromkeys(_words(hint)))
    if _CALLED[float] in words and _CALLED[int] in words:
        words.remove(_CALLED[int])
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _words(hint: Any) -> list[str]:
    kind = typing.get_origin(hint) or hint
    if kind in (Union, types.UnionType):
        return [word for one in typing.get_args(hint) for word in _words(one)]
    return [_CALLED.get(kind) or f"a {kind.__name__}"]
