# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a measurement is, and how measurements are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measurement: how much of a unit the work took, at most allowed, and what a peer took (None: no peer)."""

    work: str
    unit: str
    ours: float
    budget: float
    peer: float | None = None
    peer_name: str = ""

    @property
    def met(self) -> bool:
        """Whether the budget was kept."""
        return self.ours <= self.budget

    @property
    def ratio(self) -> float | None:
        """How many times as much the peer took."""
        return self.peer / self.ours if self.peer is not None and self.ours else None

    def as_json(self) -> dict[str, Any]:
        """The row for a machine."""
        return {**asdict(self), "met": self.met, "ratio": self.ratio}


def number(value: float | None, unit: str = "") -> str:
    """A value as short as it is still told apart from the next one."""
    if value is None:
        return "-"
    digits = 0 if unit == "requests" or value >= 100 else 2 if value < 10 else 1
    return f"{value:.{digits}f}" + (f" {unit}" if unit else "")


def cells(row: Row) -> tuple[str, ...]:
    """One line of the table."""
    peer = number(row.peer, row.unit) + (f" ({row.peer_name})" if row.peer is not None else "")
    ratio = "-" if row.ratio is None else f"{number(row.ratio)} x"
    return row.work, number(row.ours, row.unit), number(row.budget, row.unit), peer, ratio, "" if row.met else "MISSED"


def table(rows: Iterable[Row]) -> str:
    """All rows under a heading, in columns."""
    lines = [("work", "ours", "budget", "peer", "ratio", ""), *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
