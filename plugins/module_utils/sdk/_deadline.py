# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer must have come whole by a certain time. A time-out of a socket alone bounds each of its bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

from . import _clock

_of_thread = threading.local()

#: How long to wait for a connection to be made that the time is over for, in seconds; that has a time-out of its own.
_AGAIN = 0.05


class Deadline:
    """While a request is sent and its answer is read: ends the connection when the time is over.

    Args:
        moment: when the answer must be there, on the clock of this SDK.

    Attributes:
        connection: the connection of urllib3 that is in use (see :func:`watched`).
        answer: the answer of ``requests``, as soon as it has begun: it may have taken over the socket.

    Raises:
        requests.ReadTimeout: at the end, if the answer was not there.
    """

    def __init__(self, moment: float) -> None:
        self.connection: Any = None
        self.answer: Any = None
        self._over = threading.Event()
        self._left = threading.Event()
        self._timer = threading.Timer(max(moment - _clock.monotonic(), 0.0), self._end)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        _of_thread.deadline = self
        self._timer.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._left.set()
        self._timer.cancel()
        _of_thread.deadline = None
        self.answer = self.connection = None  # the timer refers to this object: with them it would keep what was sent
        if self._over.is_set():
            import requests

            raise requests.ReadTimeout("the answer did not come to its end in time")

    def _end(self) -> None:
        self._over.set()
        while not self._left.is_set():
            answer, connection = self.answer, self.connection
            found = _socket_of(answer) if answer is not None else getattr(connection, "sock", None)
            if found is not None:
                with contextlib.suppress(OSError):
                    found.shutdown(socket.SHUT_RDWR)
                return
            self._left.wait(_AGAIN)


def watched(connection: Any) -> Any:
    """Return a connection that is going to be used; the deadline of this thread, if there is one, knows it now."""
    deadline = getattr(_of_thread, "deadline", None)
    if deadline is not None:
        deadline.connection = connection
    return connection


def _socket_of(answer: Any) -> Any:
    """The socket that the rest of an answer comes from; None if all is here."""
    found = getattr(getattr(answer.raw, "_connection", None), "sock", None)
    if found is None:  # a connection that ends with its answer
        buffer = getattr(getattr(answer.raw, "_fp", None), "fp", None)
        found = getattr(getattr(buffer, "raw", None), "_sock", None)
    return found if hasattr(found, "shutdown") else None
