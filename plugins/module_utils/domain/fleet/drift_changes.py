# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan would change, as findings: one for each thing that is not as declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...engine.plan import Change, NamedId
from ..applications.fields import APPLICATION
from ..devices.fields import DEVICE
from ..query import Record
from ..releases.names import TRACK, label
from .findings import HIDDEN, Finding
from .likely_secrets import is_likely_secret
from .snapshot import LiveFleet

#: Columns of the fleet and of devices that are findings of a kind of their own.
_TARGETS = {
    "should_track_latest_release": "release",
    "should_be_running__release": "release",
    "is_pinned_on__release": "pin",
    "should_be_managed_by__release": "supervisor",
    "should_be_operated_by__release": "os",
}
#: What a device tells of itself that is held against these targets.
_REPORTED = {"supervisor": "supervisor_version", "os": "os_version"}

#: The kinds of findings about other resources than tags and variables.
_KINDS = {
    "api_key": "provisioning_key",
    "user_application_membership": "collaborator",
    "invitee__is_invited_to__application": "collaborator",
}
#: What documents call other columns.
_SETTINGS = {
    "is_of__device_type": "device_type",
    "belongs_to__application": "fleet",
    **{column: field.option for field in (*APPLICATION.fields, *DEVICE.fields) for column in field.columns},
}


def planned_findings(
    slug: str, fleet: LiveFleet | None, changes: Sequence[Change], made: Sequence[Change] = ()
) -> Iterator[Finding]:
    """Everything that a plan changes.

    What belongs to a device, or to a fleet, that the plan makes is part of that one finding.

    :param slug: what the fleet is called in the document.
    :param fleet: as it is; None if it does not exist.
    :param made: the changes that were made already.
    """
    done = {(change.action, change.resource, change.key) for change in made}
    devices = {row["uuid"]: row for row in fleet.devices} if fleet else {}
    new = [change.key for change in changes if change.resource == "device" and _brings(change)]
    for change in changes:
        part_of_new = any(change.key[: len(key)] == key for key in new)
        if fleet is None:
            found = [Finding("missing_fleet", slug, "does not exist", declared=slug)]
        elif change.resource == "device" and _brings(change):
            found = [_of_a_new_device(change)]
        elif change.resource == "service_install" or (part_of_new and change.resource.startswith("device")):
            continue  # part of what is told of the device, or of its variable
        elif change.resource in ("application", "device"):
            found = list(_of_the_thing(change, slug, devices, fleet))
        else:
            found = [_of_a_part(change, slug, devices)]
        mended = (change.action, change.resource, change.key) in done
        yield from (replace(one, planned=True, mended=mended) for one in found)
        if fleet is None:
            return


def _brings(change: Change) -> bool:
    """Whether a change of a device registers it, or takes it over from another fleet."""
    return change.action == "create" or "belongs_to__application" in change.body


def _of_a_new_device(change: Change) -> Finding:
    name = str((change.after or {}).get("device_name") or change.key[-1])
    uuid = str(change.key[0]) if len(change.key) == 1 else None
    if change.action == "create":
        return Finding("missing_device", name, "is not registered", uuid=uuid, declared=name)
    home = _named((change.before or {})["belongs_to__application"])
    declared = _named((change.after or {})["belongs_to__application"])
    return Finding("missing_device", name, f"is in the fleet {home}", uuid=uuid, declared=declared, actual=home)


def _of_the_thing(change: Change, slug: str, devices: Mapping[str, Record], fleet: LiveFleet) -> Iterator[Finding]:
    """Changes of the fleet, or of a device that it has."""
    device = devices[change.key[0]] if change.resource == "device" else None
    if change.action == "delete" and device:
        text = "is in the fleet, and the document does not know it"
        yield Finding.of(device, "undeclared_device", text, actual=device["device_name"])
    else:
        yield from _of_columns(change, slug, device, fleet)


