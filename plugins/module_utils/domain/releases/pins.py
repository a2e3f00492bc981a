# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release an application or devices should run, as the module balena_release_pin declares it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine.apply import Outcome
from ...engine.limits import Limits, Waiting
from ...engine.plan import Change, DeclarationError, NamedId, Plan, Row, compare
from ...engine.task import Followed, Progress, Task
from ...engine.waiting import Sight, State
from ...sdk._related import referenced, related
from ..accounts.whom import accounting
from ..device_names import named_uuid
from ..forecast.plan import forecasting
from ..options import DeviceSelection, Forecast
from ..query import Record
from ..rows import read_rows
from ..selector import need_application, refuse_selection, refuse_wandering_limit, select_devices
from . import status
from .find import find_in_each, of_application
from .names import ReleaseName, label, read_name

if TYPE_CHECKING:
    from ...sdk import Balena

#: How a release is read where something refers to it.
RELEASE: dict[str, Any] = {"$select": ["id", "commit", "raw_version"]}


class Want(DeviceSelection, Waiting, Forecast):
    """The options of the module balena_release_pin."""

    scope: str
    release: Any
    allow_invalidated: bool
    offline: str


@accounting
@forecasting
def plan(balena: Balena, want: Want) -> Task:
    """What has to change for the targets to be as declared.

    :param want: the options of the module balena_release_pin.
    :raises DeclarationError: options that do not fit the scope; something that does not exist; a release that devices
        cannot or should not run.
    """
    limits = Limits.of(want)
    wanted = read_name(want["release"])
    if want["scope"] == "application":
        return _application(balena, want, wanted, limits)
    return _devices(balena, want, wanted, limits)


def _application(balena: Balena, want: Want, wanted: ReleaseName, limits: Limits) -> Task:
    refuse_selection(want, "application")
    if not want["application"]:
        raise DeclarationError("application is needed with scope 'application'")
    reading = _latest(wanted).reading()
    home = need_application(
        balena,
        want["application"],
        select=("should_track_latest_release",),
        expand={"should_be_running__release": RELEASE, "owns__release": reading},
    )
    target = _target_of_application(balena, want, wanted, home)
    track = wanted.kind == "track"
    changes = application_changes(home, target, track=track)
    kept = next(iter(home["should_be_running__release"]), None)
    result = {
        "targets": {home["slug"]: shown(target or kept)},
        "application": {"slug": home["slug"], "track_latest_release": track},
    }
    wait = _followers(want, limits, home, target, changed=bool(changes)) if want["wait"] else None
    return Task(Plan(tuple(changes), 1, result), wait=wait)


def application_changes(home: Record, target: Record | None, *, track: bool = False) -> list[Change]:
    """What gives an application its target.

    :param home: the application, with its present target as L(RELEASE) reads it.
    :param target: the release; None keeps the one that it has.
    :param track: whether it goes on to each later release.
    """
    key = (home["slug"],)
    fields: dict[str, Any] = {"should_track_latest_release": track}
    if target is not None:
        fields["should_be_running__release"] = NamedId(target["id"], label(target))
    actual = {
        "should_track_latest_release": home["should_track_latest_release"],
        "should_be_running__release": _named(home["should_be_running__release"]),
    }
    return compare("application", [Row(key, fields)], [Row(key, actual, {}, home["id"])])


def _latest(wanted: ReleaseName) -> ReleaseName:
    """To track the latest release begins with moving to it: the flag alone moves nothing (recording 08)."""
    return read_name("latest") if wanted.kind == "track" else wanted


def _target_of_application(balena: Balena, want: Want, wanted: ReleaseName, home: Record) -> Record | None:
    if wanted.kind == "track":
        return next(iter(home["owns__release"]), None)
    if wanted.choose(home["owns__release"], of_application(home["slug"])) is None:
        # Asked again, for the message that says where it is instead.
        find_in_each(balena, wanted, {home["id"]: home["slug"]})
    target = wanted.choose(home["owns__release"])
    check_release(target, home["slug"], allow_invalidated=want["allow_invalidated"])
    return target


def _devices(balena: Balena, want: Want, wanted: ReleaseName, limits: Limits) -> Task:
    refuse_wandering_limit(want, columns=("is_pinned_on__release", "should_be_running__release", "is_running__release"))
    rows = select_devices(
        balena,
        want,
        select=status.COLUMNS if want["wait"] else (),
        expand={"is_pinned_on__release": RELEASE, "belongs_to__application": {"$select": ["id", "slug"]}},
    )
    homes = {home["id"]: home["slug"] for home in (related(row, "belongs_to__application") for row in rows)}
    targets: dict[int, Record] = {}
    if wanted.kind != "track" and homes:
        targets = find_in_each(balena, wanted, homes)
        for id_, target in targets.items():
            check_release(target, homes[id_], allow_invalidated=want["allow_invalidated"])
    named = {id_: NamedId(target["id"], label(target)) for id_, target in targets.items()}
    changes = pin_changes(rows, {row["uuid"]: named.get(status.home_of(row)) for row in rows})
    result = {
        "targets": {homes[id_]: shown(target) for id_, target in targets.items()},
        "devices": [_device(row, targets.get(status.home_of(row))) for row in rows],
    }
    changed = {change.key[0] for change in changes}
    ids = {id_: target["id"] for id_, target in targets.items()}
    wait = _device_wait(want, limits, rows, ids, changed) if want["wait"] else None
    return Task(Plan(tuple(changes), len(rows), result), wait=wait, homes=tuple(homes))


