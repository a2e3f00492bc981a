# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions of rules: JMESPath that does not answer null where it cannot answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...engine.plan import DeclarationError
from ...sdk.errors import BalenaError
from .checking import ExpressionError, check
from .shapes import Shape

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Expression:
    """An expression that has been checked."""

    find: Callable[[Facts], Any]

    @classmethod
    def of(cls, text: str, where: str, facts: Shape) -> Expression:
        """Understand an expression.

        :param where: what holds it, for the message.
        :param facts: what it will be asked of.
        :raises DeclarationError: it is not JMESPath, or asks for what does not exist.
        :raises BalenaError: jmespath is not installed.
        """
        interpreter = _interpreter()
        import jmespath
        from jmespath.exceptions import JMESPathError

        try:
            node = jmespath.compile(text).parsed
        except (JMESPathError, RecursionError) as error:
            raise DeclarationError(f"{where} is not a JMESPath expression: {_reason(error)}") from error
        try:
            check(node, facts)
        except (ExpressionError, RecursionError) as error:
            raise DeclarationError(f"{where}: {_reason(error)}") from error
        return cls(lambda found: interpreter().visit(node, found))

    def found(self, facts: Facts, where: str) -> Any:
        """What it finds.

        :raises DeclarationError: it cannot be told, such as when nothing is compared with a number.
        """
        try:
            return self.find(facts)
        except Exception as error:  # JMESPath also lets errors of Python through: a step of 0, values of two types
            raise DeclarationError(f"{where} cannot be judged on this plan: {_reason(error)}") from error


@cache
def _interpreter() -> Any:
    """A class that evaluates as JMESPath does, but for comparisons that JMESPath answers with null.

    :raises BalenaError: jmespath is not installed.
    """
    try:
        from jmespath.visitor import TreeInterpreter
    except ImportError:
        raise BalenaError(
            "policy: its rules need the Python library jmespath, which is not installed for the Python that runs "
            "Ansible. Install it there, with pip install jmespath"
        ) from None

    class Strict(TreeInterpreter):  # type: ignore[misc, unused-ignore]
        """Refuses to compare what has no order."""

        def visit_comparator(self, node: Any, value: Any) -> Any:
            """Compare two values."""
            if node["value"] not in ("eq", "ne"):
                sides = [self.visit(child, value) for child in node["children"]]
                if not (all(map(_is_number, sides)) or all(isinstance(side, str) for side in sides)):
                    raise ExpressionError(f"it compares {' with '.join(map(_kind, sides))}")
            return super().visit_comparator(node, value)

    return Strict


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    """What a value is; the value itself may be secret."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if _is_number(value):
        return "a number"
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"


def _reason(error: Exception) -> str:
    """What is wrong; never the value that was met, which an error's own text may repeat."""
    if isinstance(error, ExpressionError):
        return str(error)
    if hasattr(error, "current_value"):
        wanted = " or ".join(getattr(error, "expected_types", ()))
        return (
            f"{getattr(error, 'function_name', 'a function')}() wants {wanted}, not {getattr(error, 'actual_type', '')}"
        )
    if str(getattr(error, "token_type", "")).lower() == "number":
        return f"a number stands in backticks: `{getattr(error, 'token_value', 5)}`"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, TypeError) or not str(error):
        return "its values are of types that cannot be compared or combined"
    return str(error).splitlines()[0].rstrip(":")
