# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with an expression, found before there is a plan to ask: names that do not exist, types that never fit.

JMESPath itself answers most of that with null, so that a rule with a typing error would allow everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...engine.near import near
from .shapes import ANY, BOOLEAN, NUMBER, TEXT, Shape, joined, list_of, shape_of

Node = Mapping[str, Any]

#: What functions return whose arguments do not matter.
_RETURNS: Mapping[str, Shape] = {
    **dict.fromkeys(("abs", "avg", "ceil", "floor", "length", "sum", "to_number"), NUMBER),
    **dict.fromkeys(("contains", "ends_with", "starts_with"), BOOLEAN),
    **dict.fromkeys(("join", "to_string", "type"), TEXT),
    "keys": list_of(TEXT),
}
#: Functions that return a list like the one that they get, and those that return an item of it.
_SAME = ("reverse", "sort", "sort_by")
_ITEM = ("max", "max_by", "min", "min_by")
_ORDER = ("lt", "lte", "gt", "gte")
#: Types that count as true whatever the value.
_ALWAYS_TRUE = {"number": "which counts as true even if it is 0: compare it with another one, such as @ > `0`"}


class ExpressionError(Exception):
    """What is wrong with an expression, as part of a sentence."""


def check(node: Node, facts: Shape) -> Shape:
    """The shape of what an expression finds.

    :param node: the expression, as the JMESPath parser understands it.
    :param facts: what it is asked of.
    :raises ExpressionError: it cannot mean anything.
    """
    found = _shape(node, facts)
    _refuse_as_condition(found)
    if found.kind == "string":
        raise ExpressionError(f"it finds {_said(found)}, not whether it applies: compare the text with another one")
    return found


def _shape(node: Node, here: Shape) -> Shape:
    return _KINDS[node["type"]](node, here)


def _chain(node: Node, here: Shape) -> Shape:
    for child in node["children"]:
        here = _shape(child, here)
    return here


def _field(node: Node, here: Shape) -> Shape:
    name = node["value"]
    if here.kind == "array":
        raise ExpressionError(f"'{name}' is asked of a list; its items are meant with []: [].{name}")
    if here.kind not in ("object", "any"):
        raise ExpressionError(f"'{name}' is asked of {_said(here)}")
    if here.fields is None:
        return ANY
    if name not in here.fields:
        raise ExpressionError(
            f"{here.name} has no '{name}'{near(name, here.fields) or ', but ' + ', '.join(sorted(here.fields))}. "
            f"(A text stands in single quotes: '{name}')"
        )
    return here.fields[name]


def _items(shape: Shape, what: str) -> Shape:
    if shape.kind not in ("array", "any"):
        raise ExpressionError(f"{what} wants a list, not {_said(shape)}")
    return shape.items or ANY


def _index(node: Node, here: Shape) -> Shape:
    return _items(here, f"[{node['value']}]")


def _slice(node: Node, here: Shape) -> Shape:
    return list_of(_items(here, "[:]"))


def _projection(node: Node, here: Shape) -> Shape:
    items = _items(_shape(node["children"][0], here), "[*]")
    return list_of(_shape(node["children"][1], items))


def _values(node: Node, here: Shape) -> Shape:
    base = _shape(node["children"][0], here)
    if base.kind not in ("object", "any"):
        raise ExpressionError(f"* wants an object, not {_said(base)}")
    return list_of(_shape(node["children"][1], joined((base.fields or {}).values())))


def _filter(node: Node, here: Shape) -> Shape:
    base, then, condition = node["children"]
    items = _items(_shape(base, here), "[?]")
    _refuse_as_condition(_shape(condition, items))
    return list_of(_shape(then, items))


def _flatten(node: Node, here: Shape) -> Shape:
    items = _items(_shape(node["children"][0], here), "[]")
    return list_of(items.items or ANY) if items.kind == "array" else list_of(items)


def _either(node: Node, here: Shape) -> Shape:
    found = [_shape(child, here) for child in node["children"]]
    for shape in found:
        _refuse_as_condition(shape)
    return joined(found)


def _not(node: Node, here: Shape) -> Shape:
    _refuse_as_condition(_shape(node["children"][0], here))
    return BOOLEAN


def _refuse_as_condition(shape: Shape) -> None:
    if why := _ALWAYS_TRUE.get(shape.kind):
        raise ExpressionError(f"{_said(shape)} stands as a condition, {why}")


