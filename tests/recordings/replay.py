# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays recorded exchanges with a real API server, against the emulator or any server that holds the base data.

  python tests/recordings/replay.py [FILES...] [--url URL] [--token TOKEN] [--skip-needs NEED,...] [--show N]

Without --url it starts the emulator, whose clock it moves on instead of waiting. Status, content type and body must
match; what may differ is listed with its reason in deviations.yml. Exit code 1 on any other difference.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from tests.support import bootstrap  # noqa: E402

bootstrap.enter()

import requests  # noqa: E402
import yaml  # noqa: E402

from emulator.emulator import BASE_DATA  # noqa: E402
from tests.recordings.base_values import BaseValues  # noqa: E402
from tests.recordings.matching import Difference  # noqa: E402
from tests.recordings.scenario import Player, Values  # noqa: E402


@dataclass
class Outcome:
    """What became of the exchanges of one or more scenarios."""

    passed: int = 0
    deviating: int = 0
    failures: list[tuple[int, dict[str, Any], list[Difference]]] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Count another one in."""
        self.passed += other.passed
        self.deviating += other.deviating
        self.failures += other.failures

    def __str__(self) -> str:
        return f"{self.passed} passed, {len(self.failures)} failed, {self.deviating} deviating"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="scenarios (default: all in this folder)")
    parser.add_argument("--url", help="the server to replay against (default: starts the emulator)")
    parser.add_argument("--token", help="an API key of the base data's user (default: makes one)")
    parser.add_argument(
        "--base",
        type=Path,
        default=BASE_DATA,
        help="what the server holds",
    )
    parser.add_argument("--skip-needs", default="", help="skip scenarios with one of these needs (vpn-service-key)")
    parser.add_argument("--show", type=int, default=5, help="how many failures of a scenario to show")
    return parser.parse_args()


def deviations(path: Path = HERE / "deviations.yml") -> set[tuple[str, int]]:
    """(file name, number of the exchange) of the differences that are known and explained."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    return {(entry["file"], number) for entry in entries if entry["reason"] for number in entry["exchanges"]}


def play_file(player: Player, path: Path, base: Values, known: set[tuple[str, int]]) -> Outcome:
    """Play one scenario."""
    outcome, values, session = Outcome(), dict(base), requests.Session()
    for number, exchange in enumerate(json.loads(path.read_text(encoding="utf-8"))["exchanges"]):
        try:
            differences = player.play(session, exchange, values)
        except requests.RequestException as error:
            differences = [Difference("connection", "an answer", repr(error))]
        if not differences:
            outcome.passed += 1
        elif (path.name, number) in known:
            outcome.deviating += 1
        else:
            outcome.failures.append((number, exchange, differences))
    return outcome


def report(path: Path, outcome: Outcome, show: int) -> None:
    """Print what became of a scenario."""
    print(f"{path.name:42} {outcome}", flush=True)
    for number, exchange, differences in outcome.failures[:show]:
        request = exchange["request"]
        query = str(request.get("query"))[:200]
        print(f"  [{number}] {exchange.get('note', '')}: {request['method']} {request['path']} {query}")
        for difference in differences[:4]:
            print(f"      {difference}")


@contextmanager
def server(options: argparse.Namespace) -> Iterator[Player]:
    """A player for the server of the command line, or for an emulator of our own."""
    if options.url:
        yield Player(options.url)
        return
    from emulator import Emulator

    with Emulator() as emulator:
        yield Player(emulator.url, emulator.clock.advance)


def main() -> int:
    """Replay; 0 when all is as recorded."""
    options = arguments()
    skipped = set(filter(None, options.skip_needs.split(",")))
    files = options.files or sorted(HERE.glob("[0-9][0-9]_*.json"))
    known, total = deviations(), Outcome()
    with server(options) as player:
        base_data = json.loads(options.base.read_text(encoding="utf-8"))
        values = BaseValues(player, base_data, options.token).look_up()
        for path in files:
            needs = set(json.loads(path.read_text(encoding="utf-8")).get("needs") or ())
            if needs & skipped:
                print(f"{path.name:42} skipped: needs {', '.join(sorted(needs))}")
                continue
            outcome = play_file(player, path, values, known)
            report(path, outcome, options.show)
            total.add(outcome)
    print(total)
    return 1 if total.failures or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
