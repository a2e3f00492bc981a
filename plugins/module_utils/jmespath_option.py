# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option C(query) of info modules: a JMESPath expression that shapes the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.basic import missing_required_lib

from .sdk.errors import BalenaError

Result = Mapping[str, Any]


def compile_query(expression: str | None) -> Callable[[Result], dict[str, Any]]:
    """What turns the result of an info module into the one that the task returns.

    :param expression: the option C(query), or None: the result stays as it is.
    :returns: a function from the whole result to C({"result": ...}), what the expression makes of it.
    :raises BalenaError: jmespath is not installed, or the expression is none; so before anything is read.
    """
    if expression is None:
        return dict
    try:
        import jmespath
        from jmespath.exceptions import JMESPathError
    except ImportError:
        raise BalenaError(missing_required_lib("jmespath", reason="for the option query")) from None
    try:
        compiled = jmespath.compile(expression)
    except JMESPathError as error:
        raise BalenaError(f"query '{expression}' is not a JMESPath expression: {_reason(error)}") from error

    def apply(found: Result) -> dict[str, Any]:
        kept = {"warnings": found["warnings"]} if "warnings" in found else {}
        data = {name: value for name, value in found.items() if name != "warnings"}
        try:
            return {**kept, "result": compiled.search(data)}
        except Exception as error:  # JMESPath also lets errors of Python through: a step of 0, values of two types
            raise BalenaError(
                f"query '{expression}' cannot be applied to the result: {_without_value(error)}"
            ) from None

    return apply


def _without_value(error: Exception) -> str:
    """What is wrong with an argument of a function; the error's own text repeats the value, which may be secret."""
    if hasattr(error, "current_value"):
        wanted = " or ".join(getattr(error, "expected_types", ()))
        function = getattr(error, "function_name", "a function")
        return f"{function}() wants {wanted}, not {getattr(error, 'actual_type', 'something else')}"
    if isinstance(error, TypeError):
        return "its values are of types that cannot be compared or combined"
    return _reason(error) if str(error) else type(error).__name__


def _reason(error: Exception) -> str:
    """The first line: the others repeat the expression with a mark below it."""
    return str(error).splitlines()[0].rstrip(":")
