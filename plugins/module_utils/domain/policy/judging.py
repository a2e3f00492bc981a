# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules asked of a plan: which deny it, which warn of it, and what they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...engine.plan import DeclarationError
from ...engine.visible import one_line
from .facts import Planned, facts
from .rules import Policy, Rule

#: So many things that a rule finds are named in a message, and in the result.
_NAMED, _KEPT = 5, 100
#: What a thing that a rule finds is called by.
_NAMES = ("title", "name", "version", "resource")


@dataclass(frozen=True)
class Judgement:
    """What rules say of a plan.

    :param facts: what was asked, for whoever writes rules; without the long lists.
    """

    denied: list[dict[str, Any]] = field(default_factory=list)
    warned: list[dict[str, Any]] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)


def judge(policy: Policy, plan: Planned, earlier: Sequence[Planned], moment: datetime) -> Judgement:
    """Ask all rules.

    :raises DeclarationError: a rule that this plan does not let judge; names it.
    """
    known: dict[str, dict[str, Any]] = {}
    denied: list[dict[str, Any]] = []
    warned: list[dict[str, Any]] = []
    for rule in policy.rules:
        zone = rule.zone[0]
        if zone not in known:
            known[zone] = facts(plan, earlier, moment, rule.zone)
        found = _found(rule, known[zone])
        if found is not None:
            said = {"rule": rule.name, "sentence": rule.sentence, "found": found[:_KEPT], "count": len(found)}
            (denied if rule.denies else warned).append(said)
    short = {name: value for name, value in next(iter(known.values())).items() if name not in ("steps", "devices")}
    return Judgement(denied, warned, short)


def sentence(said: Mapping[str, Any]) -> str:
    """What a rule says, with the first of what it found."""
    more = said["count"] - len(said["found"][:_NAMED])
    named = ", ".join(said["found"][:_NAMED]) + (f" and {more} more" if more else "")
    return one_line(f"{said['rule']}: {said['sentence']}" + (f" ({named})" if named else ""))


def _found(rule: Rule, known: Mapping[str, Any]) -> list[str] | None:
    """The names of what a rule finds; None if it does not apply.

    :raises DeclarationError: what it finds does not say whether it applies.
    """
    found = rule.when.found(known, f"{rule.where}: when")
    if found is None or found is False or found in ("", [], {}):
        return None
    if isinstance(found, (str, int, float)) and found is not True:
        raise DeclarationError(
            f"{rule.where}: when finds {'a text' if isinstance(found, str) else 'a number'}, not whether it applies"
        )
    names = [_name(item) for item in found] if isinstance(found, list) else []
    return [one_line(name) for name in dict.fromkeys(names) if name]


def _name(item: Any) -> str:
    if isinstance(item, Mapping):
        return str(next((item[name] for name in _NAMES if item.get(name)), ""))
    return item if isinstance(item, str) else ""
