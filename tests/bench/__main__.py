# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.bench [SUBJECT...]`: measure, show a table, and exit with 1 if a budget was missed."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path

from tests.bench import subjects
from tests.bench.bench import Bench
from tests.bench.peers import versions
from tests.bench.rows import table

RESULTS = Path(__file__).resolve().parents[2] / ".cache" / "bench.json"


def main(wanted: list[str]) -> int:
    """Measure the subjects that were named, or all."""
    names = [module.name for module in pkgutil.iter_modules(subjects.__path__)]
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        sys.exit(f"error: no subject {', '.join(unknown)}; there are {', '.join(names)}")
    bench = Bench()
    rows = []
    for name in wanted or names:
        sys.stderr.write(f"measuring {name} ...\n")
        rows += list(importlib.import_module(f"{subjects.__name__}.{name}").measure(bench))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n", encoding="utf-8")
    met = sum(row.met for row in rows)
    sys.stdout.write(f"{table(rows)}\npeers: {versions()}\n{met} of {len(rows)} budgets met\n")
    return 0 if met == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
