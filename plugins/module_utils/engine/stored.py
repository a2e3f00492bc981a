# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as JSON, to be printed, stored and compared. What is secret is left out unless it is asked for.

JSON has no word for some of what a plan holds; an object with one name that begins with C($) stands for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from ..sdk.masking import HIDDEN, mask_all
from .plan import Act, Change, NamedId, Need, NewId, Plan, Step
from .report import SHORTEST, secrets_of


class Secret(str):
    """A text in a plan that must not be shown, outside of the changes that are secret as a whole."""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return f"Secret({HIDDEN!r})"


def to_json(plan: Plan, *, secrets: bool = False) -> str:
    """A plan as text; equal plans are equal texts.

    :param secrets: also write what is secret. Without it, a plan that is read again cannot be carried out.
    """
    writer = _Writer(show=secrets)
    told = {"subjects": plan.subjects, "result": writer.value(plan.result), "warnings": writer.value(plan.warnings)}
    told |= {"promise": writer.value(plan.promise)} if plan.promise else {}
    hidden = set() if secrets else {*secrets_of(plan.steps), *_marked(plan.steps)}
    content = {
        "changes": [writer.step(change) for change in plan.changes],
        "acts": [writer.step(act) for act in plan.acts],
        **(mask_all(told, hidden) if hidden else told),
    }
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)


def from_json(text: str) -> Plan:
    """The plan that L(to_json) has written.

    :raises ValueError: the text is something else.
    """
    try:
        content = json.loads(text)
        return Plan(
            tuple(Change(**_fields(step)) for step in content["changes"]),
            content["subjects"],
            _read(content["result"]),
            tuple(content["warnings"]),
            tuple(Act(**_fields(step)) for step in content["acts"]),
            _read(content.get("promise", {})),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("this is not a plan") from error


def step_data(step: Step, hide: Callable[[str], str]) -> dict[str, Any]:
    """The fields of a step that are not as they are by themselves, as JSON has them.

    :param hide: what stands for a secret.
    """
    return _Writer(show=False, hide=hide).step(step)


def step_of(data: Mapping[str, Any]) -> Step:
    """The step that L(step_data) has written; what stands for a secret is a L(Secret).

    :raises TypeError: it is something else; so is a ValueError, KeyError or AttributeError.
    """
    kind = Act if data.get("action") == "act" else Change
    return kind(**_fields(data))


class _Writer:
    """Turns what a plan holds into what JSON knows.

    :param hide: what stands for a secret that is not shown; by default nothing does.
    """

    def __init__(self, *, show: bool, hide: Callable[[str], str] | None = None) -> None:
        self._show, self._hide = show, hide

    def step(self, step: Step) -> dict[str, Any]:
        """The fields of a step that are not as they are by themselves."""
        found = {}
        for one in fields(step):
            value, usual = getattr(step, one.name), one.default
            if one.default_factory is not MISSING:
                usual = one.default_factory()
            if value != usual:
                sides = step.secret and one.name in ("before", "after", "shown") and value is not None
                found[one.name] = self._hidden_in(value) if sides else self.value(value)
        return found

    def _hidden_in(self, side: Mapping[str, Any]) -> dict[str, Any]:
        return _object({name: None if value is None else self._secret(value) for name, value in side.items()})

    def _secret(self, value: Any) -> dict[str, Any]:
        if not self._show:
            return {"$secret": self._hide(str(value)) if self._hide else None}
        return {"$secret": str(value) if isinstance(value, str) else self.value(value)}

    def value(self, value: Any) -> Any:
        """Any value."""
        if isinstance(value, Secret):
            return self._secret(value)
        if isinstance(value, NamedId):
            return {"$id": [int(value), value.label]}
        if isinstance(value, NewId):
            return {"$new": [value.resource, list(value.key)]}
        if isinstance(value, Need):
            return {"$need": [value.resource, value.action, self.value(value.key), value.otherwise]}
        if isinstance(value, Mapping):
            return _object({name: self.value(item) for name, item in value.items()})
        return [self.value(item) for item in value] if isinstance(value, (list, tuple)) else value


def _object(pairs: Mapping[Any, Any]) -> dict[str, Any]:
    plain = all(isinstance(name, str) and not name.startswith("$") for name in pairs)
    return dict(pairs) if plain else {"$pairs": [[name, item] for name, item in pairs.items()]}


def _marked(steps: tuple[Step, ...]) -> set[str]:
    values = [value for step in steps for value in step.arguments.values()]
    return {str(value) for value in values if isinstance(value, Secret) and len(value) >= SHORTEST}


def _fields(step: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _read(value) for name, value in step.items()}
    return {name: tuple(value) if name in ("key", "needs") else value for name, value in found.items()}


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((name, held), *more) = value.items() if value else (("", None),)
    if more or name not in _READERS:
        return {name: _read(item) for name, item in value.items()}
    return _READERS[name](held)


def _secret(value: Any) -> Any:
    if value is None:
        return Secret(HIDDEN)
    return Secret(value) if isinstance(value, str) else _read(value)


def _need(held: list[Any]) -> Need:
    resource, action, key, otherwise = held
    return Need(resource, action, None if key is None else tuple(key), otherwise)


_READERS: dict[str, Callable[[Any], Any]] = {
    "$secret": _secret,
    "$id": lambda held: NamedId(*held),
    "$new": lambda held: NewId(held[0], tuple(held[1])),
    "$need": _need,
    "$pairs": lambda held: {name: _read(item) for name, item in held},
}
