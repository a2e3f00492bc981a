# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules can ask of a plan, and of what type it is, so that a rule that asks for something else can be refused.

JMESPath answers null to a name that does not exist, and null denies nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..waves.windows import DAYS

ACTIONS = ("create", "update", "delete", "act")


@dataclass(frozen=True)
class Shape:
    """What is known of a value.

    :param kind: its type as JMESPath calls it, or C(any).
    :param name: what messages call it.
    :param fields: what an object has; None: anything.
    :param items: what a list is made of.
    :param choices: all that a text can be; empty: anything.
    :param written: whether the expression itself holds the text.
    """

    kind: str = "any"
    name: str = ""
    fields: Mapping[str, Shape] | None = None
    items: Shape | None = None
    choices: tuple[str, ...] = ()
    written: bool = False


ANY = Shape()
NUMBER = Shape("number", "a number")
TEXT = Shape("string", "a text")
BOOLEAN = Shape("boolean", "true or false")


def list_of(items: Shape) -> Shape:
    """A list."""
    return Shape("array", "a list", items=items)


def _object(called: str, /, **fields: Shape) -> Shape:
    return Shape("object", called, fields)


def _one_of(choices: Iterable[str]) -> Shape:
    return replace(TEXT, choices=tuple(choices))


def shape_of(value: Any) -> Shape:
    """The shape of a value that an expression holds."""
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, (int, float)):
        return NUMBER
    if isinstance(value, str):
        return replace(TEXT, choices=(value,), written=True)
    if isinstance(value, list):
        return list_of(joined(shape_of(item) for item in value))
    if isinstance(value, Mapping):
        return _object("an object", **{str(name): shape_of(item) for name, item in value.items()})
    return Shape("null", "null")


def joined(shapes: Iterable[Shape]) -> Shape:
    """What is known of a value that has one of these shapes."""
    found = list(shapes)
    kinds = {shape.kind for shape in found}
    if len(kinds) != 1:
        return ANY
    first = found[0]
    if first.kind == "string":
        texts = dict.fromkeys(text for shape in found for text in shape.choices)
        known = all(shape.choices for shape in found)
        return replace(TEXT, choices=tuple(texts), written=all(shape.written for shape in found)) if known else TEXT
    return first if all(shape == first for shape in found) else Shape(first.kind, first.name)


def facts_shape(labels: Iterable[str]) -> Shape:
    """The shape of all that rules can ask.

    :param labels: those that the policy gives to fleets.
    """
    # Without labels, none can be asked for.
    labelled = list_of(_one_of(tuple(labels) or ("",)))
    counts = dict.fromkeys(ACTIONS, NUMBER)
    fleet = {"name": TEXT, "devices": NUMBER, "reached": NUMBER, "percent": NUMBER, "labels": labelled}
    step = _object(
        "a step", action=_one_of(ACTIONS), resource=TEXT, key=list_of(TEXT), title=TEXT, device=TEXT, uuid=TEXT,
        fleet=TEXT, labels=labelled, secret=BOOLEAN, before=Shape("object", "before"), after=Shape("object", "after"),
    )  # fmt: skip
    return _object(
        "the plan",
        server=TEXT,
        made_at=TEXT,
        age_hours=NUMBER,
        signed_by=TEXT,
        counts=_object("counts", steps=NUMBER, devices=NUMBER, fleets=NUMBER, **counts),
        kinds=list_of(_object("a kind", action=_one_of(ACTIONS), resource=TEXT, count=NUMBER)),
        steps=list_of(step),
        devices=list_of(_object("a device", name=TEXT, uuid=TEXT, fleet=TEXT, labels=labelled)),
        fleets=list_of(_object("a fleet", **fleet, **counts)),
        releases=list_of(_object("a release", version=TEXT, commit=TEXT, draft=BOOLEAN)),
        forecast=_object(
            "the forecast", devices=NUMBER, offline=NUMBER, restarts=NUMBER, services=Shape("object", "services"),
            reboots=NUMBER, download_bytes=NUMBER, download_unknown=NUMBER,
        ),
        today=_object(
            "today", plans=NUMBER, devices=NUMBER, fleets=list_of(_object("a fleet of today", **fleet)),
        ),
        now=_object(
            "now", date=TEXT, time=TEXT, weekday=_one_of(DAYS), hour=NUMBER, minute=NUMBER, timezone=TEXT,
        ),
    )  # fmt: skip
