# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a script of the checkout run whatever Python it was started with.

Call `enter()` before importing anything of the project: it goes on in the checkout's `.venv` when this Python lacks
what the tests need (making it first if it is not there), and lets the project and the collection be imported.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("lark", "requests", "sqlalchemy", "werkzeug", "yaml", "semver", "jmespath")
AGAIN = "BALENA_BOOTSTRAPPED"


def enter() -> None:
    """Go on in a Python that has the dependencies, with the checkout importable."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        _restart_in_venv()
    _link_collection()
    for path in (ROOT / ".cache", ROOT):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))


def _restart_in_venv() -> None:
    """Replace this process by the same script in the checkout's .venv; does not return."""
    python = ROOT / ".venv" / "bin" / "python"
    if os.environ.get(AGAIN):
        sys.exit(f"{python} lacks one of {', '.join(NEEDED)}: run `make venv`")
    if not python.exists():
        subprocess.run(["make", "venv"], cwd=ROOT, check=True)
    os.environ[AGAIN] = "1"
    sys.stdout.flush()
    os.execv(python, [str(python), *sys.argv])


def _link_collection() -> None:
    """`.cache/ansible_collections/community/balena` is the checkout."""
    link = ROOT / ".cache" / "ansible_collections" / "community" / "balena"
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path(os.path.relpath(ROOT, link.parent)), target_is_directory=True)
