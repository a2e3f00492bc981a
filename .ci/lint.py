# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run all linters, a few at once, however many fail, and end with one line that names the failed ones."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
WORKFLOWS = (".github/workflows/ci.yml", ".github/workflows/release.yml")
PLUGINS = ".cache/ansible_collections/community/balena/plugins"
# Those that take longest come first.
LINTERS = {
    "ansible-lint": ["ansible-lint"],
    "mypy": ["mypy", PLUGINS, "emulator", "tests", ".ci", "docs/tools", "packages"],
    "antsibull-docs": ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "."],
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "antsibull-changelog": ["antsibull-changelog", "lint"],
    "reuse": ["reuse", "lint", "--lines"],
    "workflows: schema": ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS],
    "workflows: zizmor": ["zizmor", "--offline", "--quiet", "--persona", "auditor", ".github"],
    "workflows: dependabot": ["check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"],
}


def run(command: list[str]) -> tuple[int, str, float]:
    """Run a linter from the environment of this Python; its exit status, its output and how long it took."""
    start = time.monotonic()
    tools = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(tools), os.environ["PATH"]]),
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".cache"),
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, time.monotonic() - start


def main() -> int:
    """Run the linters whose names contain an argument, or all, and return 1 if one failed."""
    chosen = [name for name in LINTERS if not sys.argv[1:] or any(word in name for word in sys.argv[1:])]
    if not chosen:
        sys.exit(f"{' '.join(sys.argv[1:])}: the linters are {', '.join(LINTERS)}")
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(run, LINTERS[name]): name for name in chosen}
        for done in as_completed(running):
            name, (status, output, seconds) = running[done], done.result()
            sys.stdout.write(f"{name:20} {'ok' if status == 0 else 'FAILED':6} {seconds:5.1f} s\n")
            if status:
                failed.append(name)
                sys.stdout.write(output + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"lint: {len(chosen)} linters, {'failed: ' + ', '.join(failed) if failed else 'all ok'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
