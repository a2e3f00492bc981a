# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the result of a Jinja expression depends on.

An expression that is a pure function of a few variables need be evaluated only once per distinct value of these. This
module finds out whether it is one, and of what. Whatever it does not know is taken as impure: then each host is
evaluated as ansible-core does it, which is slower but always right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Union

from jinja2 import Environment, TemplateError, nodes
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

_JINJA = Environment(autoescape=False)  # noqa: S701 - parses only, renders nothing
_MARKS = re.compile(r"\{[{%#]|[}%#]\}")

#: Methods that change a variable, which before ansible-core 2.19 other expressions then see.
_CHANGES = re.compile(
    r"\b(add|append|clear|discard|extend|insert|pop|popitem|remove|reverse|setdefault|sort|update)\b[\s'\")\]]*\("
)

Step = Union[str, int]

#: Names that stand for more than one variable, or for a function whose result is not settled by its arguments.
_IMPURE_NAMES = frozenset(
    "ansible_delegated_vars cycler environment group_names groups hostvars joiner lipsum lookup namespace now omit"
    " q query self undef vars".split()
)
_PURE_FUNCTIONS = frozenset({"dict", "range"})
_PURE_METHODS = frozenset(
    "capitalize casefold count encode endswith find format get index isalnum isalpha isascii isdecimal isdigit"
    " isidentifier islower isnumeric isspace istitle isupper items join keys ljust lower lstrip partition removeprefix"
    " removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title"
    " upper values zfill".split()
)
_PURE_FILTERS = (frozenset(FILTERS) - {"random"}) | frozenset(
    "b64decode b64encode basename bool checksum combinations combine comment commonpath dict2items difference dirname"
    " extract flatten from_json from_yaml hash human_readable human_to_bytes intersect items2dict log mandatory md5"
    " normpath path_join permutations pow product quote regex_escape regex_findall regex_replace regex_search"
    " rekey_on_member relpath root sha1 split splitext subelements symmetric_difference ternary to_datetime to_json"
    " to_nice_json to_nice_yaml to_uuid to_yaml type_debug union urldecode urlsplit win_basename win_dirname"
    " win_splitdrive zip zip_longest".split()
)
_PURE_TESTS = (frozenset(TESTS) - {"sameas"}) | frozenset(
    "all any contains falsy in issubset issuperset match nan regex search subset superset truthy uri url urn version"
    " version_compare".split()
)
#: Filters that pick an item of a list.
_ENDS = {"first": 0, "last": -1}
#: Filters that are given the name of another filter or test, and at which position.
_NAMES_A_FILTER = {"map": 0}
_NAMES_A_TEST = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}

_PURE_NODES = (
    nodes.Output, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test,
    nodes.Call, nodes.Compare, nodes.Operand, nodes.BinExpr, nodes.UnaryExpr, nodes.Concat, nodes.CondExpr,
    nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword,
)  # fmt: skip

#: A dict has these as attributes, so C(tags.items) is the method and not the tag.
_DICT_ATTRIBUTES = frozenset(dir(dict))
MISSING = "missing", object


@dataclass(frozen=True)
class Dependency:
    """A variable, or the part of one that constant steps lead to: C(tags.site) does not depend on other tags."""

    name: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """What an expression depends on.

    :param pure: the values of the dependencies settle the result.
    :param path: set if the expression is nothing but a dotted name, whose value is the result. C(| first) of a list
        counts as its item 0, and C(| last) as its item -1.
    """

    pure: bool
    dependencies: tuple[Dependency, ...] = ()
    path: Dependency | None = None

    @property
    def names(self) -> frozenset[str]:
        """The variables that the expression names."""
        return frozenset(dependency.name for dependency in self.dependencies)

    def __add__(self, other: Analysis) -> Analysis:
        return Analysis(self.pure and other.pure, (*self.dependencies, *other.dependencies))


NOTHING = Analysis(True)
UNKNOWN = Analysis(False)


def changes_variables(expression: object) -> bool:
    """Whether the expression may do something to a variable, such as C(balena_ip_addresses.append('x'))."""
    return isinstance(expression, str) and _CHANGES.search(expression) is not None


def analyse(expression: object) -> Analysis:
    """Analyse an expression as C(compose) and C(keyed_groups) have them, without braces around it."""
    if isinstance(expression, bool):
        return NOTHING
    if not isinstance(expression, str) or _MARKS.search(expression):
        return UNKNOWN
    return _analyse_template("{{ " + expression + " }}")


def analyse_template(text: object) -> Analysis:
    """Analyse text in which expressions stand in braces, as C(parent_group) has it."""
    if not isinstance(text, str) or not _MARKS.search(text):
        return NOTHING
    return _analyse_template(text)


def _analyse_template(text: str) -> Analysis:
    try:
        tree = _JINJA.parse(text)
    except (TemplateError, RecursionError):
        return UNKNOWN
    try:
        found = tuple(dict.fromkeys(_dependencies(tree)))
    except _ImpureError:
        return UNKNOWN
    outputs = [node for output in tree.body if isinstance(output, nodes.Output) for node in output.nodes]
    values = [node for node in outputs if not isinstance(node, nodes.TemplateData) or node.data.strip()]
    return Analysis(True, found, _whole_path(values[0]) if len(values) == 1 else None)


