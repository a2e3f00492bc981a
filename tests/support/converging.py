# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converge the same state again and again while requests fail, and judge what a rerun makes of it.

Tasks run in this process (tests/support/tasks.py), one after the other; like a playbook, they stop at the first that
fails.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator import Emulator
from tests.support.tasks import run_task

Task = tuple[str, Mapping[str, Any]]

#: What can happen to a single request. The API acted where the answer alone is lost or wrong.
ONCE: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "500 although it was done": {"status": 500, "acts": True},
    "429": {"status": 429, "retry_after": 1, "body_text": "Too Many Requests"},
    "dropped before": {"drop": "before"},
    "dropped after": {"drop": "after"},
}
#: What can happen to a request and to all after it.
FOR_GOOD: dict[str, dict[str, Any]] = {"gone for good": {"drop": "before"}}


def variables_of(emulator: Emulator) -> list[tuple[Any, ...]]:
    """The variables of all devices; a duplicate would be there twice."""
    names = {row["id"]: row["device_name"] for row in emulator.store.query("device")}
    rows = emulator.store.query("device_environment_variable")
    return sorted((names[row["device"]], row["name"], row["value"]) for row in rows)


def devices_of(emulator: Emulator) -> list[tuple[Any, ...]]:
    """All devices by name and note, with their tags, and their variables."""
    tags: dict[int, list[tuple[str, str]]] = {}
    for row in emulator.store.query("device_tag"):
        tags.setdefault(row["device"], []).append((row["tag_key"], row["value"]))
    rows = emulator.store.query("device")
    found = sorted((row["device_name"], row["note"], tuple(sorted(tags.get(row["id"], [])))) for row in rows)
    return [*found, *variables_of(emulator)]


@dataclass
class Converge:
    """Tasks that turn the emulator's present state into a declared one.

    state: what is compared; number: how many requests the tasks take when nothing fails; after: the state they leave.
    """

    emulator: Emulator
    tasks: Sequence[Task]
    state: Callable[[Emulator], list[tuple[Any, ...]]] = variables_of
    number: int = 0
    after: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._before = sqlite3.connect(":memory:", check_same_thread=False)
        self.emulator.store.copy_to(self._before)
        self.emulator.clear_requests()
        (*others, last) = self.run()
        assert not any(result.get("failed") for result in (*others, last)), last
        self.number = len(self.emulator.requests())
        self.after = self.state(self.emulator)

    def run(self) -> list[dict[str, Any]]:
        """Run the tasks; their results, the last of which may have failed."""
        results = []
        for module, options in self.tasks:
            results.append(run_task(self.emulator, module, **options))
            if results[-1].get("failed"):
                break
        return results

    def restart(self) -> None:
        """Put the server back into the state before the tasks."""
        self.emulator.clear_faults()
        self.emulator.store.copy_from(self._before)
        self.emulator.clear_requests()

    def survives(self, **fault: Any) -> bool:
        """Run with a fault, and once more without; the declared state must be there. Whether the first run failed.

        A run that fails must account for each change of the task that failed.
        """
        self.restart()
        injected = self.emulator.fault(**fault)
        first = self.run()[-1]
        assert injected.hits, f"no request met the fault {fault}"
        self.emulator.clear_faults()
        if first.get("failed"):
            check_account(first)
            again = self.run()[-1]
            assert not again.get("failed"), again
        assert self.state(self.emulator) == self.after
        return bool(first.get("failed"))

    def in_turn(self, ways: Iterable[str] = (*ONCE, *FOR_GOOD), numbers: Iterable[int] = ()) -> str:
        """Fail each of the requests (the first is 1; all, if none is named) in each way; what was tried, in words."""
        tried = failed = 0
        for way in ways:
            fault = {**ONCE, **FOR_GOOD}[way]
            for number in numbers or range(1, self.number + 1):
                which = {"nth" if way in ONCE else "since": number}
                failed += self.survives(**which, **fault)
                tried += 1
        return f"{tried} faults tried on {self.number} requests, {failed} of them needed a rerun"


def check_account(result: Mapping[str, Any]) -> None:
    """A failed task says why, and if it had begun to write, what was done and what was not."""
    assert result["msg"]
    if "failed_items" in result:
        made = sum(result["changes"].values())
        assert (f"{made} was made" if made == 1 else f"{made} were made") in result["msg"]
        assert all(item["key"] and item["error"] for item in result["failed_items"])
        assert result["changed"] == bool(made)
    else:
        # Either nothing was written yet, or all was, and what was made could not be read again.
        assert result["changed"] == any(result.get("changes", {}).values())
