# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the Pythons of this machine that the collection supports.

A name on PATH proves nothing (pyenv's shims exist for versions that are not active and exit with 127), so each
candidate is run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from supported import PYTHONS

PROBE = "import sys, venv, ensurepip, sqlite3, ssl; print('%d.%d' % sys.version_info[:2], sys.executable)"


def candidates(version: str) -> list[str]:
    """Return the commands that may be a Python of this version, best first."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    kept = sorted(pyenv.glob(f"{version}.*/bin/python3"), reverse=True)
    on_path = shutil.which(f"python{version}")
    return [*([on_path] if on_path else []), *map(str, kept), "python3", sys.executable]


def find() -> dict[str, str]:
    """Return the interpreter's path for each supported version that this machine can run."""
    found: dict[str, str] = {}
    for version in PYTHONS:
        for command in candidates(version):
            try:
                answer = subprocess.run([command, "-c", PROBE], capture_output=True, text=True, check=False)
            except OSError:
                continue
            if answer.returncode == 0 and answer.stdout.startswith(version + " "):
                found[version] = answer.stdout.split(" ", 1)[1].strip()
                break
    return found