def pin_changes(rows: Sequence[Record], targets: Mapping[str, NamedId | None]) -> list[Change]:
    """What pins devices.

    :param rows: the devices, with C(is_pinned_on__release) as L(RELEASE) reads it.
    :param targets: the release of each by its uuid; None lets it follow its application.
    """
    desired, actual = [], []
    for row in rows:
        key = (named_uuid(row),)
        desired.append(Row(key, {"is_pinned_on__release": targets[row["uuid"]]}))
        actual.append(Row(key, {"is_pinned_on__release": _named(row["is_pinned_on__release"])}, {}, row["id"]))
    return compare("device", desired, actual)


def pinned_on(balena: Balena, home: Record, release: Record) -> int:
    """How many devices of an application are pinned on a release."""
    condition = {"belongs_to__application": home["id"], "is_pinned_on__release": release["id"]}
    count: int = balena.pine.get("device", options={"$count": {"$filter": condition}})
    return count


def check_release(target: Record | None, slug: str, *, allow_invalidated: bool) -> None:
    """Refuse a release that devices cannot run, and one that they should not.

    :raises DeclarationError: its build did not succeed, or it is invalidated and that is not allowed.
    """
    if target is None:
        return
    name = f"release {label(target)}{of_application(slug)}"
    if target["status"] != "success":
        raise DeclarationError(f"{name} cannot be run: its build has the status '{target['status']}'")
    if target["is_invalidated"] and not allow_invalidated:
        raise DeclarationError(f"{name} is invalidated; say allow_invalidated: true if it should be run nevertheless")


def _device_wait(
    want: Want,
    limits: Limits,
    rows: Sequence[Record],
    targets: Mapping[int, int],
    changed: Collection[str],
) -> status.Wait:
    """Wait until devices run their targets.

    :param changed: the uuids of those that get them now.
    """
    said = {row["uuid"]: status.update_word(row) for row in rows if row["uuid"] in changed}
    target_of = {row["uuid"]: targets.get(status.home_of(row)) for row in rows}
    policy = want["offline"]
    # What is running already was seen once before the pin; one more look is enough to believe it.
    seen = {
        row["uuid"]: Sight(State.DONE)
        for row in rows
        if row["is_running__release"] and referenced(row["is_running__release"]) == target_of[row["uuid"]]
    }
    absent = [row["uuid"] for row in rows if status.is_offline(row) and row["uuid"] not in seen]
    skipped = dict.fromkeys(absent, "offline, not waited for") if policy == "skip" else {}

    def see(uuid: str, row: Record) -> Sight:
        return status.see_release(row, target_of[uuid], policy, said.get(uuid))

    return status.follower(rows, see, limits, seen=seen, skipped=skipped)


def _followers(want: Want, limits: Limits, home: Record, target: Record | None, *, changed: bool) -> status.Wait:
    """Wait for the devices of an application that have no pin of their own."""

    def follow(balena: Balena, outcome: Outcome, progress: Progress) -> Followed:
        condition = {"belongs_to__application": home["id"], "is_pinned_on__release": None}
        columns = ["id", "uuid", "device_name", "belongs_to__application", *status.COLUMNS]
        rows = read_rows(balena, "device", condition, select=columns)
        targets = {home["id"]: target["id"]} if target else {}
        waits = _device_wait(want, limits, rows, targets, {row["uuid"] for row in rows} if changed else ())
        return waits(balena, outcome, progress)

    return follow


def _named(expanded: Sequence[Record]) -> NamedId | None:
    return NamedId(expanded[0]["id"], label(expanded[0])) if expanded else None


def shown(release: Record | None) -> dict[str, Any] | None:
    """A release as results show it."""
    return {"id": release["id"], "commit": release["commit"], "version": release["raw_version"]} if release else None


def _device(row: Record, target: Record | None) -> dict[str, Any]:
    """A device as it will be: pinned on a release, or (null) following its application."""
    return {
        "uuid": row["uuid"],
        "name": row["device_name"],
        "application": related(row, "belongs_to__application")["slug"],
        "pinned_on": shown(target),
    }
