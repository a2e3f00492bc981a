# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to say of the drift of fleets, and of runs that mended it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...module_utils.engine.wording import called, counted
from .model import BAD, GOOD, SOFT, Bar, Bars, Device, Group, Part, Topic, clip

Finding = Mapping[str, Any]
#: What a fleet's own release is called where a pin could be.
_FOLLOWS = "track"
#: So many different sentences on one thing are groups of their own; more are details of one group.
_SORTS = 4
#: So many groups of one kind are listed.
_MOST = 12
_SPREAD = {"os": "balenaOS"}


def drift_parts(fleets: Sequence[Mapping[str, Any]]) -> list[Part]:
    """A part for each fleet, those with most to do first.

    :param fleets: what balena_fleet returns as C(drift).
    """
    return [_part(fleet) for fleet in sorted(fleets, key=lambda fleet: (-len(_open(fleet)), str(fleet.get("fleet"))))]


def _open(fleet: Mapping[str, Any]) -> list[Finding]:
    return [one for one in fleet.get("findings", ()) if not one.get("mended")]


def _part(fleet: Mapping[str, Any]) -> Part:
    findings, devices = list(fleet.get("findings", ())), int(fleet.get("devices", 0))
    left = _open(fleet)
    if left:
        badge, tone = counted(len(left), "finding"), BAD
    else:
        badge, tone = (f"{counted(len(findings), 'finding')}, all mended" if findings else "as declared"), GOOD
    lines = [counted(devices, "device")]
    if left and len(left) != len(findings):
        lines.append(f"{len(findings) - len(left)} of {counted(len(findings), 'finding')} mended")
    return Part(
        clip(fleet.get("fleet", "")), badge, tone, lines, bars=list(_bars(fleet, devices)),
        topics=list(_topics(findings)),
    )  # fmt: skip


def _bars(fleet: Mapping[str, Any], devices: int) -> Iterator[Bars]:
    """What the devices run."""
    for what, versions in sorted(dict(fleet.get("spread") or {}).items()) if devices else ():
        common = sorted(dict(versions).items(), key=lambda pair: (-pair[1], pair[0]))
        bars = [
            Bar(clip(name), [(SOFT if name == "none" else GOOD, number)], devices, str(number))
            for name, number in common
        ]
        yield Bars(_SPREAD.get(what, clip(what).capitalize()), bars)


def _topics(findings: Sequence[Finding]) -> Iterator[Topic]:
    """A topic for each kind of findings, in their order: the most telling first."""
    by_kind: dict[str, list[Finding]] = {}
    for one in findings:
        by_kind.setdefault(str(one.get("kind", "")), []).append(one)
    for kind, found in by_kind.items():
        groups = sorted(_groups(found), key=lambda group: (group.tone != BAD, -group.number, group.title))
        yield Topic(clip(kind.replace("_", " ").capitalize()), _fewer(groups, kind), len(found))


def _fewer(groups: Sequence[Group], kind: str) -> list[Group]:
    """The largest groups, and one for all others, in which each device says what its group would."""
    if len(groups) <= _MOST:
        return list(groups)
    kept = [group for group in groups if group.number > 1][: _MOST - 1]
    others = [group for group in groups if not any(group is one for one in kept)]
    told = [replace(one, detail=one.detail or group.title) for group in others for one in group.devices]
    tone = BAD if any(group.tone == BAD for group in others) else GOOD
    return [*kept, Group("others, each in its own way" if kept else clip(_of_many(kind, "")), told, len(told), tone)]


def _groups(findings: Sequence[Finding]) -> Iterator[Group]:
    """Findings that say the same of different devices are a group."""
    sorts: dict[tuple[str, str], set[str]] = {}
    for one in findings:
        sorts.setdefault(_thing(one), set()).add(_sentence(one))
    found: dict[tuple[str, str, str], list[Finding]] = {}
    for one in findings:
        alike = len(sorts[_thing(one)]) <= _SORTS
        found.setdefault((_sentence(one) if alike else "", _state(one), *_thing(one)[1:]), []).append(one)
    for (sentence, state, name), members in found.items():
        title = sentence or _of_many(str(members[0].get("kind", "")), name)
        told = [Device.of(_subject(one), "" if sentence else _sentence(one)) for one in members]
        tone = GOOD if state == "mended" else BAD
        yield Group(clip(f"{title} ({state})"), told, len(members), tone)


def _thing(one: Finding) -> tuple[str, str]:
    return str(one.get("kind", "")), str(one.get("name") or "")


def _subject(one: Finding) -> dict[str, Any]:
    return {"uuid": one.get("uuid"), "name": one.get("subject")}


def _state(one: Finding) -> str:
    return "mended" if one.get("mended") else "to be changed" if one.get("planned") else "left"


def _sentence(one: Finding) -> str:
    """What is said of the subject, without the subject."""
    declared, actual = one.get("declared"), one.get("actual")
    if one.get("kind") == "pin" and actual and declared:
        if _FOLLOWS in (declared, actual):
            follows = "instead of following the fleet" if declared == _FOLLOWS else f"instead of {declared}"
            return f"follows the fleet {follows}" if actual == _FOLLOWS else f"pinned on {actual} {follows}"
        return f"pinned on {actual} instead of {declared}"
    subject, uuid = str(one.get("subject", "")), one.get("uuid")
    named = called(str(uuid), subject) if uuid else subject
    return str(one.get("text", "")).removeprefix(f"{named} ").removeprefix("is ")


def _of_many(kind: str, name: str) -> str:
    """What is said of findings that are all different."""
    what = kind.replace("_", " ")
    return f"{what} {name}, in different ways" if name else f"{what}, in different ways"


def summary(fleets: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same in a few lines, a fleet each."""
    lines = []
    for fleet in fleets:
        left = Counter(str(one.get("kind", "")).replace("_", " ") for one in _open(fleet))
        told = ", ".join(f"{number} {kind}" for kind, number in left.most_common())
        state = told or ("all mended" if fleet.get("findings") else "as declared")
        lines.append(clip(f"{fleet.get('fleet', '')}: {counted(int(fleet.get('devices', 0)), 'device')}, {state}"))
    return lines
