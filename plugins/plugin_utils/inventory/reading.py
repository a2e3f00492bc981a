# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read all devices of an inventory source: a constant number of requests, the full set or an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...module_utils.domain.devices.facts import EXPANSIONS, SERVICES, Row
from ...module_utils.domain.options import DeviceSelection
from ...module_utils.domain.query import all_of, any_of, meant, reaching
from ...module_utils.domain.read_more import SECRET_COLUMNS, relations
from ...module_utils.domain.rows import holds, read_rows, user_condition
from ...module_utils.domain.selector import ambiguous_application, in_application, named_application, select_devices
from ...module_utils.domain.tag_conditions import tag_conditions, wanted_tags
from ...module_utils.engine.wording import counted
from ...module_utils.sdk._chunks import chunks
from ...module_utils.sdk._odata_reader import Condition
from ...module_utils.sdk._related import related_or_none
from ...module_utils.sdk.errors import BalenaError

if TYPE_CHECKING:
    from ...module_utils.sdk import Balena

Filter = dict[str, Any]
#: The condition on the rows that names mean.
Meaning = Callable[..., Filter]

#: Devices in one answer. A larger set is read page by page, each page ending where the next begins.
PAGE_SIZE = 25_000

_NAMING_COLUMNS = {"application": ["id", "slug", "uuid", "app_name"], "organization": ["id", "handle"]}


class ReadError(BalenaError):
    """The devices could not be read as asked."""


def read_devices(balena: Balena, want: Mapping[str, Any]) -> list[Row]:
    """All devices that an inventory source means, ordered by id.

    :param want: the options C(organizations), C(applications), C(devices), C(filter), C(with_tags), C(has_tags),
        C(online), C(fields), C(expand), C(services) and C(variables).
    :raises BalenaError: a page failed, devices are missing from the answer, or something named does not exist.
    """
    theirs = user_condition(want.get("filter"))
    ours = all_of(*_conditions(want))
    expand = expansions(want)
    if want.get("devices"):
        pieces = chunks([row["id"] for row in select_devices(balena, _selection(want))])
        rows = [row for piece in pieces for row in _read(balena, all_of({"id": {"$in": list(piece)}}, ours), expand)]
    else:
        rows = _read(balena, ours, expand, theirs)
    _check_names(balena, want, rows)
    _check_fields(want.get("fields") or (), rows)
    return sorted(rows, key=lambda row: row["id"])


def expansions(want: Mapping[str, Any]) -> dict[str, Any]:
    """C($expand) of the request."""
    found = dict(EXPANSIONS)
    if want.get("services"):
        found["image_install"] = SERVICES
    if want.get("variables", "none") != "none":
        columns = ["name"] if want["variables"] == "names" else ["name", "value"]
        found["device_environment_variable"] = {"$select": columns}
        found["device_config_variable"] = {"$select": columns}
    for relation, options in relations(want.get("expand")).items():
        if relation in found and options:
            raise ReadError(f"expand: the plugin reads {relation} itself, so it takes no options")
        found.setdefault(relation, options)
    return found


def _read(balena: Balena, ours: Filter, expand: Mapping[str, Any], theirs: Condition | None = None) -> list[Row]:
    condition = all_of(ours, theirs.text if theirs else None)
    number = _count(balena, condition)
    rows: list[Row] = list(read_rows(balena, "device", ours, theirs=theirs, expand=expand, page_size=PAGE_SIZE))
    if len(rows) != number:  # a device may have come or gone in between: only the count now can tell
        number = _count(balena, condition)
    if len(rows) != number:
        raise ReadError(
            f"The API counts {counted(number, 'device')} but sent {len(rows)}: the inventory would be incomplete"
        )
    return rows


def _count(balena: Balena, condition: Filter) -> int:
    answer = balena.pine.get("device", options={"$count": {"$filter": reaching(condition)} if condition else {}})
    if isinstance(answer, bool) or not isinstance(answer, int):
        raise ReadError(f"The API answered the number of devices with {type(answer).__name__} instead of a number")
    return answer


def _conditions(want: Mapping[str, Any]) -> list[Filter | None]:
    """The conditions that devices are judged by, besides being named."""
    return [
        in_application(*want["applications"]) if want.get("applications") else None,
        _organization_condition(want["organizations"]) if want.get("organizations") else None,
        {"is_online": want["online"]} if want.get("online") is not None else None,
        *tag_conditions(wanted_tags(_selection(want))),
    ]


def _selection(want: Mapping[str, Any]) -> DeviceSelection:
    """The devices that are named or have some tags, as modules select them."""
    return {
        "devices": want.get("devices"),
        "application": None,
        "with_tags": want.get("with_tags"),
        "has_tags": want.get("has_tags"),
        "filter": want.get("filter"),
        "limit": None,
        "allow_empty": False,
    }


def _organization_condition(names: Sequence[str | int]) -> Filter:
    ids, handles = _ids_and_handles(names)
    ways: list[Filter] = [{"belongs_to__application": {"organization": number}} for number in ids]
    ways += [{"belongs_to__application": {"organization": {"handle": handle}}} for handle in handles]
    return any_of(ways)


def _named_organization(*names: str | int) -> Filter:
    ids, handles = _ids_and_handles(names)
    return any_of([{column: {"$in": found}} for column, found in (("id", ids), ("handle", handles)) if found])


def _ids_and_handles(names: Sequence[str | int]) -> tuple[list[int], list[str]]:
    texts = [name.strip() for name in names if isinstance(name, str)]
    return [name for name in names if isinstance(name, int)], texts


def _check_names(balena: Balena, want: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Refuse a name that means nothing, or two fleets at once."""
    homes = (related_or_none(row, "belongs_to__application") for row in rows)
    fleets = list({home["id"]: home for home in homes if home}.values())
    organizations = [organization for fleet in fleets for organization in fleet["organization"]]
    for name in want.get("applications") or ():
        several = [fleet for fleet in fleets if holds(named_application(name), fleet)]
        if several[1:]:
            raise ReadError(ambiguous_application(name, several))
    _must_exist(balena, "application", want.get("applications") or (), fleets, named_application)
    _must_exist(balena, "organization", want.get("organizations") or (), organizations, _named_organization)


def _must_exist(balena: Balena, resource: str, names: Sequence[Any], seen: Sequence[Row], meant_by: Meaning) -> None:
    """Ask for the names that have no device, if any: a request only then."""
    lost = [name for name in names if not any(holds(meant_by(name), row) for row in seen)]
    if not lost:
        return
    rows = balena.pine.get(resource, options={"$select": _NAMING_COLUMNS[resource], "$filter": meant_by(*lost)})
    for name in lost:
        if not any(holds(meant_by(name), row) for row in rows):
            column = {"organization": "handle"}.get(resource) or ("slug" if "/" in str(name) else "app_name")
            known = meant(balena, resource, column, name)
            raise ReadError(f"{resource} '{name}' does not exist, or the token may not see it{known}")


def _check_fields(fields: Sequence[str], rows: Sequence[Row]) -> None:
    for name in fields:
        if name in SECRET_COLUMNS:
            raise ReadError(f"fields: {name} is a secret of the device and never becomes a variable")
        if rows and name not in rows[0]:
            known = ", ".join(sorted(rows[0]))
            raise ReadError(f"fields: the API's devices have no field '{name}'. They have: {known}")
