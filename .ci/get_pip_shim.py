# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand in for the get-pip script that "ansible-test --venv" downloads, where its host cannot be reached.

ansible-test makes virtual environments without pip and runs this script in them with the arguments of
get-pip.py: package pins such as pip==25.2, --no-setuptools and --no-wheel. The pip wheel that comes with
Python's ensurepip installs the pinned pip from the configured package index.
"""

from __future__ import annotations

import ensurepip
import os
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Install what the arguments ask for and return pip's exit status."""
    packages = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
    if not any(package.startswith("pip") for package in packages):
        packages.append("pip")
    bundled = Path(ensurepip.__file__).parent / "_bundled"
    wheel = sorted(bundled.glob("pip-*.whl"))[-1]
    command = [sys.executable, "-m", "pip", "install", "--upgrade", "--quiet", *packages]
    return subprocess.call(command, env={**os.environ, "PYTHONPATH": str(wheel)})


if __name__ == "__main__":
    sys.exit(main())
