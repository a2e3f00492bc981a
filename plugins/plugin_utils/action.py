# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module's options and plan inside the controller.

A balena device cannot run modules, and needs not: the work is a conversation between the controller and the API.
So no process is built, copied and started for a task, no connection is opened and no Python is needed on the
host; C(hosts: <devices>) works without C(delegate_to).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils import sdk
from ..module_utils.engine.kinds import printable
from ..module_utils.engine.report import SENSITIVE
from ..module_utils.inert import inert_result
from ..module_utils.module import invocation
from ..module_utils.performing import TaskFailure, perform, perform_read
from .plain import plain

display = Display()


# This file is loaded by the controller itself, and each task runs in a fork of it: what is not here by then, every
# single task has to import for itself, which takes longer than all else that it does.
sdk.load_early()


class BalenaAction(ActionBase):
    """The base of all actions of the collection; a subclass names its module.

    The module has C(OPTIONS) and either C(plan) (it changes things) or C(read) (an info module), and with that perhaps
    C(wait).
    """

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = True  # so that run() can refuse it with a sentence of its own

    module: ModuleType

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Validate the options and run the module's plan; the same result as the module's own."""
        result = super().run(tmp, task_vars)
        if self._task.async_val:
            return {**result, "failed": True, "changed": False, "msg": _NO_ASYNC.format(name=self._task.action)}
        with self._environment():
            return {**result, **self._run_validated(plain(self._task.args))}

    def _run_validated(self, args: dict[str, Any]) -> dict[str, Any]:
        info = hasattr(self.module, "read")
        checked, wrong = self.module.OPTIONS.validate(args, self.module.__name__, info=info)
        params = checked.validated_parameters
        if wrong:
            outcome: dict[str, Any] = {"failed": True, "changed": False, "msg": wrong}
        else:
            outcome = inert_result(self._perform(params, info))
        for warning in outcome.pop("warnings", ()):
            display.warning(printable(warning))
        if outcome.pop(SENSITIVE, False):
            # What a registered variable gets is the whole result; what is shown and logged is not.
            outcome["_ansible_no_log"] = True
        outcome["invocation"] = invocation(params)
        shown: dict[str, Any] = remove_values(outcome, checked._no_log_values)
        return shown

    def _perform(self, params: Mapping[str, Any], info: bool) -> dict[str, Any]:
        try:
            if info:
                return perform_read(
                    self.module.read,
                    params,
                    wait=getattr(self.module, "wait", None),
                    check_mode=self._task.check_mode,
                    progress=self._show,
                )
            return perform(
                self.module.plan,
                params,
                check_mode=self._task.check_mode,
                progress=self._show,
                outcome=self.module.OPTIONS.outcome,
            )
        except TaskFailure as failure:
            return {**failure.result, "failed": True}

    def _show(self, line: str) -> None:
        """Show how a task that waits gets on to whoever is watching."""
        display.display(printable(f"{self._task.get_name()}: {line}"))

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """The task's C(environment:), which a module in a process of its own would get."""
        wanted: dict[str, str] = {}
        self._compute_environment_string(wanted)
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update({name: str(value) for name, value in wanted.items()})
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


_NO_ASYNC = (
    "{name} runs inside the controller and does not support async. Leave async out: "
    "one task handles many devices at once, and its option 'timeout' bounds each request."
)
