# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which application and which devices a task means: one way to say it, one or two requests to find them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..engine.guard import share
from ..engine.kinds import check_names
from ..engine.plan import DeclarationError
from ..sdk._chunks import NAMES, chunks
from ..sdk.errors import BalenaRequestError
from .options import DeviceSelection
from .query import Record, all_of, any_of, meant
from .rows import judge, read_rows, user_condition
from .tag_conditions import tag_conditions, wanted_tags

if TYPE_CHECKING:
    from ..sdk import Balena

_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{62}")
#: A prefix of a uuid as the dashboard shows it has 7 digits; fewer are too likely a name.
_SHORT_UUID = re.compile(r"[0-9a-f]{7,61}")

NOTHING_SELECTED = "the options select no device; say allow_empty: true if that can be"

#: Options that select devices and mean nothing else; C(application) does, in other scopes.
_CHOOSING: Final = ("devices", "with_tags", "has_tags", "filter", "limit")

DEVICE_COLUMNS = ("id", "uuid", "device_name", "belongs_to__application")
APPLICATION_COLUMNS = ("id", "app_name", "slug", "uuid")


def find_application(
    balena: Balena, name: str | int, *, select: Sequence[str] | None = (), expand: Mapping[str, Any] | None = None
) -> Record | None:
    """The application that an option names, or None.

    :param name: id, slug (C(organization/name)), uuid, or the bare name when only one organization has it.
    :param select: columns to read besides those that name the application; None reads whole rows.
    :raises DeclarationError: the bare name is that of several applications; the message lists their slugs.
    """
    options: dict[str, Any] = {}
    if select is not None:
        options["$select"] = list(dict.fromkeys([*APPLICATION_COLUMNS, *select]))
    if expand:
        options["$expand"] = dict(expand)
    if isinstance(name, int):
        row = balena.pine.get("application", id=name, options=options)
        judge([row] if row else [], {"id": name}, "application")
        return row or None
    rows = balena.pine.get("application", options={**options, "$filter": named_application(name)})
    judge(rows, named_application(name), "application")
    if len(rows) > 1:
        raise DeclarationError(ambiguous_application(name, rows))
    return rows[0] if rows else None


def ambiguous_application(name: str | int, rows: Iterable[Mapping[str, Any]]) -> str:
    """What is wrong with the name of several applications."""
    slugs = ", ".join(sorted(row["slug"] for row in rows))
    return f"application '{name}' is ambiguous: {slugs}. Give it as organization/name"


def named_application(*names: str | int) -> dict[str, Any]:
    """The condition on the applications that ids, slugs, uuids or bare names may mean; at least one is needed."""
    texts = [name.strip() for name in names if isinstance(name, str)]
    others = [text for text in texts if "/" not in text]
    meant_by: dict[str, Sequence[str | int]] = {
        "id": [name for name in names if isinstance(name, int)],
        "slug": [text.lower() for text in texts if "/" in text],
        "uuid": [text.lower() for text in others],
        "app_name": others,
    }
    ways = [(column, values) for column, values in meant_by.items() if values]
    return any_of([{column: {"$in": values} if values[1:] else values[0]} for column, values in ways])


def need_application(balena: Balena, name: str | int, **read: Any) -> Record:
    """The application that an option names.

    :raises DeclarationError: there is none that this token can see, or several.
    """
    row = find_application(balena, name, **read)
    if row is None:
        raise no_application(balena, name)
    return row


def no_application(balena: Balena, name: str | int) -> DeclarationError:
    """The error of an application that cannot be found; says which was probably meant."""
    known = meant(balena, "application", "slug" if "/" in str(name) else "app_name", name)
    return DeclarationError(f"application '{name}' does not exist, or the token may not see it{known}")


def select_devices(
    balena: Balena,
    want: DeviceSelection,
    *,
    select: Sequence[str] | None = (),
    expand: Mapping[str, Any] | None = None,
    everywhere: bool = False,
    may_be_missing: Callable[[str | int], bool] | None = None,
) -> list[Record]:
    """The devices that the shared selector options mean, ordered by uuid.

    :param want: devices are uuids, prefixes, names, or ids. An empty list of devices means none of them.
    :param select: columns to read besides those that name the device; None reads whole rows.
    :param everywhere: without C(devices) and C(application), look at every device that the token sees.
    :param may_be_missing: whether a name of which there is no device is left out; then none at all is not an error.
    :raises DeclarationError: neither C(devices) nor C(application) says where to look; a device that does not exist,
        or a name or prefix that several have; or nothing is selected and C(allow_empty) does not say that this is fine.
    """
    named = want["devices"] is not None
    if not (named or want["application"] or everywhere):
        raise DeclarationError("devices or application is needed to say which devices are meant")
    reading = {"select": None if select is None else _columns(select), "expand": expand}
    rows = _selected(balena, want, reading, may_be_missing)
    if not (rows or may_be_missing or want["allow_empty"]):
        raise DeclarationError(NOTHING_SELECTED)
    rows.sort(key=lambda row: row["uuid"])
    limit = want["limit"]
    return rows if limit is None else rows[: share(limit, len(rows), option="limit")]


def _selected(
    balena: Balena,
    want: DeviceSelection,
    reading: Mapping[str, Any],
    may_be_missing: Callable[[str | int], bool] | None,
) -> list[Record]:
    """The devices that all options together let through; the application is looked up only where it has to be."""
    application = want["application"]
    within = _within(application) if application else None
    if application and within is None:
        within = {"belongs_to__application": need_application(balena, application)["id"]}
        application = None
    ours = all_of(within, *tag_conditions(wanted_tags(want)))
    theirs = user_condition(want["filter"])
    try:
        if want["devices"] is not None:
            rows = _named(balena, want["devices"], ours, {**reading, "theirs": theirs}, may_be_missing)
        else:
            rows = read_rows(balena, "device", ours, theirs=theirs, **reading)
    except DeclarationError:
        if application:
            need_application(balena, application)
        raise
    except BalenaRequestError as error:
        # Bad grammar is a 400 that repeats the URL, an unknown column an empty 500 (recording 17).
        if want["filter"] and error.status_code in (400, 500):
            raise DeclarationError(
                f"filter '{want['filter']}': the API refused it ({error.status_code}). It must be an OData condition "
                "on the columns of a device, such as is_online eq true"
            ) from error
        raise
    if application and not rows:
        need_application(balena, application)
    return rows


