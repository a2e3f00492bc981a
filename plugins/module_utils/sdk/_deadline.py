# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer must have come whole by a certain time. A time-out of a socket alone bounds each of its bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

from . import _clock


class Deadline:
    """While the body of an answer is read: ends the connection when the time is over.

    Args:
        answer: an answer of ``requests`` whose body was not read yet.
        moment: when it must be there, on the clock of this SDK.

    Raises:
        requests.ReadTimeout: at the end, if it was not there.
    """

    def __init__(self, answer: Any, moment: float) -> None:
        self._socket = _socket_of(answer)
        self._over = threading.Event()
        self._timer = threading.Timer(max(moment - _clock.monotonic(), 0.0), self._end)
        self._timer.daemon = True

    def __enter__(self) -> None:
        if self._socket is not None:
            self._timer.start()

    def __exit__(self, *_exception: object) -> None:
        self._timer.cancel()
        if self._over.is_set():
            import requests

            raise requests.ReadTimeout("the answer did not come to its end in time")

    def _end(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def _socket_of(answer: Any) -> Any:
    """The socket that the rest of an answer comes from; None if all is here."""
    found = getattr(getattr(answer.raw, "_connection", None), "sock", None)
    if found is None:  # a connection that ends with its answer
        buffer = getattr(getattr(answer.raw, "_fp", None), "fp", None)
        found = getattr(getattr(buffer, "raw", None), "_sock", None)
    return found if hasattr(found, "shutdown") else None
