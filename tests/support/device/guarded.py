# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that ends with the tests, and takes with it all that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
# Nothing of the settings of whoever runs the tests; no PATH of theirs either: they may have another engine there.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


class Guarded:
    """A command under a guard: it ends at close, or when this process ends in whichever way.

    log: the file for all that it prints; folder, cgroup: what the guard removes afterwards.
    """

    def __init__(
        self, command: Sequence[str | Path], log: Path, folder: Path | None = None, cgroup: str | None = None
    ) -> None:
        self.log = log
        options = [*(("--folder", str(folder)) if folder else ()), *(("--cgroup", cgroup) if cgroup else ())]
        with log.open("ab") as file:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", GUARD, *options, "--", *map(str, command)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True, bufsize=1,
                start_new_session=True, env=ENVIRONMENT,
            )  # fmt: skip
        assert self._guard.stdout is not None
        first = self._guard.stdout.readline()
        if not first:
            self.close()
            raise RuntimeError(f"{command[0]} did not start: {self.printed()}")
        self.pid = int(first)

    def printed(self) -> str:
        """What the command has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def is_running(self) -> bool:
        """Whether the command has not ended; stopped by a signal it still runs."""
        return state_of(Path(f"/proc/{self.pid}/stat")) not in "ZX"

    def signal(self, number: int) -> None:
        """Send the command a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def processor_seconds(self) -> float:
        """Seconds of processors that the command and all that it has started took so far."""
        return processor_seconds(self._guard.pid)

    def suspend(self) -> None:
        """Let the command hang; returns once none of its threads runs any more."""
        self.signal(signal.SIGSTOP)
        while any(state_of(thread / "stat") not in "TtZX" for thread in Path(f"/proc/{self.pid}/task").iterdir()):
            time.sleep(0.01)

    def end_gently(self) -> None:
        """Ask the command to end, and wait for it; what it has started may stay until close."""
        assert self._guard.stdout is not None
        self.signal(signal.SIGTERM)
        self._guard.stdout.readline()

    def close(self, *, keep: bool = False) -> None:
        """End the command and all that it has started; returns once nothing is left but the folder, if it is kept."""
        if keep and self._guard.stdin is not None:
            self._guard.stdin.write("keep\n")
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe is not None:
                pipe.close()
        self._guard.wait()


def state_of(stat: Path) -> str:
    """The state of a process or of a thread, such as `S`; `X` if it is gone."""
    try:
        # The name in parentheses may hold anything.
        return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def processor_seconds(process: int) -> float:
    """Seconds of processors that a process and all below it took, also those that have ended."""
    spent, level = 0.0, [process]
    while level:
        below: list[int] = []
        for each in level:
            try:
                fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                for thread in Path(f"/proc/{each}/task").iterdir():
                    below += map(int, (thread / "children").read_text(encoding="utf-8").split())
            except OSError:
                continue
            spent += sum(map(int, fields[11:15]))
        level = below
    return spent / os.sysconf("SC_CLK_TCK")
