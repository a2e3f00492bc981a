# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of plan files as the facts that rules ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from ...engine import dates
from ...engine.plan_file import title
from ..reaching import reaches_all
from ..waves.windows import DAYS
from .rules import Policy
from .shapes import ACTIONS

Content = Mapping[str, Any]
#: What there is in a forecast of a plan that changes nothing.
_NO_COST = ("devices", "offline", "restarts", "reboots", "download_bytes", "download_unknown")
_HIDDEN = "(secret)"


@dataclass(frozen=True)
class Planned:
    """The content of a plan file, and what it is about.

    :param policy: says which labels fleets have.
    :param signed_by: whose signature of it was verified.
    """

    content: Content
    policy: Policy
    signed_by: str = ""

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """The steps, each with the device and the fleet that it is about."""
        return [self._step(step) for step in self.content["steps"]]

    def _step(self, step: Content) -> dict[str, Any]:
        uuid, device, fleet = self._subject(step)
        return {
            "action": step["action"],
            "resource": step["resource"],
            "key": [str(part) for part in step["key"]],
            "title": title(step, {uuid: device} if device else {}),
            "device": device,
            "uuid": uuid,
            "fleet": fleet,
            "labels": self.policy.labels_of(fleet),
            "secret": bool(step.get("secret")),
            "before": _plain(step.get("before") or {}),
            "after": _plain(step.get("shown" if step["action"] == "act" else "after") or {}),
        }

    def _subject(self, step: Content) -> tuple[str, str, str]:
        """The uuid and name of a device and its fleet; empty texts for what is not known or not meant."""
        first, *rest = map(str, step["key"])
        if first in self.content["devices"]:
            found = self.content["devices"][first]
            return first, found["name"], found["fleet"]
        fleets = list(self.content["fleets"])
        # Whatever else is in the plan of one fleet belongs to it.
        fleet = first if first in fleets else fleets[0] if len(fleets) == 1 else ""
        if fleet == first and rest and step["resource"].startswith(("device", "service_install")):
            return self._uuids.get((fleet, rest[0]), ""), rest[0], fleet
        return ("" if fleet == first else first if step["resource"].startswith("device") else ""), "", fleet

    @cached_property
    def _uuids(self) -> dict[tuple[str, str], str]:
        """The uuids of devices by their fleets and names, as far as these tell them apart."""
        names = Counter((one["fleet"], one["name"]) for one in self.content["devices"].values())
        return {
            (one["fleet"], one["name"]): uuid
            for uuid, one in self.content["devices"].items()
            if names[one["fleet"], one["name"]] == 1
        }

    @cached_property
    def devices(self) -> dict[str, dict[str, Any]]:
        """The devices that steps are about on their own, by what tells them apart."""
        return {
            step["uuid"] or f"{step['fleet']} {step['device']}": {
                name: step[name] for name in ("uuid", "fleet", "labels")
            }
            | {"name": step["device"]}
            for step in self.steps
            if step["uuid"] or step["device"]
        }

    @cached_property
    def whole_fleets(self) -> set[str]:
        """The fleets of which all devices get what a step changes."""
        return {
            step["fleet"]
            for step in self.steps
            if step["fleet"] and reaches_all(step["resource"], step["action"], _changed(step))
        }


def _changed(step: Mapping[str, Any]) -> list[str]:
    """The columns that a step changes."""
    before = step["before"]
    return [name for name, value in step["after"].items() if name not in before or before[name] != value]


def _plain(side: Mapping[str, Any]) -> dict[str, Any]:
    """Columns and their values as people know them."""
    return {name: _value(value) for name, value in side.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "$secret" in value:
            return _HIDDEN
        if isinstance(value.get("$id"), list) and len(value["$id"]) == 2:
            return value["$id"][1]
        return None if any(name.startswith("$") for name in value) else _plain(value)
    return [_value(item) for item in value] if isinstance(value, list) else value


def facts(plan: Planned, earlier: Sequence[Planned], moment: datetime, zone: tuple[str, tzinfo]) -> dict[str, Any]:
    """All that a rule can ask.

    :param earlier: other plans, of which those of today count too.
    :param moment: the present.
    :param zone: the time zone of the rule, with its name.
    """
    content, local = plan.content, moment.astimezone(zone[1])
    kinds = Counter((step["action"], step["resource"]) for step in plan.steps)
    fleets = _fleets([plan])
    counts = Counter(step["action"] for step in plan.steps)
    today = [plan, *(one for one in earlier if _is_of_today(one, plan, local))]
    of_today = _fleets(today)
    return {
        "server": content["server"],
        "made_at": content["made_at"],
        "age_hours": round((moment - (dates.read(content["made_at"]) or moment)).total_seconds() / 3600, 2),
        "signed_by": plan.signed_by,
        "counts": {
            "steps": len(plan.steps), "devices": _reached(fleets, [plan]), "fleets": len(fleets),
            **{action: counts[action] for action in ACTIONS},
        },
        "kinds": [{"action": action, "resource": what, "count": count} for (action, what), count in kinds.items()],
        "steps": plan.steps,
        "devices": list(plan.devices.values()),
        "fleets": [{**fleet, **_counted(plan, fleet["name"])} for fleet in fleets],
        "releases": list(content["releases"].values()),
        "forecast": content["forecast"] if plan.steps else {**dict.fromkeys(_NO_COST, 0), "services": {}},
        "today": {"plans": len(today), "devices": _reached(of_today, today), "fleets": of_today},
        "now": {
            "date": local.date().isoformat(), "time": f"{local:%H:%M}", "weekday": DAYS[local.weekday()],
            "hour": local.hour, "minute": local.minute, "timezone": zone[0],
        },
    }  # fmt: skip


def _is_of_today(other: Planned, plan: Planned, local: datetime) -> bool:
    """Whether a plan was made on this day. The same plan once more, or an older draft of it, does not count twice."""
    made = dates.read(other.content["made_at"])
    return (
        other.content["salt"] != plan.content["salt"]
        and made is not None
        and made.astimezone(local.tzinfo).date() == local.date()
    )


def _fleets(plans: Sequence[Planned]) -> list[dict[str, Any]]:
    """The fleets of plans, and how many of their devices these reach together."""
    found = []
    for slug in dict.fromkeys(slug for plan in plans for slug in plan.content["fleets"]):
        total = max(plan.content["fleets"].get(slug, {"devices": 0})["devices"] for plan in plans)
        own = {key for plan in plans for key, device in plan.devices.items() if device["fleet"] == slug}
        whole = any(slug in plan.whole_fleets for plan in plans)
        reached = max(total, len(own)) if whole else len(own)
        share = 100 * reached / max(total, reached, 1)
        labels = plans[0].policy.labels_of(slug)
        found.append({"name": slug, "devices": total, "reached": reached, "percent": round(share, 2), "labels": labels})
    return found


def _reached(fleets: Sequence[Mapping[str, Any]], plans: Sequence[Planned]) -> int:
    """How many devices plans reach together."""
    homeless = {key for plan in plans for key, device in plan.devices.items() if not device["fleet"]}
    reached: int = sum(fleet["reached"] for fleet in fleets)
    return reached + len(homeless)


def _counted(plan: Planned, slug: str) -> dict[str, int]:
    counts = Counter(step["action"] for step in plan.steps if step["fleet"] == slug)
    return {action: counts[action] for action in ACTIONS}
