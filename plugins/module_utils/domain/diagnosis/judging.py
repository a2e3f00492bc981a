# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge the figures of a device: good, warn, bad or unknown, each with a sentence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .checks import Check

GOOD, WARN, BAD, UNKNOWN = "good", "warn", "bad", "unknown"
#: The results, the best first. What is unknown is neither good nor bad.
RESULTS = (GOOD, WARN, BAD, UNKNOWN)
_RANK = {GOOD: 0, WARN: 1, BAD: 2}


@dataclass(frozen=True)
class Measure:
    """A figure of a device.

    :param figure: None if it is not known.
    :param detail: what there is to say besides the figure; of one that is not known, why.
    """

    figure: float | None
    detail: str = ""


def judge(check: Check, measure: Measure | None) -> dict[str, Any]:
    """What a figure says: C(result), C(figure), C(unit) and C(sentence).

    A figure that makes no sense is unknown, whoever has reported it.
    """
    figure = measure.figure if measure else None
    shown: dict[str, Any] = {"unit": check.unit or None}
    if measure is None or figure is None:
        reason = (measure.detail if measure else "") or "not reported"
        return {"result": UNKNOWN, "figure": None, **shown, "sentence": reason}
    if not (math.isfinite(figure) and check.least <= figure <= check.most):
        return {"result": UNKNOWN, "figure": None, **shown, "sentence": f"a figure that makes no sense: {figure:g}"}
    plain = _plain(figure)
    result = BAD if check.reaches(figure, check.bad) else WARN if check.reaches(figure, check.warn) else GOOD
    said = check.fine if check.fine and figure == 0 else check.says.format(plain)
    sentence = f"{said} ({measure.detail})" if measure.detail else said
    return {"result": result, "figure": plain, **shown, "sentence": sentence}


def _plain(figure: float) -> float | int:
    """A figure as people write it: with at most one decimal."""
    rounded = round(float(figure), 1)
    return int(rounded) if rounded == int(rounded) else rounded


def diagnose(checks: Iterable[Check], measures: Mapping[str, Measure]) -> dict[str, Any]:
    """The health of a device: C(worst), C(counts), C(summary) and C(checks).

    :param measures: by name of the check; what is missing is unknown.
    """
    return summed_up({check.name: judge(check, measures.get(check.name)) for check in checks})


def summed_up(checks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Judged checks with what they come to.

    :param checks: by name, as L(judge) returns them.
    """
    results = Counter(check["result"] for check in checks.values())
    return {
        "worst": worst(results),
        "counts": {result: results[result] for result in RESULTS},
        "summary": _summary(checks),
        "checks": {name: dict(check) for name, check in checks.items()},
    }


def worst(results: Iterable[str]) -> str:
    """The worst of some results; unknown if nothing is known."""
    known = [result for result in results if result in _RANK]
    return max(known, key=_RANK.__getitem__, default=UNKNOWN)


def _summary(checks: Mapping[str, Mapping[str, Any]]) -> str:
    """What is wrong, the worst first; or that nothing is."""
    found = [
        f"{name} {result}: {check['sentence']}"
        for result in (BAD, WARN)
        for name, check in checks.items()
        if check["result"] == result
    ]
    known = sum(check["result"] in _RANK for check in checks.values())
    return "; ".join(found) or ("nothing is known" if not known else "all that is known is good")


def results_of(diagnosis: Mapping[str, Any]) -> dict[str, str]:
    """The result of each check of a diagnosis."""
    return {name: check["result"] for name, check in diagnosis["checks"].items()}


def worse(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The checks that have become worse.

    What is unknown, before or now, says nothing about that, and what was bad before cannot become worse.

    :param before: results by check; a check that is missing was unknown.
    """
    return [
        name for name, result in now.items() if _RANK.get(result, -1) > _RANK.get(before.get(name, UNKNOWN), _RANK[BAD])
    ]
