# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change what a server answers, in this process."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk.transport import Transport


class Between:
    """Sits between the SDK and the server: counts answers, and replaces one of them.

    Nothing is written, so a read that was answered once is answered the same again, without the server: a task is run
    some fifty times, and only what follows an odd answer may ask for something new.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[Any] = []
        self.replace: tuple[int, Callable[[Any], None]] | None = None
        self._known: dict[tuple[Any, ...], Any] = {}
        send = Transport.send

        def through(transport: Transport, request: Any) -> Any:
            answer = self._answer(request, lambda: send(transport, request))
            self.answers.append(answer)
            if self.replace and len(self.answers) == self.replace[0] + 1:
                self.replace[1](answer)
            return answer

        monkeypatch.setattr(Transport, "send", through)

    def _answer(self, request: Any, send: Callable[[], Any]) -> Any:
        if request.method != "GET" or request.stream:
            return send()
        key = (request.url, *sorted(request.headers.items()))
        if key not in self._known:
            self._known[key] = send()
        answer = copy.copy(self._known[key])
        answer.headers = answer.headers.copy()
        return answer

    def start(self, replace: tuple[int, Callable[[Any], None]] | None = None) -> None:
        self.answers, self.replace = [], replace


def emptied(value: Any, relation: str) -> Any:
    """An answer, with one relation of all its rows empty."""
    if isinstance(value, list):
        return [emptied(item, relation) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        # A reference that was not asked for as rows is never one of them.
        name: [] if name == relation and isinstance(inner, list) else emptied(inner, relation)
        for name, inner in value.items()
    }
