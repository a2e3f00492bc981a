# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan file says all that rules can ask for: files can also be written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...engine import dates
from ...engine.plan import DeclarationError
from .shapes import ACTIONS

Content = Mapping[str, Any]
_COSTS = ("devices", "offline", "restarts", "reboots", "download_bytes", "download_unknown")


def complete(content: Content, path: str, option: str) -> Content:
    """The content of a plan file, if it is whole.

    :raises DeclarationError: something is missing, or of a type that it never has; names the first.
    """
    for name, fits in _PARTS.items():
        if not fits(content.get(name)):
            raise DeclarationError(
                f"{option}: {path} is not a plan that plan_to has written: its '{name}' is missing or not what it "
                "should be. Write the plan anew"
            )
    return content


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _has(**parts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(fits(value.get(name)) for name, fits in parts.items())


def _each(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _is_forecast(value: Any) -> bool:
    return value == {} or (_has(**dict.fromkeys(_COSTS, _is_count))(value) and _each(_is_count)(value.get("services")))


def _is_step(step: Any) -> bool:
    sides = (step.get(name) for name in ("before", "after", "shown"))
    return (
        step["action"] in ACTIONS
        and bool(step["key"])
        and all(map(_is_text, step["key"]))
        and all(side is None or _is_object(side) for side in sides)
    )


_PARTS: Mapping[str, Callable[[Any], bool]] = {
    "server": _is_text,
    "made_at": lambda value: isinstance(value, str) and dates.read(value) is not None,
    "devices": _each(_has(name=_is_text, fleet=_is_text)),
    "fleets": _each(_has(devices=_is_count)),
    "releases": _each(_has(version=_is_text, commit=_is_text, draft=lambda value: isinstance(value, bool))),
    "forecast": _is_forecast,
    # That its steps are a list of objects with an action, a resource and a key was seen when it was read.
    "steps": lambda steps: all(map(_is_step, steps)),
}
