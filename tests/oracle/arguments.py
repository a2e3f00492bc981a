# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn the name and the arguments of a JavaScript call into those of the Python twin."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable, Mapping
from typing import Any

from .recording import UNDEFINED

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|-")
_WEB_FILE = re.compile(r'\{\{BalenaWebResourceFile "(.*)" bytes "(.*)"\}\}')
# Durations are milliseconds in JavaScript and seconds here.
_DURATIONS = {"timeout", "request_limit_interval"}


class Missing(Exception):
    """There is no Python twin of a method yet."""


class WrongCall(TypeError):
    """Python itself refuses the call: an argument is missing or unknown."""


def snake_case(name: str) -> str:
    """Return the mechanical Python name: ``getMACAddresses`` -> ``get_mac_addresses``."""
    name = _WORD_START.sub("_", name.replace("IPAddresses", "IpAddresses")).lower().replace("-", "")
    return f"{name}_" if keyword.iskeyword(name) else name


def invoke(function: Callable[..., Any], arguments: list[Any], by_name: dict[str, Any] | None = None) -> Any:
    """Call the Python twin of a JavaScript method with JavaScript's arguments.

    Raises:
        WrongCall: the arguments do not fit; nothing was called.
    """
    positional, named = bind(function, arguments)
    named.update(by_name or {})
    try:
        inspect.signature(function).bind(*positional, **named)
    except TypeError as error:
        raise WrongCall(str(error)) from None
    return function(*positional, **named)


def resolve(root: Any, method: str) -> Callable[..., Any]:
    """Return the Python twin of a dotted JavaScript name below ``root``.

    Raises:
        Missing: there is none.
    """
    value = root
    for part in method.split("."):
        try:
            value = getattr(value, snake_case(part))
        except (AttributeError, ImportError) as error:
            raise Missing(f"{method}: {error}") from None
    if not callable(value):
        raise Missing(f"{method} is not a method")
    return value  # type: ignore[no-any-return]


class Signature:
    """What a Python method takes.

    Args:
        function: the method.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        parameters = list(inspect.signature(function).parameters.values())
        self.positional = [item for item in parameters if item.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
        self.named = {item.name for item in parameters if item.kind is inspect.Parameter.KEYWORD_ONLY}
        any_others = [item.name for item in parameters if item.kind is inspect.Parameter.VAR_KEYWORD]
        self.takes_any = bool(any_others)
        # "**options" are the SDK's own and have Python's names; any others are fields of the API and keep its names.
        self._passes_on = self.takes_any and any_others != ["options"]
        self.parameters = {item.name: item for item in parameters}

    def name_of(self, name: str) -> str:
        """Return the Python name of an option."""
        return name if self._passes_on and not self.knows(snake_case(name)) else snake_case(name)

    def knows(self, name: str) -> bool:
        """Whether ``name`` can be given as a keyword-only argument."""
        return name in self.named


def bind(function: Callable[..., Any], arguments: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments for the Python twin.

    An option object becomes keyword arguments; OData options stay one dict. ``undefined`` is left out, or is ``None``
    where a value must be given.
    """
    signature = Signature(function)
    while arguments and arguments[-1] is UNDEFINED:
        arguments = arguments[:-1]
    named: dict[str, Any] = {}
    places = [parameter.name for parameter in signature.positional]
    values: list[Any] = []
    for argument in arguments:
        spread, rest = _spread(signature, argument, places[len(values) :])
        named.update(spread)
        if rest is not _NOTHING:
            values.append(rest)
    while len(values) > len(places):
        _drop_option_object(signature, values, named)
    return _as_python(signature, dict(zip(places, values, strict=False))), named


def _drop_option_object(signature: Signature, values: list[Any], named: dict[str, Any]) -> None:
    """There are more values than places: one of them is an option object that is empty, or OData options."""
    empty = [at for at, value in enumerate(values) if value in (None, UNDEFINED, {})]
    if empty and signature.named:
        del values[empty[-1]]
    elif isinstance(values[-1], Mapping) and signature.knows("options"):
        named["options"] = values.pop()
    else:
        raise WrongCall(f"no parameter for the argument {values[-1]!r}")


_NOTHING = object()


def _spread(signature: Signature, argument: Any, places: list[str]) -> tuple[dict[str, Any], Any]:
    """Split an option object into keyword arguments and what is left of it (OData options, or nothing)."""
    if not isinstance(argument, Mapping) or not argument:
        return {}, argument
    options = {name: value for name, value in argument.items() if name.startswith("$")}
    others = {
        signature.name_of(name): _value(snake_case(name), value)
        for name, value in argument.items()
        if name not in options
    }
    only_by_name = not places or (len(places) == 1 and places[0] == "options")
    known = others and all(signature.knows(name) for name in others)
    if not known and not (only_by_name and (signature.named or signature.takes_any) and not options):
        return {}, {_plain_key(name): _value(name, value) for name, value in argument.items()}
    if not options:
        return others, _NOTHING
    return (others, options) if places else ({**others, "options": options}, _NOTHING)


def _plain_key(name: str) -> str:
    return name if name.startswith("$") else snake_case(name) if re.fullmatch(r"[a-zA-Z]+", name) else name


def _value(name: str, value: Any) -> Any:
    if name in _DURATIONS and isinstance(value, (int, float)):
        return value / 1000
    if isinstance(value, str) and (match := _WEB_FILE.fullmatch(value)):
        from ansible_collections.community.balena.plugins.module_utils.sdk.utils import BalenaWebResourceFile

        return BalenaWebResourceFile(match[2].encode(), match[1])
    return value


def _as_python(signature: Signature, given: dict[str, Any]) -> list[Any]:
    values = []
    for parameter in signature.positional[: len(given)]:
        value = given[parameter.name]
        if value is UNDEFINED:
            value = None if parameter.default is inspect.Parameter.empty else parameter.default
        values.append(value)
    return values
