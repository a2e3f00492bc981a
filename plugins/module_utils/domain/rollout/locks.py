# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Update locks in a rollout that downloads first: kept while devices download, overridden while they switch, put back.

The lock is a file in a container of the device, C(/tmp/balena/updates.lock). The supervisor downloads a release in
spite of it, and does not start it. It starts it when the lock is gone, or when the configuration overrides the lock.
Whatever a device is given for that is remembered in a tag of its own, which is written before and removed afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ...engine.named import Comparison
from ...engine.plan import Change
from ..device_names import named_uuid
from ..query import Record
from ..tags.compare import Tagged, compare_tags
from ..variables.compare import Parent, add_variables
from . import memory
from .memory import LOCK_TAG

#: What overrides the lock, as balena documents it.
OVERRIDE = "BALENA_SUPERVISOR_OVERRIDE_LOCK"
#: All names of it; where there are several, the supervisor takes the last of them. Without SUPERVISOR_ it is the older
#: name, which goes before the other.
NAMES = (
    "RESIN_SUPERVISOR_OVERRIDE_LOCK",
    OVERRIDE,
    "RESIN_OVERRIDE_LOCK",
    "BALENA_OVERRIDE_LOCK",
)
#: What the supervisor takes for true.
_TRUE = ("1", "true", "on")

#: How the variables are read, of devices and of applications.
READ: Mapping[str, Any] = {"$select": ["id", "name", "value"], "$filter": {"name": {"$in": list(NAMES)}}}
#: The same, for L(select_devices).
OF_DEVICES: Mapping[str, Any] = {"device_config_variable": READ}


def give(rows: Iterable[Record], home: Record, *, override: bool) -> list[Change]:
    """What lets the locks of devices hold, or overrides them, where that is not so.

    :param rows: devices with their tags of the rollout and with L(OF_DEVICES).
    :param home: their application, with C(application_config_variable) as L(READ).
    """
    fleet = _values(home["application_config_variable"])
    changing = [row for row in rows if _overrides({**fleet, **_own(row)}) != override]
    kept = {row["uuid"]: _tag(row) or _remember(row, fleet) for row in changing}
    value = "1" if override else "0"
    return [
        *_tags({row["uuid"]: kept[row["uuid"]] for row in changing}, changing),
        *_variables({row["uuid"]: {_parsed(kept[row["uuid"]])[0]: value} for row in changing}, changing),
    ]


def put_back(rows: Iterable[Record]) -> list[Change]:
    """What gives devices back what overrode their locks before, and forgets it.

    :param rows: as L(give) takes them; those that were given nothing stay as they are.
    """
    given = [row for row in rows if _tag(row) is not None]
    former = {row["uuid"]: dict([_parsed(_tag(row) or "")]) for row in given}
    return [*_variables(former, given), *_tags(dict.fromkeys(former, None), given)]


def settle(rows: Iterable[Record], home: Record, left: Collection[str]) -> list[Change]:
    """What is to be done after devices were to switch: those that have are given back what they had.

    The others are too, unless their locks would be overridden then: they would switch at any time.

    :param left: the uuids of the others.
    """
    fleet = _values(home["application_config_variable"])
    back: list[Record] = []
    kept: list[Record] = []
    for row in rows:
        if _tag(row) is None:
            continue
        name, value = _parsed(_tag(row) or "")
        own = {key: said for key, said in _own(row).items() if key != name} | ({name: value} if value else {})
        waits = row["uuid"] in left and _overrides({**fleet, **own})
        (kept if waits else back).append(row)
    return [*give(kept, home, override=False), *put_back(back)]


def _overrides(values: Mapping[str, str]) -> bool:
    found = [values[name] for name in NAMES if name in values]
    return bool(found) and found[-1].strip().lower() in _TRUE


def _remember(row: Record, fleet: Mapping[str, str]) -> str:
    """What the tag of a device says: the variable that counts, and the device's own value of it, if it has one."""
    own = _own(row)
    name = next((name for name in reversed(NAMES) if name in own or name in fleet), OVERRIDE)
    return f"{name}={own[name]}" if name in own else name


def _parsed(tag: str) -> tuple[str, str | None]:
    name, equals, value = tag.partition("=")
    # Whatever somebody wrote into the tag, no other variable is touched because of it.
    return (name if name in NAMES else OVERRIDE), value if equals else None


def _values(rows: Iterable[Record]) -> dict[str, str]:
    return {row["name"]: row["value"] for row in rows}


def _own(row: Record) -> dict[str, str]:
    return _values(row["device_config_variable"])


def _tag(row: Record) -> str | None:
    return memory.tag_of(row, LOCK_TAG)


def _tags(wanted: Mapping[str, str | None], rows: Iterable[Record]) -> list[Change]:
    things = [
        Tagged(
            row["id"],
            (named_uuid(row),),
            {LOCK_TAG: wanted[row["uuid"]]},
            [tag for tag in row["device_tag"] if tag["tag_key"] == LOCK_TAG],
        )
        for row in rows
    ]
    return compare_tags("device", things)


def _variables(wanted: Mapping[str, Mapping[str, str | None]], rows: Iterable[Record]) -> list[Change]:
    found = Comparison("device_config_variable", "device", "name")
    for row in rows:
        add_variables(found, Parent(row["id"], (named_uuid(row),)), wanted[row["uuid"]], row["device_config_variable"])
    return list(found.changes())
