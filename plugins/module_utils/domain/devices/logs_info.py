# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices logged, as balena_device_log_info returns it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ...engine import dates
from ...engine.near import near
from ...engine.plan import DeclarationError
from ...sdk._chunks import chunks
from ..options import DeviceSelection
from ..query import Record
from .info import chosen

if TYPE_CHECKING:
    from ...sdk import Balena

#: Lines that the API keeps of a device, about.
_KEPT = 1000


class Want(DeviceSelection):
    """The options of the module balena_device_log_info."""

    count: int
    since: str | None
    service: str | None


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The last lines of each device that is selected.

    There is no bulk read of logs: one request for each device, at most C(max_connections) at once, and one for the
    names of the services.

    :param want: the options of the module balena_device_log_info.
    :raises DeclarationError: C(since) is not a date, C(count) cannot be a number of lines, or the service is unknown.
    """
    since = int(dates.declared(want["since"], "since").timestamp() * 1000) if want["since"] else None
    if not 1 <= want["count"] <= _KEPT:
        raise DeclarationError(f"count must be from 1 to {_KEPT}, which is what the API keeps, not {want['count']}")
    devices = chosen(balena, want)
    services = _services(balena, devices)
    if want["service"] and want["service"] not in services.values():
        names = sorted(set(services.values()))
        raise DeclarationError(
            f"service '{want['service']}' does not exist (there are: {', '.join(names) or 'none'})"
            + near(want["service"], names)
        )

    def log_of(device: Record) -> dict[str, Any]:
        lines = [_line(line, services) for line in _history(balena, device["uuid"], since)]
        wanted = [line for line in lines if not want["service"] or line["service"] == want["service"]]
        return {"uuid": device["uuid"], "name": device["device_name"], "lines": wanted[-want["count"] :]}

    if not devices:
        return {"logs": []}
    with ThreadPoolExecutor(min(balena.options.max_connections, len(devices))) as pool:
        return {"logs": list(pool.map(log_of, devices))}


def _services(balena: Balena, devices: list[Record]) -> dict[int, str]:
    """The names of the services of the devices' applications, by id."""
    applications = sorted({device["belongs_to__application"]["__id"] for device in devices})
    found: dict[int, str] = {}
    for piece in chunks(applications):
        options = {"$select": ["id", "service_name"], "$filter": {"application": {"$in": list(piece)}}}
        found |= {row["id"]: row["service_name"] for row in balena.pine.get("service", options=options)}
    return found


def _history(balena: Balena, uuid: str, since: int | None) -> list[Record]:
    # All that is kept: the lines of one service are chosen here, the API cannot.
    query = {"count": "all", "start": since}
    path = f"/device/v2/{uuid}/logs"
    lines: list[Record] = balena.request.send(
        url=path, base_url=balena.options.api_root, qs=query, shape="objects"
    ).body
    return lines


def _line(line: Record, services: Mapping[int, str]) -> dict[str, Any]:
    return {
        "timestamp": dates.as_stored(datetime.datetime.fromtimestamp(line["timestamp"] / 1000, dates.UTC)),
        "message": line["message"],
        "service": services.get(line.get("serviceId", 0)),
        "is_system": line["isSystem"],
        "is_error": line["isStdErr"],
    }
