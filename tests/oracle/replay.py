# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replay recorded calls of the JavaScript SDK against ours: same results, errors and requests.

Usage: tests/oracle/replay.py [FILES ...] (all files below tests/oracle/wire by default: one folder for each version)

Each recorded call is made through its Python twin. A fake server inside this process gives the recorded answers.
Every request must be one that is recorded, every recorded write must be sent (reads may be fewer), and the result or
error must be the recorded one. Exits 1 if a call differs that is not declared in deviations.yml.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
if __package__ in (None, ""):
    sys.path[0:0] = [str(CHECKOUT)]
    from tests.support import bootstrap

    bootstrap.enter()

from tests.oracle.report import Report  # noqa: E402
from tests.oracle.run import Runner  # noqa: E402

WIRE = Path(__file__).parent / "wire"


def recordings(reference: str = "*") -> list[Path]:
    """Return the files of all recorded versions, or of one."""
    return sorted(WIRE.glob(f"{reference}/*.jsonl.gz"))


def main(arguments: list[str] | None = None) -> int:
    """Replay the files and print a report; return what to exit with."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="*", type=Path, help="recordings (.jsonl or .jsonl.gz)")
    parser.add_argument("--require-all", action="store_true", help="a method that does not exist is a failure")
    parser.add_argument("--show", default="", metavar="TEXT", help="replay only calls whose name contains TEXT")
    parser.add_argument("--verbose", action="store_true", help="also print deviations and calls that do not apply")
    options = parser.parse_args(arguments)
    files = options.files or recordings()
    started = time.monotonic()
    with Runner() as runner:
        report = Report(runner.documented_methods_that_exist())
        for path in files:
            for call in runner.calls(path):
                if options.show in call.name:
                    report.add(call, runner.replay(call))
    complete = not options.files and not options.show
    report.print(verbose=options.verbose, complete=complete, seconds=time.monotonic() - started)
    return report.exit_code(require_all=options.require_all)


if __name__ == "__main__":
    sys.exit(main())
