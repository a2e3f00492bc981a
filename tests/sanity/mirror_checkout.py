# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the checkout's files to a folder that is a git repository of its own.

ansible-test wants a real folder below ansible_collections/ and asks git which files there are; in a folder
that an outer repository ignores it finds none and passes without testing anything.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def listed_files(repository: Path) -> set[str]:
    """Return what git tracks or would track below repository, as paths relative to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    answer = subprocess.run(command, cwd=repository, check=True, stdout=subprocess.PIPE).stdout.decode()
    return {name for name in answer.split("\0") if name and os.path.lexists(repository / name)}


def same(source: Path, copy: Path) -> bool:
    """Tell whether copy needs no update."""
    if source.is_symlink() or copy.is_symlink() or not copy.is_file():
        return False
    return source.stat().st_mode == copy.stat().st_mode and filecmp.cmp(source, copy, shallow=False)


def mirror(checkout: Path, destination: Path) -> None:
    """Make destination hold exactly the files of checkout; unchanged ones are left alone."""
    destination.mkdir(parents=True, exist_ok=True)
    if not (destination / ".git").is_dir():
        subprocess.run(["git", "init", "-q", str(destination)], check=True)
    wanted = listed_files(checkout)
    for name in listed_files(destination) - wanted:
        (destination / name).unlink()
    for name in sorted(wanted):
        source, copy = checkout / name, destination / name
        if same(source, copy):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.unlink(missing_ok=True)
        shutil.copy2(source, copy, follow_symlinks=False)
    subprocess.run(["git", "add", "--all"], cwd=destination, check=True)
