# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files say in which the collection describes itself: version, what belongs to it, what it needs."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.ansible_runs import CHECKOUT


@cache
def load(name: str) -> Any:
    """A YAML file of the checkout."""
    return yaml.safe_load((CHECKOUT / name).read_text(encoding="utf-8"))


@cache
def tracked() -> list[str]:
    """The files that git tracks, and those that it would, as paths below the checkout."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(name for name in names if name and (CHECKOUT / name).exists())


def read(name: str | Path) -> str:
    """The text of a file of the checkout."""
    return (CHECKOUT / name).read_text(encoding="utf-8")
