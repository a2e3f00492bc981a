# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every scenario has at hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena

from .recording import Call
from .stopped_clock import StoppedClock


class NotReplayable(Exception):
    """What the recorded script did is not in the recording."""


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


def counted(recorded: Any, result: Any) -> Any:
    """Of some results only the number of items (or bytes) is recorded."""
    if isinstance(recorded, int) and not isinstance(recorded, bool) and not isinstance(result, (int, Exception)):
        return len(result.read() if hasattr(result, "read") else result)
    return result
