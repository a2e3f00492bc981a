# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option C(account_to): the file in which a task leaves an account of what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .domain.accounts import account
from .engine.apply import Outcome
from .engine.plan_file import server_of
from .engine.task import Task, Whom

if TYPE_CHECKING:
    from .sdk import Balena


class Keeper:
    """Keeps the account of one task; one that changes nothing leaves the file as it is."""

    def __init__(self, balena: Balena, task: Task, params: Mapping[str, Any]) -> None:
        """Open the file, and write down what is about to be changed.

        :raises DeclarationError: the file is something else, or cannot be written.
        """
        self._path: str | None = params.get("account_to")
        if self._path:
            known = account.previous(self._path)
            whom = task.whom(balena) if task.whom else Whom()
            self._account = account.opened(known, server_of(params), task.work, task.plan.subjects, whom)
            account.write(self._path, account.begun(self._account, task.plan.steps))

    def end(self, outcome: Outcome) -> None:
        """Write down what was changed.

        :raises DeclarationError: the file cannot be written.
        """
        if self._path:
            account.write(self._path, account.ended(self._account, outcome))