class _ImpureError(Exception):
    """A part of the expression whose value is not settled by variables."""


def _dependencies(node: nodes.Node) -> Iterator[Dependency]:
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.TemplateData):
            continue
        _require_pure(child)
        path = _path(child)
        if path:
            yield path
            yield from _dynamic_parts(child)
        elif not (isinstance(child, nodes.Call) and isinstance(child.node, nodes.Name)):
            yield from _dependencies(child)
        else:  # a function: its name is not a variable
            for argument in [*child.args, *child.kwargs]:
                yield from _dependencies(nodes.Tuple([argument], "load"))


def _path(node: nodes.Node) -> Dependency | None:
    """The node as a name and constant steps, as far as these reach; None if it does not begin with a name."""
    steps: list[Step] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        step = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
        steps = [] if step is None else [step, *steps]
        node = node.node
    return Dependency(node.name, tuple(steps)) if isinstance(node, nodes.Name) else None


def _whole_path(node: nodes.Node) -> Dependency | None:
    """The node as a name and constant steps to its very end; None if it is more, or less, than that."""
    steps: list[Step] = []
    current: nodes.Node | None = node
    while not isinstance(current, nodes.Name):
        step: Step | None = None
        if isinstance(current, nodes.Filter) and not (current.args or current.kwargs):
            step, current = _ENDS.get(current.name), current.node
        elif isinstance(current, nodes.Getattr):
            step, current = current.attr, current.node
        elif isinstance(current, nodes.Getitem):
            step, current = _constant(current.arg), current.node
        if step is None:
            return None
        steps.insert(0, step)
    return Dependency(current.name, tuple(steps))


def _constant(node: nodes.Node) -> Step | None:
    if isinstance(node, nodes.Const) and node.value.__class__ in (str, int):
        return node.value
    return None


def _dynamic_parts(node: nodes.Node) -> Iterator[Dependency]:
    """What stands in brackets on the way of a path: C(tags[balena_note]) depends on the note too."""
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        if isinstance(node, nodes.Getitem) and _constant(node.arg) is None:
            yield from _dependencies(nodes.Tuple([node.arg], "load"))
        _require_pure(node.node)
        node = node.node


def _require_pure(node: nodes.Node) -> None:
    if not isinstance(node, _PURE_NODES):
        raise _ImpureError
    if isinstance(node, nodes.Name) and node.name in _IMPURE_NAMES:
        raise _ImpureError
    if isinstance(node, (nodes.Filter, nodes.Test, nodes.Call)) and (node.dyn_args or node.dyn_kwargs):
        raise _ImpureError
    if isinstance(node, nodes.Call) and not _is_pure_call(node):
        raise _ImpureError
    if isinstance(node, nodes.Test) and _short(node.name) not in _PURE_TESTS:
        raise _ImpureError
    if isinstance(node, nodes.Filter) and not _is_pure_filter(node):
        raise _ImpureError


def _is_pure_call(call: nodes.Call) -> bool:
    if isinstance(call.node, nodes.Name):
        return call.node.name in _PURE_FUNCTIONS
    return isinstance(call.node, nodes.Getattr) and call.node.attr in _PURE_METHODS


def _is_pure_filter(node: nodes.Filter) -> bool:
    name = _short(node.name)
    if name not in _PURE_FILTERS:
        return False
    for table, allowed in ((_NAMES_A_FILTER, _PURE_FILTERS), (_NAMES_A_TEST, _PURE_TESTS)):
        position = table.get(name)
        if position is not None and len(node.args) > position:
            named = node.args[position]
            if not isinstance(named, nodes.Const) or _short(str(named.value)) not in allowed:
                return False
    return True


def _short(name: str) -> str:
    return name.removeprefix("ansible.builtin.")


def follow(value: Any, steps: tuple[Step, ...]) -> tuple[Any, bool]:
    """Go from a value of plain JSON as far along the steps as each of them is sure to mean an item.

    :returns: what the steps lead to (C(MISSING) if there is no such item), or the container whose step may mean
        something else, such as a method; and whether all steps were gone.
    """
    for step in steps:
        if (
            value.__class__ is dict
            and step.__class__ is str
            and step not in _DICT_ATTRIBUTES
            and not step.startswith("_")
        ):
            value = value.get(step, MISSING)
        elif value.__class__ is list and step.__class__ is int:
            value = value[step] if -len(value) <= step < len(value) else MISSING
        else:
            return value, value is MISSING
    return value, True


def freeze(value: Any) -> Any:
    """A hashable key of a value of plain JSON that tells C(1), C(True), C(1.0) and C("1") apart, and orders too."""
    kind = value.__class__
    if kind is str or value is None or value is MISSING:
        return value
    if kind is dict:
        return "dict", tuple((key, freeze(item)) for key, item in value.items())
    if kind is list:
        return "list", tuple(freeze(item) for item in value)
    return kind, repr(value)
