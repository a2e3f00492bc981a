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
        """Return at most ``size`` bytes, everything that is left for -1, and ``b""`` at the end or when closed.

        Raises:
            BalenaTimeoutError: nothing came for too long.
            BalenaConnectionError: the connection broke.
        """
        amount = None if size is None or size < 0 else size
        return self._guarded(lambda: self._answer.raw.read(amount, decode_content=True)) or b""

    def iter_lines(self) -> Iterator[bytes]:
        """Yield the lines as soon as each is complete, without their ends."""
        rest = b""
        chunks = self._pieces_as_they_come()
        while chunk := self._guarded(lambda: next(chunks, b"")):
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

    def _pieces_as_they_come(self) -> Iterator[bytes]:
        """A line must not wait until a buffer is full."""
        if getattr(self._answer.raw, "chunked", False):
            return iter(self._answer.raw.stream(_CHUNK, decode_content=True))
        size = 1 if self.length is None else _CHUNK
        return iter(lambda: self.read(size), b"")

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
            where = self._answer.url.split("?")[0]
            if isinstance(error, urllib3.exceptions.ReadTimeoutError):
                raise BalenaTimeoutError(f"The stream from {where} was silent for too long") from None
            raise BalenaConnectionError(f"The stream from {where} broke: {error}") from None