def _comparator(node: Node, here: Shape) -> Shape:
    left, right = (_shape(child, here) for child in node["children"])
    known = "any" not in (left.kind, right.kind)
    if node["value"] in _ORDER and known and not (left.kind == right.kind and left.kind in ("number", "string")):
        raise ExpressionError(f"{_said(left)} is compared with {_said(right)}{_quotes(left, right)}")
    if known and left.kind != right.kind and "null" not in (left.kind, right.kind):
        raise ExpressionError(
            f"{_said(left)} is compared with {_said(right)}, and never equals it{_quotes(left, right)}"
        )
    _refuse_impossible(left, right)
    return BOOLEAN


def _quotes(left: Shape, right: Shape) -> str:
    return ". A number stands in backticks: `5`" if {left.kind, right.kind} == {"number", "string"} else ""


def _refuse_impossible(left: Shape, right: Shape) -> None:
    """Refuse a text that the other side can never be, such as the name of a weekday in another language."""
    if not (left.kind == right.kind == "string" and left.choices and right.choices) or left.written == right.written:
        return
    asked, possible = (left.choices, right.choices) if left.written else (right.choices, left.choices)
    for text in asked:
        if text not in possible:
            known = f", but {', '.join(possible)}" if any(possible) else ""
            raise ExpressionError(f"it is never '{text}'{near(text, possible) or known}")


def _function(node: Node, here: Shape) -> Shape:
    name = node["value"]
    table = _table()
    if name not in table:
        raise ExpressionError(f"unknown function {name}(){near(name, table)}")
    signature: Sequence[Mapping[str, Any]] = table[name]["signature"]
    # What is written behind & is asked of each item of the list that stands beside it.
    values = [_shape(child, here) for child in node["children"] if child["type"] != "expref"]
    items = next((value.items for value in values if value.kind == "array"), None) or ANY
    arguments = [
        Shape("expref", "an expression", items=_shape(child["children"][0], items))
        if child["type"] == "expref"
        else _shape(child, here)
        for child in node["children"]
    ]
    _refuse_arguments(name, signature, arguments)
    return _returned(name, arguments)


def _refuse_arguments(name: str, signature: Sequence[Mapping[str, Any]], arguments: Sequence[Shape]) -> None:
    variadic = bool(signature) and signature[-1].get("variadic", False)
    if len(arguments) < len(signature) or (len(arguments) > len(signature) and not variadic):
        raise ExpressionError(
            f"{name}() has {len(arguments)} arguments, and needs {len(signature)}{' or more' if variadic else ''}"
        )
    for number, argument in enumerate(arguments):
        types = signature[min(number, len(signature) - 1)]["types"]
        if types and argument.kind != "any" and not any(one.partition("-")[0] == argument.kind for one in types):
            raise ExpressionError(f"{name}() wants {' or '.join(types)}, not {_said(argument)}")
    if name == "contains" and arguments[0].kind == "array" and (items := arguments[0].items):
        _refuse_impossible(items, arguments[1])


def _returned(name: str, arguments: Sequence[Shape]) -> Shape:
    if name in _SAME:
        return arguments[0]
    if name in _ITEM:
        return arguments[0].items or ANY
    if name == "map":
        return list_of(arguments[0].items or ANY)
    return _RETURNS.get(name, ANY)


def _table() -> Mapping[str, Mapping[str, Any]]:
    from jmespath.functions import Functions

    found: Mapping[str, Mapping[str, Any]] = Functions.FUNCTION_TABLE
    return found


def _said(shape: Shape) -> str:
    if len(shape.choices) == 1:
        return f"the text '{shape.choices[0]}'"
    return {"array": "a list", "null": "null"}.get(shape.kind) or shape.name or "a value"


_KINDS: Mapping[str, Callable[[Node, Shape], Shape]] = {
    "field": _field,
    "subexpression": _chain,
    "index_expression": _chain,
    "pipe": _chain,
    "index": _index,
    "slice": _slice,
    "projection": _projection,
    "value_projection": _values,
    "filter_projection": _filter,
    "flatten": _flatten,
    "and_expression": _either,
    "or_expression": _either,
    "not_expression": _not,
    "comparator": _comparator,
    "function_expression": _function,
    "literal": lambda node, here: shape_of(node["value"]),
    "current": lambda node, here: here,
    "identity": lambda node, here: here,
    "multi_select_list": lambda node, here: list_of(joined(_shape(child, here) for child in node["children"])),
    "multi_select_dict": lambda node, here: Shape(
        "object", "an object", {child["value"]: _shape(child["children"][0], here) for child in node["children"]}
    ),
}
