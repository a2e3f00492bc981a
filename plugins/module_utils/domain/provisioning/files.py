# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that hold keys: for their owner alone, and either there as a whole or not at all."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...engine.plan import DeclarationError
from ...sdk.errors import BalenaError

#: Only the owner may read a file with a key in it.
MODE = 0o600


@dataclass(frozen=True)
class Found:
    """A file as it is.

    :param content: the JSON object in it; None if there is something else.
    """

    content: dict[str, Any] | None
    mode: int


def read(path: Path) -> Found | None:
    """A file, if it exists.

    :raises DeclarationError: it is not a file, or cannot be read.
    """
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise DeclarationError(f"dest '{path}' is {'a folder' if stat.S_ISDIR(mode) else 'no ordinary file'}")
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DeclarationError(f"dest '{path}' cannot be read: {_why(error)}") from error
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    return Found(content if isinstance(content, dict) else None, stat.S_IMODE(mode))


def check_folder(folder: Path, *, made: bool) -> None:
    """Refuse a folder in which no file can be written.

    :param made: it is made if it does not exist.
    :raises DeclarationError: says why.
    """
    try:
        while made and not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not folder.is_dir():
            raise DeclarationError(
                f"dest: '{folder}' is not a folder" if folder.exists() else f"dest: '{folder}' is missing"
            )
        if not os.access(folder, os.W_OK | os.X_OK):
            raise DeclarationError(f"dest: '{folder}' may not be written to")
    except (OSError, ValueError) as error:
        raise DeclarationError(f"dest '{folder}' cannot be looked at: {_why(error)}") from error


def write(path: Path, text: str) -> None:
    """Write a file for its owner alone; whoever reads it meanwhile sees the old one or the new one.

    :raises BalenaError: it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A name of its own, and for the owner alone from the start.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), MODE)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise BalenaError(f"'{path}' cannot be written: {_why(error)}") from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
