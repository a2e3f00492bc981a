# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a policy: from the option itself, or from the YAML file that it names."""

from __future__ import annotations

from typing import Any

from ...engine.plan import DeclarationError
from ...engine.plan_file import read_whole
from ...engine.visible import one_line
from .rules import Policy, read_policy

_OPTION = "policy"


def read(declared: Any, timezone: str) -> Policy:
    """The policy that an option declares.

    :param declared: the rules, or the path of a file that holds them.
    :raises DeclarationError: the file is not YAML, or the policy makes no sense; names all that is wrong, and where.
    """
    if not isinstance(declared, str):
        return read_policy(declared, _OPTION, timezone)
    return read_policy(_load(declared), f"{_OPTION}: {declared}", timezone)


def _load(path: str) -> Any:
    """What a YAML file holds. A key that is there twice is an error: only one of its values would count."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Refuses keys that are there twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            """A mapping."""
            seen: set[str] = set()
            for key, _value in node.value:
                name = str(key.value)
                if name in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"'{name}' is there twice", key.start_mark)
                seen.add(name)
            found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
            return found

    text = read_whole(path, _OPTION)
    try:
        return yaml.load(text.decode("utf-8"), Loader=Loader)  # noqa: S506 - a safe loader, but for keys
    except UnicodeDecodeError:
        raise DeclarationError(f"{_OPTION}: {path} is not UTF-8") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DeclarationError(f"{_OPTION}: {path} is not YAML: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    said = problem or (str(error).splitlines() or ["it is nested too deeply"])[0]
    return one_line(f"{said}{where}")
