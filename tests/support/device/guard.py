# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command until standard input ends, then ends it with all that it has started; started by `guarded.py`.

Nothing of a device may stay: not when its test fails, nor when the tests are interrupted or killed. So this process
waits for the end of its standard input, which comes however the tests end. It adopts what the command's processes leave
behind (containers, and what watches over them), so that all of them are found, and afterwards removes the control
groups and the folders that it was told of.

    python guard.py [--cgroup NAME] [--folder PATH] -- COMMAND...

Before the end of its standard input it may be told `keep`: then the folder stays.

It prints the number of the command's process, and at its end the exit status, each in a line.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
KEEP = b"keep\n"
ATTEMPTS, PAUSE = 200, 0.02


def main(arguments: list[str]) -> int:
    """Run the command; returns once nothing of it is left."""
    split = arguments.index("--")
    options = dict(zip(arguments[:split:2], arguments[1:split:2], strict=True))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Not SIG_IGN, which the command would inherit.
        signal.signal(number, lambda _number, _frame: None)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(
        arguments[split + 1 :], stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True
    )
    print(child.pid, flush=True)
    keeps = wait_for_end(child)
    end_all(child)
    if "--cgroup" in options:
        remove_cgroups(options["--cgroup"])
    if "--folder" in options and not keeps:
        shutil.rmtree(options["--folder"], ignore_errors=True)
    return 0


def wait_for_end(child: subprocess.Popen[bytes]) -> bool:
    """Wait until standard input ends; whether it said to keep the folder. Say so if the command ends before."""
    told, said = False, b""
    while True:
        readable, _writable, _other = select.select([sys.stdin], [], [], 0.1 if not told else 1.0)
        reap(child)
        if readable:
            block = os.read(sys.stdin.fileno(), 4096)
            if not block:
                return said == KEEP
            said += block
        if not told and child.poll() is not None:
            with contextlib.suppress(BrokenPipeError):
                print(child.returncode, flush=True)
            told = True


def reap(child: subprocess.Popen[bytes]) -> None:
    """Let the processes go that have ended: the command itself, and those that it left behind."""
    child.poll()
    with contextlib.suppress(ChildProcessError):
        for process in map(int, Path("/proc/thread-self/children").read_text(encoding="utf-8").split()):
            if process != child.pid:
                os.waitpid(process, os.WNOHANG)


def end_all(child: subprocess.Popen[bytes]) -> None:
    """End all processes below this one, and wait until they are gone."""
    for _attempt in range(ATTEMPTS):
        reap(child)
        found = descendants(os.getpid())
        if not found:
            return
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(PAUSE)


def descendants(ancestor: int) -> list[int]:
    """The numbers of all processes below one."""
    parents = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in parentheses may hold anything.
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, level = [], [ancestor]
    while level:
        level = [process for process, parent in parents.items() if parent in level]
        found += level
    return found


def remove_cgroups(name: str) -> None:
    """Remove the control groups of this name, in each hierarchy, with those below them."""
    for hierarchy in (CGROUPS, *CGROUPS.iterdir()):
        for path, _folders, _files in os.walk(hierarchy / name, topdown=False):
            with contextlib.suppress(OSError):
                Path(path).rmdir()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
