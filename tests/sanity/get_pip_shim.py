# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand in for the get-pip script that "ansible-test --venv" downloads, where its host cannot be reached.

ansible-test makes virtual environments without pip and runs this script in them with the arguments of
get-pip.py: package pins such as pip==25.2, --no-setuptools and --no-wheel. The pip that comes with Python
installs the pinned one from the configured package index.
"""

from __future__ import annotations

import subprocess
import sys


def main() -> int:
    """Install what the arguments ask for and return the exit status of what failed, or 0."""
    packages = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
    if not any(package.startswith("pip") for package in packages):
        packages.append("pip")
    pip = [sys.executable, "-m", "pip"]
    commands = [
        [sys.executable, "-m", "ensurepip"],
        [*pip, "install", "--upgrade", "--quiet", *packages],
    ]
    if "--no-setuptools" in sys.argv:
        # Up to Python 3.11, ensurepip brings one.
        commands.append([*pip, "uninstall", "--quiet", "--yes", "setuptools"])
    for command in commands:
        status = subprocess.call(command, stdout=subprocess.DEVNULL)
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
