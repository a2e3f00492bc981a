# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy: rules that a plan is judged by, read and checked as a whole before there is a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from fnmatch import fnmatchcase
from typing import Any

from ...engine.kinds import kind_of
from ...engine.near import near
from ...engine.plan import DeclarationError
from ...engine.visible import one_line
from ..waves import zones
from .expressions import Expression
from .shapes import Shape, facts_shape

_KEYS = ("name", "when", "deny", "warn", "timezone")
_POLICY = ("rules", "labels", "timezone")
Labels = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    :param where: what messages call it.
    :param when: finds what is wrong with a plan.
    :param sentence: what is said of it then.
    :param denies: whether the plan must not be made then.
    :param zone: the time zone of C(now) and C(today), with its name.
    """

    name: str
    where: str
    when: Expression
    sentence: str
    denies: bool
    zone: tuple[str, tzinfo]


@dataclass(frozen=True)
class Policy:
    """Rules, and the labels that fleets have by patterns of their slugs."""

    rules: Sequence[Rule]
    labels: Labels

    def labels_of(self, slug: str) -> list[str]:
        """The labels of a fleet."""
        return [
            label for label, patterns in self.labels.items() if any(fnmatchcase(slug, pattern) for pattern in patterns)
        ]


def read_policy(declared: Any, where: str, timezone: str) -> Policy:
    """Understand a policy.

    :param declared: a list of rules, or a mapping with C(rules), and perhaps C(labels) and C(timezone).
    :param where: what holds it, for messages.
    :param timezone: the time zone of rules that name none.
    :raises DeclarationError: names all that is wrong with it, and where.
    """
    found = {"rules": declared} if isinstance(declared, list) else declared
    if not isinstance(found, Mapping):
        raise DeclarationError(f"{where} must be a list of rules, or a mapping with rules, not {kind_of(declared)}")
    wrong = [*_unknown(found, _POLICY, where), *_labels_wrong(found.get("labels"), f"{where}: labels")]
    rules = found.get("rules")
    if not isinstance(rules, list) or not rules:
        wrong.append(f"{where}: rules must be a list with at least one rule")
    if wrong:
        raise DeclarationError("; ".join(wrong))
    labels: dict[str, list[str]] = dict(found.get("labels") or {})
    shape = facts_shape(labels)
    read, problems = [], []
    for number, rule in enumerate(rules or []):
        try:
            read.append(_rule(rule, _place(where, number, rule), found.get("timezone", timezone), shape))
        except DeclarationError as error:
            problems.append(str(error))
    names = [rule.name for rule in read]
    problems += [f"{where}: two rules are named '{name}'" for name in dict.fromkeys(names) if names.count(name) > 1]
    if problems:
        raise DeclarationError("; ".join(problems))
    return Policy(read, labels)


def _place(where: str, number: int, rule: Any) -> str:
    name = rule.get("name") if isinstance(rule, Mapping) else None
    return f"{where}: rules[{number}]" + (f" ({one_line(name)[:80]})" if isinstance(name, str) and name else "")


def _rule(rule: Any, where: str, timezone: Any, shape: Shape) -> Rule:
    if not isinstance(rule, Mapping):
        raise DeclarationError(f"{where} must have name, when, and deny or warn, not be {kind_of(rule)}")
    wrong = [*_unknown(rule, _KEYS, where)]
    told = [name for name in ("deny", "warn") if name in rule]
    for name in ("name", "when", *told):
        value = rule.get(name)
        if name not in rule:
            wrong.append(f"{where} has no {name}")
        elif not isinstance(value, str) or not value.strip():
            wrong.append(f"{where}: {name} must be a text, not {'blank' if value == '' else kind_of(value)}")
    if len(told) != 1:
        wrong.append(f"{where} needs either deny or warn, with the sentence that is said then")
    if wrong:
        raise DeclarationError("; ".join(wrong))
    name = rule.get("timezone", timezone)
    zone = zones.find(name, f"{where}: timezone")
    when = Expression.of(rule["when"], f"{where}: when", shape)
    return Rule(rule["name"], where, when, rule[told[0]].strip(), told == ["deny"], (str(name), zone))


def _unknown(given: Mapping[Any, Any], known: Sequence[str], where: str) -> Iterator[str]:
    for name in given:
        if name not in known:
            close = near(name, known) if isinstance(name, str) else ""
            yield f"{where} has the unknown key {one_line(repr(name))}{close or ', but may have ' + ', '.join(known)}"


def _labels_wrong(labels: Any, where: str) -> Iterator[str]:
    if labels is None:
        return
    if not isinstance(labels, Mapping):
        yield f"{where} must be a mapping of labels to the fleets that have them, not {kind_of(labels)}"
        return
    for label, patterns in labels.items():
        if not isinstance(label, str) or not label.strip():
            yield f"{where}: {one_line(repr(label))} must be a text"
        elif not isinstance(patterns, list) or not all(isinstance(one, str) and one.strip() for one in patterns):
            yield f"{where}.{label} must be a list of fleets, such as [acme/kiosk, acme/*-production]"
