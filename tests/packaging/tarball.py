# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection, use the tarball as a user does, and let Galaxy's importer judge it.

Usage: tarball.py build | smoke | importer
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
WORK = CHECKOUT / ".cache" / "tarball"
TOOLS = Path(sys.executable).parent
# What must never be in it, by parts of its path.
UNWANTED = re.compile(
    r"(^|/)(\.git|\.cache|\.venv|\.ci|__pycache__|output|\.\w+_cache|node_modules)(/|$)|\.py[co]$|\.tar\.gz$"
)
WANTED = ("README.md", "LICENSE", "CHANGELOG.md", "meta/runtime.yml", "meta/ee-requirements.txt")


def tarball() -> Path:
    """Return the tarball that was built."""
    return next(WORK.glob("community-balena-*.tar.gz"))


def build() -> int:
    """Build the tarball and look at its table of contents."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    command = ["ansible-galaxy", "collection", "build", str(CHECKOUT), "--output-path", str(WORK)]
    subprocess.run([str(TOOLS / command[0]), *command[1:]], check=True)
    with tarfile.open(tarball()) as archive:
        names = archive.getnames()
    wrong = [name for name in names if UNWANTED.search(name)] + [f"no {name}" for name in WANTED if name not in names]
    size = tarball().stat().st_size // 1024
    sys.stdout.write("\n".join([f"{len(names)} files, {size} KiB", *(f"error: {name}" for name in wrong)]) + "\n")
    return int(bool(wrong))


def smoke() -> int:
    """Install the tarball with this Python's ansible-core into an empty path; run ansible-doc and a playbook there."""
    installed = WORK / f"installed-{Path(sys.prefix).name.strip('.')}"
    shutil.rmtree(installed, ignore_errors=True)
    command = ["ansible-galaxy", "collection", "install", str(tarball()), "-p", str(installed), "--offline"]
    subprocess.run([str(TOOLS / command[0]), *command[1:]], check=True)
    environment = {**os.environ, "TEST_COLLECTIONS_PATH": str(installed)}
    script = [sys.executable, "-m", "pytest", "-q", "--noconftest", "-o", "cache_dir=.cache/pytest-smoke"]
    return subprocess.call([*script, "tests/packaging/test_installed.py"], cwd=CHECKOUT, env=environment)


def importer() -> int:
    """Run galaxy-importer and read its log, because it exits with 0 on errors too."""
    folder = CHECKOUT / ".cache" / "venvs" / "importer" / "bin"
    done = subprocess.run(
        [str(folder / "python"), "-m", "galaxy_importer.main", str(tarball())],
        cwd=WORK,
        env={**os.environ, "PATH": os.pathsep.join([str(folder), os.environ["PATH"]]), "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stdout.splitlines() if re.match(r"(ERROR|WARNING|CRITICAL|Traceback)", line)]
    finished = "Importer processing completed successfully" in done.stdout
    sys.stdout.write(done.stdout + "".join(f"error: importer: {line}\n" for line in complaints))
    return int(bool(done.returncode or complaints or not finished))


if __name__ == "__main__":
    sys.exit({"build": build, "smoke": smoke, "importer": importer}[sys.argv[1]]())
