# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the README from top to bottom, and then the tour, as a script: their `shell` blocks in one shell, as they stand.

A `text` or `diff` block shows what the commands before it print: its lines must appear in their output, in that
order. `...` stands for lines that are left out.

Usage: python -m tests.support.readme [--print | --clone]
--print shows the script; --clone runs it in a new clone of the last commit, as somebody would who just found it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.ansible_runs import CHECKOUT
from tests.support.documents import Block, blocks_of

#: The tour goes on where the README ends.
PAGES = (CHECKOUT / "README.md", CHECKOUT / "docs" / "tour.md")
COMMANDS = ("shell", "sh", "bash")
OUTPUT = ("text", "diff")
MARK = "::: commands"
#: Where the README stops half-way, its emulator shall not stay.
CLEAN_UP = """trap 'kill "${BALENA_EMULATOR_PID:-}" 2>/dev/null || true' EXIT"""
#: Besides PATH, what says where packages come from and how the network is reached.
KEPT = ("PIP_", "UV_", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT")


@dataclass
class Step:
    """Commands that stand together, and the blocks after them that show what they print."""

    commands: Block
    shown: list[Block] = field(default_factory=list)


def steps() -> list[Step]:
    """Return the commands with their output."""
    found: list[Step] = []
    for block in (block for page in PAGES for block in blocks_of(page)):
        if block.language in COMMANDS and block.mark != "device":
            found.append(Step(block))
        elif block.language in OUTPUT and found:
            found[-1].shown.append(block)
    return found


def script() -> str:
    """Return the README's commands as a script that stops at the first that fails."""
    parts = [f"echo '{MARK} {number}'\n{step.commands.text}" for number, step in enumerate(steps())]
    return f"set -eu\n{CLEAN_UP}\n" + "\n".join(parts)


def outputs(text: str) -> dict[int, str]:
    """Return what each step printed, by its number."""
    parts = text.split(f"{MARK} ")[1:]
    return {int(number): rest for number, _newline, rest in (part.partition("\n") for part in parts)}


def lines_of(text: str) -> list[str]:
    """Return the lines of an output without what is another in each run: fingerprints of secrets."""
    return [re.sub(r"<secret \w+>", "<secret>", line.strip()) for line in text.splitlines() if line.strip()]


def missing(shown: str, printed: str) -> str | None:
    """Return the first line of a block that is not printed after the lines before it, or None."""
    rest = iter(lines_of(printed))
    return next((line for line in lines_of(shown) if line != "..." and line not in rest), None)


def run(folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the script in a folder, with a new home and hardly anything in the environment."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **kept}
    return subprocess.run(
        ["bash", "-c", script()],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def main(arguments: list[str]) -> int:
    """Run the README, and say which of its commands failed or which line of output is no longer true."""
    if "--print" in arguments:
        sys.stdout.write(script())
        return 0
    with tempfile.TemporaryDirectory() as folder:
        place = CHECKOUT
        if "--clone" in arguments:
            place = Path(folder) / "clone"
            subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(place)], check=True)
        home = Path(folder) / "home"
        home.mkdir()
        done = run(place, home)
    printed = outputs(done.stdout)
    if done.returncode:
        last = steps()[max(printed, default=0)].commands
        sys.stderr.write(f"{done.stdout}\nerror: the commands at {last} exited with {done.returncode}\n")
        return 1
    wrong = []
    for number, step in enumerate(steps()):
        for block in step.shown:
            if line := missing(block.text, printed[number]):
                wrong.append(f"{printed[number]}\nerror: {block} shows a line that is not printed (there): {line!r}\n")
    sys.stderr.write("".join(wrong))
    sys.stdout.write(f"readme: {len(steps())} blocks of commands, {'all ran' if not wrong else 'output differs'}\n")
    for block in (block for page in PAGES for block in blocks_of(page)):
        if block.mark.startswith("account, "):
            sys.stdout.write(f"readme: not run: {block}: {block.mark.removeprefix('account, ')}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
