# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other SDKs, installed from their registries below .cache/peers; None where that is not possible."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

PEERS = Path(__file__).resolve().parents[2] / ".cache" / "peers"


def done(command: list[str], folder: Path) -> bool:
    """Run a command quietly and tell whether it succeeded."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=300).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@cache
def python_sdk() -> str | None:
    """The Python that has balena-sdk."""
    folder = PEERS / "python"
    python = str(folder / "bin" / "python")
    if done([python, "-c", "import balena"], PEERS):
        return python
    shutil.rmtree(folder, ignore_errors=True)
    made = done([sys.executable, "-m", "venv", str(folder)], PEERS)
    # balena-sdk names pkg_resources, which newer setuptools no longer have.
    installed = made and done([python, "-m", "pip", "install", "-q", "balena-sdk", "setuptools<80"], PEERS)
    return python if installed and done([python, "-c", "import balena"], PEERS) else None


@cache
def javascript_sdk() -> Path | None:
    """The folder whose node_modules have balena-sdk; scripts below it can require it."""
    folder = PEERS / "javascript"
    probe = ["node", "-e", "require('balena-sdk')"]
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    if done(probe, folder):
        return folder
    installed = done(["npm", "install", "--silent", "--no-audit", "--no-fund", "balena-sdk"], folder)
    return folder if installed and done(probe, folder) else None
