# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count outcomes, match them with the declared deviations, and print what a reader needs."""

from __future__ import annotations

import collections
import fnmatch
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .judge import DEVIATIONS
from .recording import DOCUMENTED, Call

if TYPE_CHECKING:
    from .run import Outcome

_AFTER_A_REFUSAL = ("write not sent", "unexpected request")
_ORDER = ("passed", "deviating", "failed", "missing", "not applicable", "internal")


class Report:
    """Collects outcomes.

    Args:
        existing: the documented methods that have a Python twin.
    """

    def __init__(self, existing: list[str]) -> None:
        self._existing = existing
        self._declared = DEVIATIONS["calls"]
        self._used: collections.Counter[int] = collections.Counter()
        self._versions: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self._counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self._lines: dict[str, list[str]] = collections.defaultdict(list)

    def add(self, call: Call, outcome: Outcome) -> None:
        """Note how one call went."""
        kind, detail = outcome.kind, outcome.detail
        declared = self.declaration(call, outcome.problems) if kind == "failed" else None
        if declared is not None:
            kind, detail = "deviating", f"{declared['reason']}"
        self._versions[call.reference][kind] += 1
        self._counts[_namespace(call.method)][kind] += 1
        if kind != "passed":
            self._lines[kind].append(f"{call.name}\n      {detail}")

    def total(self, kind: str) -> int:
        """How many calls are ``passed``, ``deviating``, ``failed``, ``missing``, ``not applicable`` or ``internal``."""
        return sum(counts[kind] for counts in self._counts.values())

    def bad(self) -> list[str]:
        """What failed."""
        return self._lines["failed"]

    def exit_code(self, require_all: bool) -> int:
        """Return 1 if there is a failure."""
        missing = require_all and (self.total("missing") or len(self._existing) < len(DOCUMENTED))
        return 1 if self.bad() or missing else 0

    def print(self, verbose: bool, complete: bool, seconds: float) -> None:
        """Print failures, a table and totals."""
        for kind in ("failed", *(("deviating", "not applicable", "internal") if verbose else ())):
            for line in self._lines[kind]:
                print(f"{kind.upper()}: {line}")
        for declared in self.unused() if complete else []:
            print(f"UNUSED: no call deviates as declared: {declared['call']}: {declared['reason']}")
        self._print_table()
        self._print_deviations()
        if absent := [method for method in DOCUMENTED if method not in self._existing]:
            print(f"no twin yet: {', '.join(absent)}")
        for reason, number in self._reasons("not applicable").items():
            print(f"not applicable: {number} x {reason}")
        print(f"{len(self._existing)} of {len(DOCUMENTED)} documented methods exist")
        for version, counts in sorted(self._versions.items()) if len(self._versions) > 1 else []:
            print(f"{version or 'unknown version'}: " + ", ".join(f"{counts[kind]} {_words(kind)}" for kind in _ORDER))
        totals = ", ".join(f"{self.total(kind)} {_words(kind)}" for kind in _ORDER)
        print(f"{totals}, in {seconds:.1f} s")

    def _print_table(self) -> None:
        width = max((len(name) for name in self._counts), default=10)
        print(f"{'namespace':{width}}  " + "  ".join(f"{_words(kind):>14}" for kind in _ORDER))
        for name, counts in self._counts.items():
            print(f"{name:{width}}  " + "  ".join(f"{counts[kind] or '-':>14}" for kind in _ORDER))

    def _print_deviations(self) -> None:
        for number, times in self._used.items():
            declared = self._declared[number]
            only = f" ({declared['reference']} only)" if "reference" in declared else ""
            print(f"deviating: {times} x {declared['reason'].strip()}{only}")

    def declaration(self, call: Call, problems: Sequence[str]) -> dict[str, Any] | None:
        """Return the class of deviations.yml that a call and all that differs belongs to, or ``None``."""
        for number, declared in enumerate(self._declared):
            if call.reference and declared.get("reference", call.reference) != call.reference:
                continue
            patterns = declared["call"] if isinstance(declared["call"], list) else [declared["call"]]
            if not any(fnmatch.fnmatchcase(call.name, pattern) for pattern in patterns):
                continue
            if _belongs(declared["differs"], problems):
                self._used[number] += 1
                return dict(declared)
        return None

    def unused(self) -> list[dict[str, Any]]:
        """Which declared classes of the versions that were replayed no call belongs to."""
        return [
            declared
            for number, declared in enumerate(self._declared)
            if number not in self._used and declared.get("reference", "") in {"", *self._versions}
        ]

    def _reasons(self, kind: str) -> collections.Counter[str]:
        return collections.Counter(line.split("\n      ", 1)[1] for line in self._lines[kind])


def _belongs(differs: str, problems: Sequence[str]) -> bool:
    """Whether all that differs in a call is of one class. What follows from a refusal differs with it."""
    first, *others = problems
    refused = first.startswith("raised ")
    return bool(re.search(differs, first, re.DOTALL)) and all(
        re.search(differs, problem, re.DOTALL) or (refused and problem.startswith(_AFTER_A_REFUSAL))
        for problem in others
    )


def _words(kind: str) -> str:
    return "deviating (declared)" if kind == "deviating" else kind


def _namespace(method: str) -> str:
    parts = method.split(".")
    return ".".join(parts[:2]) if parts[0] == "models" else parts[0]
