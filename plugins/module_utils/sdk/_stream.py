# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of an answer that is read as it arrives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from .errors import BalenaConnectionError, BalenaTimeoutError

_CHUNK = 64 * 1024
_T = TypeVar("_T")


class Stream:
    """A file-like object over an answer's body, unzipped; close it, or use it in a ``with`` statement.

    Attributes:
        status_code: the HTTP status.
        headers: the headers of the answer.
        mime: its content type without parameters.
        length: how many bytes will come, if the server said so.
    """

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._where = str(answer.url).split("?", maxsplit=1)[0]
        self._left = b""
        self._pieces = self._pieces_as_they_come()
        self._closed = threading.Event()
        self.status_code: int = answer.status_code
        self.headers: Any = answer.headers
        self.mime: str = answer.headers.get("Content-Type", "").split(";")[0].strip()
        length = answer.headers.get("X-Transfer-Length") or answer.headers.get("Content-Length") or ""
        self.length: int | None = int(length) if length.isdigit() else None

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body in chunks."""
        while chunk := self.read(_CHUNK):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        """Return ``size`` bytes (fewer only at the end), everything that is left for -1, ``b""`` at the end.

        Raises:
            BalenaTimeoutError: nothing came for too long.
            BalenaConnectionError: the connection broke.
        """
        if size == 0:
            return b""
        wanted = None if size is None or size < 0 else size
        pieces, length = [], 0
        while (wanted is None or length < wanted) and (piece := self._next_piece()):
            pieces.append(piece)
            length += len(piece)
        content = b"".join(pieces)
        if wanted is not None:
            content, self._left = content[:wanted], content[wanted:]
        return content

    def iter_lines(self) -> Iterator[bytes]:
        """Yield the lines as soon as each is complete, without their ends."""
        rest = b""
        while chunk := self._next_piece():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.rstrip(b"\r") for line in lines)
        if rest and not self._closed.is_set():
            yield rest

    def load(self) -> None:
        """Read the whole body, so that the answer can be looked at as one piece."""
        self._guarded(lambda: self._answer.content)

    def close(self) -> None:
        """Stop reading; may be called from another thread."""
        self._closed.set()
        self._answer.close()

    def _next_piece(self) -> bytes:
        """Return what came next, ``b""`` at the end or when closed."""
        if self._closed.is_set():
            return b""
        if self._left:
            piece, self._left = self._left, b""
            return piece
        piece = self._guarded(lambda: next(self._pieces, b"")) or b""
        missing = self._answer.raw.length_remaining
        if not piece and missing and not self._closed.is_set():
            raise BalenaConnectionError(f"The stream from {self._where} ended {missing} bytes early")
        return piece

    def _pieces_as_they_come(self) -> Iterator[bytes]:
        """Yield unzipped pieces. Without a known length a line must not wait until a buffer is full."""
        known = getattr(self._answer.raw, "chunked", False) or self.length is not None
        yield from self._answer.raw.stream(_CHUNK if known else 1, decode_content=True)

    def _guarded(self, read: Callable[[], _T]) -> _T | None:
        """Read, and turn what ``requests`` and urllib3 raise into an error of ours."""
        import requests
        import urllib3

        if self._closed.is_set():
            return None
        try:
            return read()
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
            if self._closed.is_set():  # closed by another thread, in the middle of a read
                return None
            if isinstance(error, AttributeError):
                raise
            if isinstance(error, urllib3.exceptions.ReadTimeoutError):
                raise BalenaTimeoutError(f"The stream from {self._where} was silent for too long") from None
            raise BalenaConnectionError(f"The stream from {self._where} broke: {error}") from None
