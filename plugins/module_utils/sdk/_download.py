# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large file on its way from the server to the disk."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Optional

from ._stream import Stream
from .errors import BalenaConnectionError, BalenaError

_CHUNK = 256 * 1024

#: Called with the bytes that have come, and those that will have come in the end (None if the server did not say).
Progress = Callable[[int, Optional[int]], object]


class Download(Stream):
    """A stream that checks at its end whether everything came, and that can write itself into a file.

    Use it like a file that is open for reading, iterate over it, or call `save`. Attributes: `length` (bytes to come,
    None if the server did not say), `received` (bytes that came), `mime`, `headers`.
    """

    @classmethod
    def of(cls, stream: Stream) -> Download:
        """Take over an open stream."""
        return cls(stream._answer)

    def __init__(self, answer: Any) -> None:
        super().__init__(answer)
        self._unzipped = 0

    @property
    def received(self) -> int:
        """How many bytes came so far, as they are on the wire: zipped, if the server zips."""
        return int(self._answer.raw.tell())

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, everything that is left for -1, and ``b""`` at the end.

        Raises:
            BalenaConnectionError: the connection broke, or not as much came as the server announced.
        """
        data = super().read(size)
        self._unzipped += len(data)
        if not data or size is None or size < 0:
            self._check_length()
        return data

    def _check_length(self) -> None:
        # What is announced is the length on the wire, or, from servers that zip as they go, that of the file.
        complete = self.length is None or self.length in (self.received, self._unzipped)
        if not complete and not self._closed.is_set():
            raise BalenaConnectionError(f"The download is incomplete: {self.received} of {self.length} bytes came")

    def save(self, path: str | os.PathLike[str], progress: Progress | None = None) -> int:
        """Write everything into a file, chunk by chunk, and close the stream.

        The file appears under its name when it is complete. Until then it has another name in the same folder; if
        anything fails, that is removed, and a file that was there before stays as it was.

        Args:
            path: where to write; the folder must exist.
            progress: called after each chunk with the bytes that came and the bytes in total (None if unknown).

        Returns:
            The size of the file in bytes. (It is more than came if the server zipped it.)

        Raises:
            BalenaConnectionError: the connection broke, or not everything came.
            BalenaError: the file cannot be written; the message says why.
        """
        target = os.fspath(path)
        draft = f"{target}.{uuid.uuid4().hex}.part"
        try:
            with self, _disk_errors(target):
                self._write(draft, progress or _no_progress)
                os.replace(draft, target)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(draft)
        return self._unzipped

    def _write(self, path: str, progress: Progress) -> None:
        with open(path, "xb") as file:
            while chunk := self.read(_CHUNK):
                file.write(chunk)
                progress(self.received, self.length)


def _no_progress(received: int, total: int | None) -> None:
    """Show nothing."""


@contextlib.contextmanager
def _disk_errors(target: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BalenaError(f"Cannot write {target}: {error.strerror or error}") from error
