# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the collection awx.awx where the checkout's Ansible finds it, for checks of extensions/awx alone.

The Python package "ansible" carries it, so that the checks need no other registry than they need anyway, and no
300 MB of collections.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache"
COLLECTION = Path("ansible_collections") / "awx" / "awx"


def download(folder: Path) -> Path:
    """Return the path of the wheel, which pip put into a folder.

    It holds no compiled code, so any Python may fetch it, also one that is too old to run it.
    """
    base = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    whatever_python = ["--no-deps", "--only-binary", ":all:", "--python-version", "3.13"]
    subprocess.run(
        [*base, *whatever_python, "--dest", str(folder), "-r", str(CHECKOUT / "requirements" / "awx.txt")], check=True
    )
    return next(folder.glob("ansible-*.whl"))


def main() -> int:
    """Do nothing if it is there; several processes may try at the same time."""
    if (CACHE / COLLECTION).is_dir():
        (CACHE / COLLECTION).touch()  # as new as requirements/awx.txt, for make
        return 0
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        folder = Path(name)
        with zipfile.ZipFile(download(folder)) as wheel:
            wheel.extractall(folder, [path for path in wheel.namelist() if path.startswith(f"{COLLECTION}/")])
        (CACHE / COLLECTION).parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.move(folder / COLLECTION, CACHE / COLLECTION.parent)
        except shutil.Error:  # another process was faster
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
