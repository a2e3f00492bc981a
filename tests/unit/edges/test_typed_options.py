# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that planners and readers look up are typed as their modules declare them."""

from __future__ import annotations

import inspect
from functools import partial
from types import GenericAlias, NoneType
from typing import Any, TypedDict, get_args, get_type_hints, is_typeddict

import pytest

from tests.support.modules import MODULES, argument_spec, module_of

TYPES: dict[str, Any] = {
    "str": str,
    "path": str,
    "int": int,
    "float": float,
    "bool": bool,
    "dict": dict[str, Any],
    "raw": Any,
}


def options_type(function: Any) -> Any:
    """What a planner, reader or conclusion says that the options of its module are."""
    function = inspect.unwrap(function.func if isinstance(function, partial) else function)
    options = [*inspect.signature(function).parameters.values()]
    (said,) = [one.annotation for one in options if one.name == "want"]
    return eval(said, function.__globals__)


def readers_of(module: str) -> list[Any]:
    """The functions that get all options of a module, and look at them."""
    edge = module_of(module)
    outcome = edge.OPTIONS.outcome
    looks = outcome and "want" in inspect.signature(outcome).parameters
    return [edge.read if hasattr(edge, "read") else edge.plan, *([outcome] if looks else [])]


def mistakes(typed: Any, spec: dict[str, Any], path: str = "") -> dict[str, str]:
    """What the keys of a TypedDict say otherwise than an argument spec, by their names."""
    found = {}
    for name, said in get_type_hints(typed).items():
        if name not in spec:
            found[path + name] = "is not an option"
            continue
        option = spec[name]
        known = "default" in option or option.get("required", False)
        own = [one for one in get_args(said) if one is not NoneType] if NoneType in get_args(said) else [said]
        if (own == [said]) != known:
            found[path + name] = f"{said}, and the option {'cannot' if known else 'can'} be null"
        (inner,) = own if len(own) == 1 else [said]
        nested = get_args(inner)[0] if option["type"] == "list" and get_args(inner) else inner
        if is_typeddict(nested):
            found.update(mistakes(nested, option.get("options", {}), f"{path}{name}."))
        elif inner != declared(option):
            found[path + name] = f"{said}, and the option is {declared(option)}"
    return found


def declared(option: dict[str, Any]) -> Any:
    """The type of an option that is given."""
    if option["type"] == "list":
        return GenericAlias(list, (TYPES[option.get("elements", "raw")],))
    return TYPES[option["type"]]


@pytest.mark.parametrize("module", MODULES)
def test_what_is_looked_up_is_an_option_of_that_type(module):
    for function in readers_of(module):
        typed = options_type(function)
        assert is_typeddict(typed), f"{function.__qualname__} takes any options"
        assert mistakes(typed, argument_spec(module)) == {}


class Drifted(TypedDict):
    """The options of balena_team, as they never were."""

    organization: str
    name: str | None
    new_name: str
    members: dict[str, Any] | None
    access: dict[str, Any] | None
    purge: int
    region: str


def test_what_has_drifted_apart_is_found():
    found = mistakes(Drifted, argument_spec("balena_team"))
    assert [*found] == ["name", "new_name", "members", "purge", "region"]
