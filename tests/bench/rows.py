# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a measurement is, and how measurements are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measurement: how much of a unit the work took, at most allowed, and what a peer took (None: no peer).

    others: what further peers took, by their names; None where a peer could not be measured.
    """

    work: str
    unit: str
    ours: float
    budget: float
    peer: float | None = None
    peer_name: str = ""
    others: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def peers(self) -> dict[str, float | None]:
        """What all peers took, by their names."""
        first = {self.peer_name: self.peer} if self.peer_name else {}
        return {**first, **self.others}

    @property
    def met(self) -> bool:
        """Whether the budget was kept."""
        return self.ours <= self.budget

    @property
    def ratios(self) -> dict[str, float]:
        """How many times as much each peer took."""
        return {name: taken / self.ours for name, taken in self.peers.items() if taken is not None and self.ours}

    def as_json(self) -> dict[str, Any]:
        """The row for a machine."""
        plain = asdict(self)
        keys = ("work", "unit", "ours", "budget")
        return {**{key: plain[key] for key in keys}, "met": self.met, "peers": self.peers, "ratios": self.ratios}


def number(value: float | None, unit: str = "") -> str:
    """A value as short as it is still told apart from the next one."""
    if value is None:
        return "-"
    digits = 0 if unit == "requests" or value >= 100 else 2 if value < 10 else 1
    return f"{value:.{digits}f}" + (f" {unit}" if unit else "")


def cells(row: Row) -> tuple[str, ...]:
    """One line of the table."""
    peers = []
    for name, taken in row.peers.items():
        ratio = f": {number(row.ratios[name])} x" if name in row.ratios else ""
        peers.append(f"{name} not available" if taken is None else f"{number(taken, row.unit)} ({name}{ratio})")
    ours, budget = number(row.ours, row.unit), number(row.budget, row.unit)
    return row.work, ours, budget, "" if row.met else "MISSED", ", ".join(peers)


def table(rows: Iterable[Row]) -> str:
    """All rows under a heading, in columns."""
    lines = [("work", "ours", "budget", "", "peers"), *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