def _of_columns(change: Change, slug: str, device: Record | None, fleet: LiveFleet) -> Iterator[Finding]:
    """A finding for each column that differs; where several say what the target is, for all of these."""
    before, seen = change.before or {}, set()
    for column, after in change.body.items():
        kind, name = _TARGETS.get(column, "setting"), _SETTINGS.get(column, column)
        if (kind if kind != "setting" else name) in seen:
            continue
        seen.add(kind if kind != "setting" else name)
        more: dict[str, Any] = {"declared": _named(after), "actual": _named(before.get(column))}
        if kind == "setting":
            more["name"] = name
            text = f"has {name} {_said(more['actual'])}, and {_said(more['declared'])} is declared"
        elif kind == "release":
            text = _about_release(change, fleet, more)
        else:
            text = _about_target(kind, device or {}, more)
        if device is None:
            yield Finding(kind, slug, text, **more)
        else:
            yield Finding.of(device, kind, text, **more)


def _about_release(change: Change, fleet: LiveFleet, more: dict[str, Any]) -> str:
    """What is wrong with the target of the fleet: the release, or whether it follows the latest one."""
    row, after = fleet.application, change.after or {}
    actual = label(row["should_be_running__release"][0]) if row["should_be_running__release"] else None
    tracks = {False: "", True: ", tracking the latest"}
    was = bool(row["should_track_latest_release"])
    will = bool(after.get("should_track_latest_release", was))
    declared = _named(after.get("should_be_running__release")) or actual
    more.update(declared=TRACK if will else declared, actual=TRACK if was and not will else actual)
    return f"has the target {actual}{tracks[was]}, and {declared}{tracks[will]} is declared"


def _about_target(kind: str, device: Record, more: dict[str, Any]) -> str:
    """What is wrong with the target of a device."""
    if kind == "pin":
        running = device.get("is_running__release")
        more["running"] = label(running[0]) if running else None
        has = f"is pinned on {more['actual']}" if more["actual"] else "follows the fleet"
        want = f"pinned on {more['declared']}" if more["declared"] else "to follow the fleet"
        more.update({side: more[side] or TRACK for side in ("declared", "actual")})
        return f"{has}, and is declared {want}"
    more["running"] = device.get(_REPORTED[kind])
    what = "the supervisor " if kind == "supervisor" else ""  # a version of balenaOS says what it is
    has = f"has {what}{more['running']}" if more["running"] else f"has told no version of its {kind}"
    return f"{has}, its target is {more['actual'] or 'none'}, and {more['declared']} is declared"


def _of_a_part(change: Change, slug: str, devices: Mapping[str, Record]) -> Finding:
    """Changes of a tag, a variable, a service or a key."""
    kind = _kind(change.resource)
    device = devices.get(change.key[0])
    name = " ".join(change.key[1:]) or change.key[0]
    values = [fields.get("value") for fields in (change.before, change.after) if fields]
    hidden = change.secret or (kind == "variable" and is_likely_secret(change.key[-1], *values))
    declared, actual = (_value(fields, hidden) for fields in (change.after, change.before))
    build = "build " if change.resource.startswith("build_") else ""
    text = _difference(f"the {build}{kind.replace('_', ' ')} {name}", declared, actual)
    more: dict[str, Any] = {"name": name, "declared": declared, "actual": actual}
    return Finding.of(device, kind, text, **more) if device else Finding(kind, slug, text, **more)


def _kind(resource: str) -> str:
    if resource in _KINDS:
        return _KINDS[resource]
    for ending in ("_tag", "_variable"):
        if resource.endswith(ending):
            return ending[1:]
    return "service" if resource == "service" else "setting"


def _value(fields: Mapping[str, Any] | None, hidden: bool) -> Any:
    """The value of a row; of one that is more than a value, its columns; None if it is not there."""
    if fields is None:
        return None
    if set(fields) == {"value"}:
        return HIDDEN if hidden else fields["value"]
    return {name: _named(value) for name, value in fields.items()}


def _difference(what: str, declared: Any, actual: Any) -> str:
    if actual is None:
        return f"lacks {what}" + ("" if declared in ({}, HIDDEN) else f", declared as {_said(declared)}")
    if declared is None:
        return f"has {what}, which is not declared"
    if declared == HIDDEN:
        return f"has {what} with another value than the declared one"
    return f"has {what} {_said(actual)}, and {_said(declared)} is declared"


def _said(value: Any) -> str:
    """A value in a sentence."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(item)}" for name, item in value.items()) or "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else f"'{value}'"


def _named(value: Any) -> Any:
    return value.label if isinstance(value, NamedId) else value
