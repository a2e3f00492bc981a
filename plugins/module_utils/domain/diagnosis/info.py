# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of devices as the API knows it, as balena_diagnosis_info returns it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...engine import dates
from ..devices.info import chosen
from ..options import DeviceSelection
from ..query import Record
from . import checks, judging, metrics, together

if TYPE_CHECKING:
    from ...sdk import Balena


class Want(DeviceSelection, checks.Diagnosis):
    """The options of the module balena_diagnosis_info."""

    supervisor: bool
    before: Any | None


def read(balena: Balena, want: Want) -> dict[str, Any]:
    """The health of the devices that are selected, in one request; with C(supervisor) one more for each device.

    :param want: the options of the module balena_diagnosis_info.
    :raises DeclarationError: a check or a threshold that makes no sense; C(before) is no diagnosis.
    """
    wanted = checks.declared(want, checks.API, asks=want["supervisor"])
    if want["before"] is not None:
        together.compared(want["before"], ())
    rows = chosen(balena, want, select=metrics.COLUMNS, expand=metrics.EXPANSIONS)
    asked = metrics.supervisors(balena, rows) if want["supervisor"] else {}
    devices = of_rows(rows, wanted, asked)
    result = {"devices": devices, **together.together(devices)}
    if want["before"] is not None:
        result["worse"] = together.compared(want["before"], devices)
    return result


def of_rows(
    rows: Sequence[Record], wanted: Sequence[checks.Check], asked: Mapping[str, judging.Measure] | None = None
) -> list[dict[str, Any]]:
    """The diagnoses of devices that were read with L(metrics.COLUMNS) and L(metrics.EXPANSIONS).

    :param asked: what their supervisors said, by uuid.
    """
    now = dates.now()
    found = []
    for row in rows:
        measured = metrics.measures(row, now)
        if asked and row["uuid"] in asked:
            measured["supervisor"] = asked[row["uuid"]]
        diagnosis = judging.diagnose(wanted, measured)
        found.append({"uuid": row["uuid"], "name": row["device_name"], "source": checks.API, **diagnosis})
    return found
