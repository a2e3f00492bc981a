# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive on the controller: looked at before it is sent, counted while it is read or written."""

from __future__ import annotations

import hashlib
import tarfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from ..shell.shell import ShellFailure

#: Seconds between two lines of progress.
_INTERVAL = 5.0
_BLOCK = 1 << 20


class Counted:
    """A file that tells how many bytes have been read from it or written to it.

    :param show: gets a number of bytes, every few seconds.
    """

    def __init__(self, file: IO[bytes], show: Callable[[int], None]) -> None:
        self._file, self._show = file, show
        self.count = 0
        self._told = time.monotonic()

    def read(self, size: int = -1) -> bytes:
        """Read a block."""
        block = self._file.read(size)
        self._add(len(block))
        return block

    def write(self, block: bytes) -> int:
        """Write a block."""
        self._add(len(block))
        return self._file.write(block)

    def seek(self, place: int) -> int:
        """Begin anew: a command that was not started is tried again."""
        self.count = place
        return self._file.seek(place)

    def truncate(self) -> int:
        """Forget what was written."""
        return self._file.truncate()

    def _add(self, size: int) -> None:
        self.count += size
        now = time.monotonic()
        if now - self._told >= _INTERVAL:
            self._told = now
            self._show(self.count)


def checksum_of(path: Path) -> str:
    """The SHA-256 checksum of a file, which is read block by block."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def check_archive(path: Path) -> None:
    """Look through a packed archive.

    :raises ShellFailure: it is not there, is damaged, or has files that would not stay in the volume.
    """
    try:
        with tarfile.open(path, "r|gz") as packed:
            for member in packed:
                name = Path(member.name)
                if name.is_absolute() or ".." in name.parts:
                    raise ShellFailure(f"path: '{path}' has the file '{member.name}', which would not be in the volume")
    except FileNotFoundError:
        raise ShellFailure(f"path: '{path}' does not exist on the controller") from None
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise ShellFailure(f"path: '{path}' is not a whole .tar.gz archive: {error}") from None
