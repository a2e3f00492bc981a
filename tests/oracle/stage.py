# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every scenario has at hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import BalenaError

from .recording import Call, Callback
from .stopped_clock import StoppedClock


class NotReplayable(Exception):
    """What the recorded script did is not in the recording."""


class Noting:
    """A callback: notes its arguments.

    Args:
        fails: raise an error instead of returning.
    """

    def __init__(self, fails: bool) -> None:
        self.seen: list[Any] = []
        self._fails = fails

    def __call__(self, *given: Any, **named: Any) -> None:
        self.seen.append(named or (given[0] if len(given) == 1 else list(given)))
        if self._fails:
            raise BalenaError("progress callback failed")


@dataclasses.dataclass
class Stage:
    """What a scenario has at hand.

    Args:
        call: the recorded call.
        balena: a connection to the fake server, logged in as recorded.
        clock: the time.
        home: the home directory.
    """

    call: Call
    balena: Balena
    clock: StoppedClock
    home: Path
    callbacks: list[Noting] = dataclasses.field(default_factory=list)

    def with_callbacks(self, value: Any) -> Any:
        """Put a function that notes what it is called with where the recording has one."""
        if isinstance(value, list):
            return [self.with_callbacks(item) for item in value]
        if isinstance(value, dict):
            return {name: self.with_callbacks(item) for name, item in value.items()}
        if not isinstance(value, Callback):
            return value
        self.callbacks.append(Noting(fails="callback throws" in self.call.variant))
        return self.callbacks[-1]


def counted(recorded: Any, result: Any) -> Any:
    """Of some results only the number of items (or bytes) is recorded."""
    if isinstance(recorded, int) and not isinstance(recorded, bool) and not isinstance(result, (int, Exception)):
        return len(result.read() if hasattr(result, "read") else result)
    return result
