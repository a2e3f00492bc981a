# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks around every request: change it before it leaves, look at its answer, or handle its error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Hook = Callable[[Any], Any]


class Interceptor:
    """Up to four hooks; each gets a value and returns it, or another one in its place, or raises.

    Args:
        request: gets the :class:`RequestOptions` before the request is sent.
        request_error: gets the error that an earlier interceptor's ``request`` raised; returns
            :class:`RequestOptions` to go on.
        response: gets the :class:`Response`.
        response_error: gets the error of the request (or of a later interceptor); returns a
            :class:`Response` to go on.

    Request hooks run in the order of ``balena.interceptors``, response hooks in the opposite order.
    """

    def __init__(
        self,
        *,
        request: Hook | None = None,
        request_error: Hook | None = None,
        response: Hook | None = None,
        response_error: Hook | None = None,
    ) -> None:
        self.request, self.request_error = request, request_error
        self.response, self.response_error = response, response_error


def run(interceptors: Sequence[Any], options: Any, send: Callable[[Any], Any]) -> Any:
    """Pass ``options`` through the request hooks, call ``send``, and pass the answer back through the others."""

    def prepared() -> Any:
        return _pass_on(interceptors, "request", lambda: options)

    return _pass_on(list(reversed(interceptors)), "response", lambda: send(prepared()))


def _pass_on(interceptors: Sequence[Any], hook: str, begin: Callable[[], Any]) -> Any:
    """Run one kind of hook over a value; an error goes to the next interceptor that handles errors."""
    value, error = _attempt(lambda _unused: begin(), None)
    for interceptor in interceptors:
        handler = getattr(interceptor, hook if error is None else f"{hook}_error", None)
        if handler is not None:
            value, error = _attempt(handler, value if error is None else error)
    if error is not None:
        raise error
    return value


def _attempt(function: Callable[[Any], Any], argument: Any) -> tuple[Any, Exception | None]:
    try:
        return function(argument), None
    except Exception as error:  # handed to the next interceptor, or raised at the end
        return None, error
