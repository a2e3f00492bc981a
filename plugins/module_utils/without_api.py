# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module runs that needs no API, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .engine.task import Followed
from .module import ModuleProcess, leave
from .options import Options, Params
from .performing import TaskFailure, failure_of
from .sdk.errors import BalenaError

#: What it does: from the options to what came of it.
Work = Callable[[Params], Followed]


def perform_here(work: Work, params: Params) -> dict[str, Any]:
    """Do the work.

    :raises TaskFailure: with a result that says what was wrong.
    """
    try:
        done = work(params)
    except BalenaError as error:
        raise TaskFailure(failure_of(error)) from error
    if done.problem:
        raise TaskFailure({"changed": False, **done.result, "msg": done.problem})
    return {"changed": False, **done.result}


def run_here(options: Options, work: Work) -> None:
    """Run as an ordinary module in a process of its own."""
    module = ModuleProcess(options)
    leave(module, lambda: perform_here(work, module.params))
