# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the steps of steps.py, as many at once as there are processors, and show each one's outcome and duration.

A failed step shows the end of its log; the others still run, so that one run tells all that is wrong. At the end stand
the slowest tests of the main test run and its last line, then what failed, by name.
Usage: pipeline.py [--list] [STEP...]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from steps import CHECKOUT, Step, steps

LOGS = CHECKOUT / ".cache" / "logs"
SHOWN_LINES = 60
SLOWEST = re.compile(r"^=+ slowest \d+ durations =+\n((?:.+\n)*?)(?==)", re.MULTILINE)
# How test runners and linters begin a line with something that failed.
NAMED = re.compile(r"^(?:FAILED|ERROR:?) .+", re.MULTILINE)
SUMMARY = re.compile(r"^=+ (.*\d+ (?:passed|failed|error).* in [\d.:()s ]+) =+$", re.MULTILINE)


def log_of(step: Step) -> str:
    """Return the path of a step's log below the checkout."""
    return f".cache/logs/ci-{re.sub('[^a-z0-9]+', '-', step.name)}.log"


def run(step: Step) -> tuple[bool, float]:
    """Run a step with its output in its log; tell whether it passed and how many seconds it took."""
    start = time.monotonic()
    with (CHECKOUT / log_of(step)).open("w", encoding="utf-8") as log:
        status = subprocess.call(
            ["/bin/sh", "-c", step.command],
            cwd=CHECKOUT,
            env={**os.environ, "CI": "true", **step.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return status == 0, time.monotonic() - start


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show(step: Step, passed: bool, seconds: float) -> None:
    """Print a step's outcome, and the end of its log if it failed."""
    say(f"{'ok' if passed else 'FAILED':7} {seconds:6.1f} s  {step.name}")
    if not passed:
        lines = (CHECKOUT / log_of(step)).read_text(encoding="utf-8", errors="replace").splitlines()
        say("\n".join(f"        | {line}" for line in lines[-SHOWN_LINES:]))
        say(f"        whole log: {log_of(step)}")


def run_all(todo: list[Step]) -> dict[str, bool]:
    """Run the steps in order of their dependencies and return which passed."""
    names = {step.name for step in todo}
    passed: dict[str, bool] = {}
    running: dict[Future[tuple[bool, float]], Step] = {}
    waiting = list(todo)
    slots = max(2, os.cpu_count() or 2)
    with ThreadPoolExecutor(max_workers=slots) as pool:
        while waiting or running:
            for step in list(waiting):
                needed = [name for name in step.after if name in names]
                if any(passed.get(name) is False for name in needed):
                    say(f"FAILED       -    {step.name}: not run, because what it needs failed")
                    passed[step.name] = False
                    waiting.remove(step)
                elif len(running) < slots and all(name in passed for name in needed):
                    running[pool.submit(run, step)] = step
                    waiting.remove(step)
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                step = running.pop(done)
                passed[step.name], seconds = done.result()
                show(step, passed[step.name], seconds)
    return passed


def named(failed: list[str]) -> str:
    """Return the lines of the logs of failed steps that name what failed."""
    logs = [(CHECKOUT / log_of(Step(name))) for name in failed]
    texts = [log.read_text(encoding="utf-8", errors="replace") for log in logs if log.exists()]
    return "\n".join(line[:300] for text in texts for line in NAMED.findall(text))


def summary(ran: set[str]) -> str:
    """Return the slowest tests and the last line of the main test run, as its test runner wrote them."""
    log = CHECKOUT / log_of(Step("test"))
    text = log.read_text(encoding="utf-8", errors="replace") if "test" in ran else ""
    slowest, last = SLOWEST.findall(text), SUMMARY.findall(text)
    return "".join(slowest[-1:]) + (last[-1] if last else "no summary of the tests")


def main() -> int:
    """Run all steps, or those named and what they need; return 1 if one failed."""
    known = steps()
    if "--list" in sys.argv:
        say("\n".join(step.name for step in known))
        return 0
    wanted = set(sys.argv[1:])
    while wanted and (more := {name for step in known if step.name in wanted for name in step.after} - wanted):
        wanted |= more
    chosen = [step for step in known if not wanted or step.name in wanted]
    LOGS.mkdir(parents=True, exist_ok=True)
    for step in chosen:
        if step.unable:
            say(f"not run      -    {step.name}: {step.unable}")
    start = time.monotonic()
    passed = run_all([step for step in chosen if not step.unable])
    failed = [name for name, good in passed.items() if not good]
    verdict = f"failed: {', '.join(failed)}" if failed else "all ok"
    say(f"{len(passed)} steps in {time.monotonic() - start:.0f} s, {verdict}")
    say(summary(set(passed)))
    if failed:
        say(named(failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
