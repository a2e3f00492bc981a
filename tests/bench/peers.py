# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other SDKs, installed from their registries below .cache/peers; None where that is not possible."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parent / "peer_scripts"
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


def python_command() -> list[str] | None:
    """What runs a job (see peer_scripts/work.py) with the Python SDK."""
    python = python_sdk()
    return [python, str(SCRIPTS / "work.py")] if python else None


def javascript_command() -> list[str] | None:
    """What runs a job with the JavaScript SDK."""
    folder = javascript_sdk()
    return ["env", f"NODE_PATH={folder / 'node_modules'}", "node", str(SCRIPTS / "work.cjs")] if folder else None


#: The peers by the names that the table shows.
COMMANDS: dict[str, Callable[[], list[str] | None]] = {
    "Python SDK": python_command,
    "JavaScript SDK": javascript_command,
}


#: What prints the version of a peer, put behind its interpreter.
VERSIONS = {
    "Python SDK": ["-c", "from importlib.metadata import version; print(version('balena-sdk'))"],
    "JavaScript SDK": ["-p", "require('balena-sdk/package.json').version"],
}


def versions() -> str:
    """The peers with their versions, in words."""
    shown = []
    for name, find in COMMANDS.items():
        command = find()
        if command:
            answer = subprocess.run([*command[:-1], *VERSIONS[name]], capture_output=True, text=True, check=False)
            shown.append(f"{name} {answer.stdout.strip()}")
        else:
            shown.append(f"{name} could not be installed")
    return ", ".join(shown)


def do_job(command: list[str], **job: Any) -> float:
    """Let a peer do a job; the seconds that it took, without its start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps({**job, "folder": folder}), encoding="utf-8")
        environment = {**os.environ, "HOME": folder}
        answer = subprocess.run([*command, str(path)], env=environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise RuntimeError(f"{command} failed: {answer.stderr}")
    return float(answer.stdout.split()[-1])
