# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: the emulator, and the counts of what was replayed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support.ansible_runs import COLLECTIONS, link_collection
from tests.support.device.fixtures import device_engines, device_kit

if TYPE_CHECKING:
    from emulator import Emulator

__all__ = ["device_engines", "device_kit"]

REPLAYED = "replayed"
TOLD = "told"
TRIED = "tried"
OUTCOMES = ("matched", "deviating as declared", "failed")

# How fast this machine is must not decide a property test: no deadline for an example, and no check of how long making
# them takes. (To make text, Hypothesis first reads Unicode's tables, which takes seconds on a machine under load; that
# alone failed the check too_slow of a test.) The examples of a merge's tests are the same each time; elsewhere they are
# others, and a failure shows how to repeat it.
settings.register_profile(
    "project",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# For runs beside one that tries them all: see .ci/steps.py.
settings.register_profile("few", settings.get_profile("project"), max_examples=15)
settings.load_profile("project")


def pytest_configure() -> None:
    """Make `ansible_collections.community.balena` importable, also in Pythons that tests start."""
    link_collection(COLLECTIONS)
    os.environ["PYTHONPATH"] = str(COLLECTIONS)


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulator]:
    """An emulator for all tests of this process; most want `emulator` instead."""
    from emulator import Emulator

    with Emulator() as running:
        yield running


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Emulator:
    """An emulator that holds the base data alone, with an empty request log."""
    shared_emulator.reset()
    return shared_emulator


@pytest.fixture
def count_replayed(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Count what a test replayed: `count_replayed("oracle calls", matched, deviating, failed)`.

    The sums stand at the end of the test run.
    """

    def count(kind: str, matched: int, deviating: int = 0, failed: int = 0) -> None:
        record_property(REPLAYED, [kind, matched, deviating, failed])

    return count


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say what a test did in a line of its own at the end of the test run."""
    return lambda line: record_property(TOLD, line)


@pytest.fixture
def count_tried(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Count what a test tried: `count_tried("bad inputs; each refused by name", "modules", "balena_tag", 120)`.

    The sums stand in one line for each kind at the end of the test run: how many, over how many things of each group.
    """

    def count(kind: str, group: str, thing: str, number: int) -> None:
        record_property(TRIED, [kind, group, thing, number])

    return count


def tried_lines(tried: Iterable[tuple[str, str, str, int]]) -> list[str]:
    """One line for each kind of what was tried: all numbers, and the things that they were tried on."""
    groups: dict[str, dict[str, Counter[str]]] = {}
    for kind, group, thing, number in tried:
        groups.setdefault(kind, {}).setdefault(group, Counter())[thing] += number
    lines = []
    for kind, found in sorted(groups.items()):
        name, _semicolon, verdict = kind.partition("; ")
        parts = ", ".join(f"{len(counts)} {group} ({counts.total()})" for group, counts in sorted(found.items()))
        total = sum(counts.total() for counts in found.values())
        lines.append(f"{name}: {total} tried over {parts}" + (f"; {verdict}" if verdict else ""))
    return lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sums of what was replayed, and what tests had to tell."""
    sums: dict[str, Counter[str]] = {}
    told, tried = [], []
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) != "call":
                continue
            for name, value in report.user_properties:
                if name == REPLAYED:
                    sums.setdefault(value[0], Counter()).update(dict(zip(OUTCOMES, value[1:], strict=True)))
                elif name == TOLD:
                    told.append(value)
                elif name == TRIED:
                    tried.append(value)
    if sums:
        terminalreporter.section("replayed")
    for kind, counts in sorted(sums.items()):
        shown = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
        terminalreporter.write_line(f"{kind}: {counts.total()} replayed: {shown}")
    told += tried_lines(tried)
    if told:
        terminalreporter.section("tried")
    for line in sorted(told):
        terminalreporter.write_line(line)
