# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API knows of the health of devices: what their supervisors report, read for all of them in one request.

What the supervisor reports, in which units and how roughly, is documented at
https://docs.balena.io/reference/supervisor/device-metrics.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...engine import dates
from ...engine.wording import listed
from ...sdk._related import referenced
from ...sdk.errors import BalenaError, BalenaRequestError
from ..devices.facts import SERVICES, containers
from ..devices.services import own
from ..query import Record
from ..releases import status
from .judging import Measure

if TYPE_CHECKING:
    from ...sdk import Balena

_METRICS = (
    "cpu_usage", "cpu_temp", "memory_usage", "memory_total", "storage_usage", "storage_total", "is_undervolted",
)  # fmt: skip
COLUMNS = (*status.COLUMNS, *status.HEARD_COLUMNS, *_METRICS)
#: The relations that figures are made of.
EXPANSIONS: dict[str, Any] = {"image_install": SERVICES}

_OFFLINE = Measure(None, "the device is offline")
_RUNNING = "Running"
_NAMED = 3
_HEALTHY = "v1/healthy"
_ILL = 500


def measures(row: Record, now: datetime.datetime) -> dict[str, Measure]:
    """What the API says of a device, by the names of the checks.

    An offline device reports nothing. What it reported last may be long over, and is not shown as if it were not.

    :param row: with L(COLUMNS) and L(EXPANSIONS).
    """
    found = {"connection": _connection(row, now), "release": _release(row)}
    if status.is_offline(row):
        return {**dict.fromkeys(_OF_ONLINE, _OFFLINE), **found}
    return {**found, **{name: measure(row) for name, measure in _OF_ONLINE.items()}}


def _connection(row: Record, now: datetime.datetime) -> Measure:
    if not status.is_offline(row):
        return Measure(0)
    heard = [moment for name in status.HEARD_COLUMNS if (moment := dates.read(row[name]))]
    if not heard:
        return Measure(None, "it has never been online")
    # Who went away a second ago is offline too.
    minutes = max((now - max(heard)).total_seconds() / 60, 1)
    return Measure(int(minutes))


def _release(row: Record) -> Measure:
    running, meant = referenced(row["is_running__release"]), referenced(row["should_be_running__release"])
    if meant is None:
        return Measure(None, "it has no target release")
    word = row.get("update_status")
    return Measure(0) if running == meant else Measure(1, f"its update is {_word(word)}" if word else "")


def _vpn(row: Record) -> Measure:
    return Measure(int(not row["is_online"]))


def _api(row: Record) -> Measure:
    heartbeat = row["api_heartbeat_state"]
    if heartbeat == "unknown":
        return Measure(None, "the API has not heard of its supervisor yet")
    return Measure(0) if heartbeat == "online" else Measure(1, f"its heartbeat is {_word(heartbeat)}")


def _share(kind: str) -> Callable[[Record], Measure]:
    """The share of something that is used, from two columns in megabytes."""

    def share(row: Record) -> Measure:
        used, total = row[f"{kind}_usage"], row[f"{kind}_total"]
        if used is None or not total:
            return Measure(None)
        return Measure(100 * used / total, f"{used} of {total} MB")

    return share


def _plain(column: str) -> Callable[[Record], Measure]:
    return lambda row: Measure(row[column])


def _undervoltage(row: Record) -> Measure:
    if not row["is_undervolted"] and all(row[name] is None for name in _METRICS if name != "is_undervolted"):
        return Measure(None, "no metrics are reported")
    return Measure(int(row["is_undervolted"]))


def _services(row: Record) -> Measure:
    """How many services do not run, with the first of them."""
    if not row.get("image_install"):
        return Measure(None, "no containers are reported")
    running = referenced(row["is_running__release"])
    states = {name: one.get("status") for name, one in containers(own(row), running).items()}
    stopped = [f"{_word(name)}: {_word(state)}" for name, state in states.items() if state != _RUNNING]
    return Measure(len(stopped), listed(stopped, _NAMED))


#: What only an online device can show.
_OF_ONLINE: dict[str, Callable[[Record], Measure]] = {
    "vpn": _vpn,
    "api": _api,
    "storage": _share("storage"),
    "memory": _share("memory"),
    "temperature": _plain("cpu_temp"),
    "cpu": _plain("cpu_usage"),
    "undervoltage": _undervoltage,
    "services": _services,
    "supervisor": lambda _row: Measure(None, "not asked"),
}


def _word(value: Any) -> str:
    """A word that a device has reported, for a sentence."""
    return str(value)[:80]


def supervisors(balena: Balena, rows: Sequence[Record]) -> dict[str, Measure]:
    """What the supervisors of online devices say of themselves, by uuid: one request for each, several at once.

    The supervisor's API has C(/v1/healthy) for that; the API passes the question on through the VPN.
    """
    reached = [row["uuid"] for row in rows if row["is_online"]]
    found = dict(zip(reached, balena.map_parallel(lambda uuid: _ask(balena, uuid), reached), strict=True))
    other = {row["uuid"]: Measure(None, "it cannot be asked without a VPN connection") for row in rows}
    return {**other, **found}


def _ask(balena: Balena, uuid: str) -> Measure:
    try:
        balena.request.send(
            method="POST",
            url=f"/supervisor/{_HEALTHY}",
            base_url=balena.options.api_root,
            body={"uuid": uuid, "method": "GET"},
            only_reads=True,
            response_format="none",
        )
    except BalenaRequestError as error:
        if error.status_code == _ILL:
            return Measure(1)
        return Measure(None, f"asking it was answered with status {error.status_code}")
    except BalenaError as error:
        return Measure(None, f"asking it failed ({type(error).__name__})")
    return Measure(0)
