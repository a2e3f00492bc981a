# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnoses of many devices together: counted, named by what was found, compared with earlier ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...engine.kinds import kind_of
from ...engine.plan import DeclarationError
from ...engine.wording import called, counted, listed
from . import judging
from .checks import CHECKS, HOST, Check
from .judging import BAD, GOOD, RESULTS, WARN, Measure, diagnose, results_of, summed_up, worst

Diagnosis = Mapping[str, Any]

#: Devices that a sentence names.
_NAMED = 3


def named(device: Mapping[str, Any]) -> str:
    """A device in a sentence: its name and the first digits of its uuid."""
    return called(str(device.get("uuid") or ""), device.get("name"))


def together(devices: Sequence[Diagnosis]) -> dict[str, Any]:
    """What the diagnoses of devices come to: C(worst), C(counts), C(findings) and C(summary).

    :param devices: each with C(uuid), C(name) and what L(judging.diagnose) returns.
    """
    counts = Counter(device["worst"] for device in devices)
    found = findings(devices)
    return {
        "worst": worst(counts),
        "counts": {result: counts[result] for result in RESULTS},
        "findings": found,
        "summary": _summary(devices, counts, found),
    }


def findings(devices: Iterable[Diagnosis]) -> list[dict[str, Any]]:
    """What is not good, by check, the worst first: C(check), C(result), and C(devices) with a sentence for each."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for device in devices:
        for name, check in device["checks"].items():
            if check["result"] in (WARN, BAD):
                said = {"uuid": device["uuid"], "name": device["name"], "sentence": check["sentence"]}
                groups.setdefault((check["result"], name), []).append(said)
    order = {name: number for number, name in enumerate(CHECKS)}
    ranked = sorted(groups, key=lambda key: (key[0] != BAD, order.get(key[1], len(order))))
    return [{"check": name, "result": result, "devices": groups[result, name]} for result, name in ranked]


def _summary(devices: Sequence[Diagnosis], counts: Mapping[str, int], found: Sequence[Mapping[str, Any]]) -> str:
    """How the devices are, in one sentence that counts them and names the first of each finding."""
    if not devices:
        return "No devices"
    told = ", ".join(f"{counts[result]} {result}" for result in RESULTS if counts.get(result))
    told = f"{counted(len(devices), 'device')}: {told}"
    parts = [
        f"{one['check']} {one['result']} on {listed([named(device) for device in one['devices']], _NAMED)}"
        for one in found
    ]
    return ". ".join([told, *(["; ".join(parts)] if parts else [])])


def compared(before: Any, devices: Iterable[Diagnosis]) -> list[dict[str, Any]]:
    """The devices that are worse than before, each with the C(checks) that are, and a C(sentence).

    :param before: an earlier diagnosis: its devices, or a mapping that has them as C(devices).
    :raises DeclarationError: it is none.
    """
    earlier = _results_by_uuid(before)
    found = []
    for device in devices:
        then = earlier.get(device["uuid"], {})
        names = judging.worse(then, results_of(device))
        if names:
            said = "; ".join(told(name, then[name], device["checks"][name]) for name in names)
            found.append({"uuid": device["uuid"], "name": device["name"], "checks": names, "sentence": said})
    return found


def told(name: str, before: str, now: Mapping[str, Any]) -> str:
    """What became worse, in words."""
    return f"{name} is {now['result']}, was {before}: {now['sentence']}"


def _results_by_uuid(before: Any) -> dict[str, dict[str, str]]:
    """The results of an earlier diagnosis, which may come from a file: by uuid and check."""
    rows = before.get("devices") if isinstance(before, Mapping) else before
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise DeclarationError(
            f"before must be the devices of an earlier diagnosis, or a result that has them, not {kind_of(before)}"
        )
    found = {}
    for number, row in enumerate(rows):
        try:
            found[row["uuid"]] = results_of(row)
        except (KeyError, TypeError, AttributeError):
            raise DeclarationError(
                f"before: element {number} is not the diagnosis of a device, which has uuid and checks with results"
            ) from None
    return found


def merged(api: Iterable[Diagnosis], hosts: Iterable[Diagnosis]) -> list[dict[str, Any]]:
    """The diagnoses of devices from both sources, one for each device; what the host itself has measured counts more.

    :param hosts: those without a uuid are devices that the API does not know.
    """
    found = {one["uuid"]: dict(one) for one in api}
    others = []
    for host in hosts:
        known = found.get(host["uuid"]) if host["uuid"] else None
        if known is None:
            others.append(dict(host))
            continue
        better = {name: one for name, one in host["checks"].items() if one["result"] in (GOOD, WARN, BAD)}
        checks = summed_up({**host["checks"], **known["checks"], **better})
        found[host["uuid"]] = {**known, "source": f"{known['source']}, {host['source']}", **checks}
    return [*found.values(), *others]


def unreached(uuid: str | None, name: str, checks: Sequence[Check], why: str) -> dict[str, Any]:
    """The diagnosis of a host that could not be asked: nothing is known of it, and why."""
    measures = dict.fromkeys((check.name for check in checks), Measure(None, why))
    return {"uuid": uuid, "name": name, "source": HOST, **diagnose(checks, measures)}