def _within(application: str | int) -> dict[str, Any] | None:
    """The condition on the devices of an application whose name can mean no other: its id or slug."""
    if isinstance(application, int):
        return {"belongs_to__application": application}
    if "/" not in application:
        return None
    return in_application(application)


def in_application(*names: str | int) -> dict[str, Any]:
    """The condition on the devices of the applications that may be meant (see L(named_application))."""
    ways = named_application(*names)
    parts = [{"a": way} for way in ways.get("$or", [ways])]
    expression = {"$or": parts} if parts[1:] else parts[0]
    return {"belongs_to__application": {"$any": {"$alias": "a", "$expr": expression}}}


def refuse_selection(want: DeviceSelection, scope: str) -> None:
    """Refuse the options that choose among devices where no devices are meant.

    :raises DeclarationError: one of them is given; names it.
    """
    useless = [name for name in _CHOOSING if want[name] is not None]
    if useless:
        raise DeclarationError(f"{', '.join(useless)} select devices, and scope '{scope}' has none")


def refuse_wandering_limit(
    want: DeviceSelection, *, columns: Sequence[str] = (), tags: Iterable[str] = (), leaves: str = ""
) -> None:
    """Refuse C(limit) where the task changes what devices are selected by: each run would go on to further devices.

    :param columns: the columns that the task changes.
    :param tags: the keys of the tags that it changes.
    :param leaves: why devices are not selected any more after it, in any case.
    :raises DeclarationError: says what the task changes.
    """
    if want["limit"] is None:
        return
    read = user_condition(want["filter"])
    looked_at = {part for path in (read.columns if read else ()) for part in path.split("/")}
    changed = sorted(looked_at & {*columns, *(("device_tag",) if tags else ())})
    changed += sorted({*map(str, tags)} & wanted_tags(want).keys())
    if changed or leaves:
        why = leaves or f"the task changes what they are selected by ({', '.join(changed)})"
        raise DeclarationError(
            f"limit cannot be used where {why}: each run would go on to further devices. Name them in devices"
        )


def _columns(select: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*DEVICE_COLUMNS, *select]))


def is_device_uuid(name: Any) -> bool:
    """Whether this is a whole uuid, as the API makes and accepts them."""
    return isinstance(name, str) and bool(_UUID.fullmatch(name))


def any_name(name: str | int) -> bool:
    """For C(may_be_missing): whatever name has no device is left out."""
    return True


def _named(
    balena: Balena,
    names: Sequence[str | int],
    ours: Mapping[str, Any],
    reading: Mapping[str, Any],
    may_be_missing: Callable[[str | int], bool] | None,
) -> list[Record]:
    """The devices of a list of names, each found exactly once, in as few requests as URLs allow."""
    check_names(names, "devices", "the uuid, the first 7 or more digits of it, the name or the id of a device")
    rows: dict[int, Record] = {}
    for piece in chunks(list(dict.fromkeys(names)), NAMES):
        for row in read_rows(balena, "device", all_of(any_of(_ways(piece)), ours), **reading):
            rows[row["id"]] = row
    found = list(rows.values())
    by_uuid = {row["uuid"]: row for row in found}
    by_name: dict[str, list[Record]] = {}
    for row in found:
        by_name.setdefault(row["device_name"], []).append(row)
    chosen: dict[int, Record] = {}
    for name in names:
        exact = rows.get(name) if isinstance(name, int) else by_uuid.get(name)
        named = [exact] if exact else by_name.get(str(name)) or _with_prefix(name, found)
        if not named and not (may_be_missing and may_be_missing(name)):
            raise _no_device(balena, name, ours)
        if named:
            single = _single(name, named)
            chosen[single["id"]] = single
    return list(chosen.values())


def _ways(names: Sequence[str | int]) -> list[dict[str, Any]]:
    ids = [name for name in names if isinstance(name, int)]
    texts = [name for name in names if isinstance(name, str)]
    uuids = [text for text in texts if _UUID.fullmatch(text)]
    others = [text for text in texts if not _UUID.fullmatch(text)]
    ways: list[dict[str, Any]] = []
    for column, values in (("id", ids), ("uuid", uuids), ("device_name", others)):
        if values:
            ways.append({column: {"$in": values}})
    return ways + [{"uuid": {"$startswith": text}} for text in others if _SHORT_UUID.fullmatch(text)]


def _with_prefix(name: str | int, rows: Sequence[Record]) -> list[Record]:
    if not isinstance(name, str) or not _SHORT_UUID.fullmatch(name):
        return []
    return [row for row in rows if row["uuid"].startswith(name)]


def _no_device(balena: Balena, name: str | int, within: Mapping[str, Any]) -> DeclarationError:
    known = meant(balena, "device", "device_name", name, within)
    return DeclarationError(f"device '{name}' does not exist among the devices that the other options select{known}")


def _single(name: str | int, rows: Sequence[Record]) -> Record:
    if len(rows) > 1:
        both = ", ".join(sorted(f"{row['device_name']} ({row['uuid']})" for row in rows))
        raise DeclarationError(f"device '{name}' is ambiguous: {both}. Give the uuid")
    return rows[0]
