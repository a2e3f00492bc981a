# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a fleet what its document says, in one plan: one set of reads, one diff, one guard, writes in a safe order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.fields import Field
from ...engine.plan import Change, DeclarationError, Plan, in_order, join
from ...engine.task import Task
from ..access.members import MEMBER_WRITERS
from ..accounts.whom import accounting
from ..applications.fields import APPLICATION
from ..applications.plan import differences, predict, predict_new, read_again
from ..cloud import cloud_only_failures, missing
from ..device_names import devices_of
from ..devices.fields import DEVICE, PUBLIC_URL
from ..devices.plan import check_architecture, check_types, compare_rows, desired_row
from ..forecast.plan import forecasting
from ..keys import api_keys
from ..options import Forecast
from ..query import Record
from ..tags.compare import Tagged, resulting_tags
from ..variables import config_schema
from . import drift, purging
from .document import read
from .extent import Extent, Scope
from .known import Known, is_removed, read_known
from .software import host_changes, pin_changes
from .values import config_writes, refuse_missing_secrets, tag_changes, variable_changes, variable_holders

if TYPE_CHECKING:
    from ...sdk import Balena


class Want(Extent, Forecast):
    """The options of the module balena_fleet."""

    document: dict[str, Any]
    silent_days: float
    check_config: str


@accounting
@forecasting
def plan(balena: Balena, want: Want) -> Task:
    """What has to change for a fleet to be as its document says.

    The number of requests does not depend on how many devices, groups and variables there are.

    :param want: the options of the module balena_fleet.
    :raises DeclarationError: a document that is wrong, names what does not exist, or declares what cannot be.
    """
    known = read_known(balena, Scope.of(read(want["document"]), want))
    fleet, members = known.fleet, known.staying
    tagged = tag_changes(known.scope, fleet, members)
    changes = _changes(balena, known, tagged)
    judged = config_schema.judge(balena, config_writes(fleet, members, changes), want["check_config"])
    apart = _apart(known, changes, want["silent_days"])
    left_out = [f"{one['path']} is left out: {one['reason']}" for one in known.releases.pending]

    def result(outcome: Outcome) -> dict[str, Any]:
        made = [step for step in (*outcome.done, *outcome.met) if isinstance(step, Change)]
        return {
            **cloud_only_failures(outcome, PUBLIC_URL),
            "registered": _registered(known, made=True),
            "changed_devices": devices_of(outcome.done),
            **known.keys.result(outcome),
            "drift": drift.report(apart, made),
            **({} if outcome.read is None else {"fleet": outcome.read["application"]}),
        }

    planned = Plan(
        changes,
        len(known.members) + 1,
        {**_result(known, tagged), "changed_devices": devices_of(changes), "drift": drift.report(apart)},
        (*known.targets.warnings, *known.keys.warnings, *left_out, *judged),
    )
    read_it = partial(read_again, name=fleet.slug, settings={}) if known.create else None
    homes = () if known.create else (fleet.application["id"],)
    return Task(planned, {**api_keys.WRITERS, **MEMBER_WRITERS}, read_it, result, homes=homes)


def _changes(balena: Balena, known: Known, tagged: Sequence[Change]) -> tuple[Change, ...]:
    """All changes, in the order in which they are safe to make.

    :param tagged: those of tags.
    """
    scope, fleet, members = known.scope, known.fleet, known.staying
    settings, registered = _application(known), _devices(known)
    holders = tuple(variable_holders(scope, fleet, members))
    sections = [
        settings,
        registered,
        tagged,
        variable_changes(balena, scope, fleet, members, holders),
        known.keys.changes,
        known.access.changes if known.access else (),
        host_changes(known.targets, members),
        pin_changes(scope, known.releases, known.targets, fleet, members),
        _removals(known),
    ]
    changes = in_order(join(sections))
    purging.refuse_to_purge_what_is_absent(scope.document, scope.purge, changes)
    refuse_missing_secrets(scope, holders)
    return changes


def _apart(known: Known, changes: Sequence[Change], silent_days: float) -> drift.Situation:
    """How far the fleet is from the document."""
    return drift.Situation(
        known.scope.document,
        None if known.create else known.fleet,
        known.members,
        changes,
        known.targets.os_versions,
        known.scope.sections,
        silent_days,
    )


def _removals(known: Known) -> list[Change]:
    return [
        DEVICE.removal(member.subject.key, member.row, {"device_name": member.row["device_name"]})
        for member in known.members
        if is_removed(known.scope, member)
    ]


def _application(known: Known) -> list[Change]:
    if known.create:
        return [known.create]
    if "application" not in known.scope.sections:
        return []
    row = known.fleet.application
    _check_columns(row, APPLICATION.given(known.settings))
    return differences(known.settings, row)


def _devices(known: Known) -> list[Change]:
    """Registrations, and the settings of the devices that exist."""
    if "devices" not in known.scope.sections:
        return []
    kind = known.device_type
    application = {**known.fleet.application, "is_for__device_type": [kind] if kind else []}
    subjects = [member.subject for member in known.staying]
    for member in known.staying:
        if member.subject.found:
            _check_columns(member.row, DEVICE.given(member.subject.wanted))
    check_types(subjects, known.types)
    check_architecture(subjects, application, known.types)
    rows = []
    for member in known.staying:
        row = desired_row(member.subject, application, known.types)
        more = known.targets.of_new(member) if member.new else {}
        rows.append(dataclasses.replace(row, fields={**row.fields, **more}))
    return compare_rows(rows, subjects)


def _result(known: Known, tagged: Sequence[Change]) -> dict[str, Any]:
    """What the task returns, as it will be.

    :param tagged: the changes of tags.
    """
    shown, release = _shown(known), known.scope.document.release
    fleet = Tagged(0, (known.fleet.slug,), {}, known.fleet.application["application_tag"])
    of_fleet = [change for change in tagged if change.resource == "application_tag"]
    shown["tags"] = resulting_tags([fleet], of_fleet)[fleet.key]
    if release and known.releases.known(release):
        shown["track_latest_release"] = release.kind == "track"
    return {
        "fleet": {**shown, "device_count": len(known.staying)},
        "registered": _registered(known, made=False),
        "pending": list(known.releases.pending),
        **known.keys.predicted(),
        **({"collaborators": {"application": known.fleet.slug, **known.access.shown}} if known.access else {}),
    }


def _shown(known: Known) -> dict[str, Any]:
    """The fleet as it will be, as far as every server has it."""
    cloud_only = {field.option for field in APPLICATION.fields if field.cloud_only}
    settings = {name: value for name, value in known.settings.items() if name not in cloud_only}
    if known.create:
        return predict_new(known.create, settings)
    return predict(settings if "application" in known.scope.sections else {}, known.fleet.application)


def _registered(known: Known, *, made: bool) -> list[dict[str, Any]]:
    """The devices that are registered; a generated uuid is only known afterwards."""
    return [
        {
            "name": member.subject.wanted.get("name"),
            "uuid": member.subject.uuid if made or member.entry.uuid else None,
        }
        for member in known.staying
        if member.new and member.entry
    ]


def _check_columns(row: Record, declared: Sequence[Field]) -> None:
    """Refuse what the server has no place for.

    :raises DeclarationError: names the options.
    """
    absent = [field.option for field in declared if any(column not in row for column in field.columns)]
    if absent:
        raise DeclarationError(missing(absent))
